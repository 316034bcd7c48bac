"""Seconds per volume from voxels to a numbered proposal, on one core, beside the plainest thing that could run.

    python benchmarks/proposal.py [--repeat 3]

The peer is one forward pass of the same network through the same number of slices: what of the time is the network, and what
is preparing, going back to the stack's grid, telling vertebrae apart and measuring doubt. Phantom volumes; real ones too where
``COLUMNA_TEST_DATA`` has them. Prints the ratio last.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import nibabel.nifti1  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

from ml_backend.learning.draft import draft_of  # noqa: E402
from ml_backend.learning.inference import network_of, predict  # noqa: E402
from ml_backend.learning.transforms import WorkGrid, normalise, pad_to, triples_of  # noqa: E402
from ml_backend.learning.weights import weights_unpack  # noqa: E402
from storage.phantom.image import ct_render, mr_study  # noqa: E402
from storage.phantom.spine import SpineSpec  # noqa: E402

Volume = tuple[str, np.ndarray[Any, Any], np.ndarray[Any, Any], str]


def volumes() -> Iterator[Volume]:
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = [4.4, 0, 0], [0, 0, -0.7], [0, 0.7, 0], [-33, -140, 240]
    yield "phantom MR 15x448x384", mr_study(SpineSpec.draw(1), affine, (15, 448, 384), ("t2",))["t2"].pixels, affine, "MR"
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = [0, 0, 2], [0, 0.9, 0], [0.9, 0, 0], [-144, -150, -40]
    yield "phantom CT 110x300x320", ct_render(SpineSpec.draw(1), affine, (110, 300, 320)).pixels, affine, "CT"
    folder = Path(os.environ.get("COLUMNA_TEST_DATA", ROOT.parent / "shared" / "data"))
    for name, path, modality in (
        ("real MR (SPIDER 005)", "mr_spider_t2space/sub-005_T2w.nii.gz", "MR"),
        ("real CT (VerSe 014)", "ct_verse014/sub-verse014_ct.nii.gz", "CT"),
    ):
        if (folder / path).exists():
            image = nibabel.nifti1.load(folder / path)
            lps = image.affine.copy()
            lps[:2] *= -1
            yield name, np.asarray(image.dataobj), lps, modality


def best(work: Callable[[], object], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3, help="the best of so many runs counts")
    repeat = parser.parse_args().repeat
    torch.set_num_threads(1)
    weights, config = weights_unpack((ROOT / "ml_backend" / "weights" / "phantom.safetensors").read_bytes())
    network = network_of(weights, config)
    total = bare = 0.0
    for name, volume, affine, modality in volumes():
        keys = [str(k) for k in range(len(volume))]

        def propose(volume: Any = volume, affine: Any = affine, modality: str = modality, keys: list[str] = keys) -> object:
            return draft_of(predict(network, config, volume, affine, modality), keys)

        grid = WorkGrid.of(affine, volume.shape, config.preprocessing)
        inputs = normalise(pad_to(triples_of(grid.image(volume)), config.preprocessing.multiple), config.preprocessing)

        def forward(inputs: torch.Tensor = inputs) -> None:
            with torch.inference_mode():
                for start in range(0, len(inputs), 8):
                    network(inputs[start : start + 8])

        proposal, plain = best(propose, repeat), best(forward, repeat)
        total, bare = total + proposal, bare + plain
        print(f"{name:24s} proposal {proposal:6.2f} s   forward pass alone {plain:6.2f} s   ratio {proposal / plain:.2f}")
    print(f"all volumes: {total:.2f} s against {bare:.2f} s, ratio {total / bare:.2f}")


if __name__ == "__main__":
    main()
