"""CT slices 512 × 512 for the benchmarks: a phantom's lumbar spine, with noise of its own in every slice, and a header full of a patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIDE, _BASE, _GRAINS = 512, 12, 6


def ct_slices(count: int, seed: int = 0) -> NDArray[np.uint16]:
    """Return [slice, row, column] as a scanner stores it, 12 bits (Hounsfield units + 1024). No two slices are equal."""
    from scipy.ndimage import gaussian_filter

    from storage.dicom.geometry import Geometry
    from storage.phantom.image import ct_render
    from storage.phantom.spine import SpineSpec

    pixel = 200 / SIDE
    grid = Geometry((-100.0, -110.0, 40.0), (1, 0, 0), (0, 1, 0), (3.0, pixel, pixel), (_BASE, SIDE, SIDE))
    base = ct_render(SpineSpec.draw(1), grid.affine, grid.shape, parts=1, noise=0.0).pixels.astype(np.float32)
    rng = np.random.default_rng(seed)
    grains = [gaussian_filter(rng.standard_normal((SIDE, SIDE), np.float32), 0.9) * np.float32(45) for _ in range(_GRAINS)]
    out = np.empty((count, SIDE, SIDE), np.uint16)
    for number in range(count):
        grain = np.roll(grains[number % _GRAINS], rng.integers(0, SIDE, 2), (0, 1))
        out[number] = np.clip(np.rint(base[number % _BASE] + grain) + 1024, 0, 4095)
    return out


def write_files(folder: Path, count: int, parts: int) -> list[Path]:
    """Return ``parts`` folders that together hold ``count`` slices of one CT study, a series each."""
    from storage.dicom.geometry import Geometry
    from storage.dicom.synthesis import ImageSeries, dataset_bytes, series_datasets, stable_uid
    from storage.phantom_dicom.identity import add_private, identity_draw, identity_header

    who, folders = identity_draw(1), []
    study = stable_uid("benchmark", count)
    for part in range(parts):
        place = folder / f"part{part}"
        place.mkdir(parents=True)
        folders.append(place)
        voxels = ct_slices(count // parts, seed=part)
        series = ImageSeries(
            pixels=voxels,
            modality="CT",
            study_uid=study,
            series_uid=stable_uid(study, part),
            geometry=Geometry((-100.0, -110.0, 0.0), (1, 0, 0), (0, 1, 0), (2.0, 200 / SIDE, 200 / SIDE), voxels.shape),
            header=identity_header(who, study_uid=study, time="101500.000"),
            intercept=-1024.0,
            bits_stored=12,
        )
        for number, dataset in enumerate(series_datasets(series)):
            add_private(dataset, who)
            (place / f"{number:05d}.dcm").write_bytes(dataset_bytes(dataset))
    return folders
