"""Memory of the listener while many images pass: ``python -m benchmarks.memory [IMAGES] [ASSOCIATIONS]``.

Small CT frames (64 × 64), so that the number of objects counts and not their size, go to Columna's listener in several associations.
The resident memory of its processes, added up, is printed after each thousand. Goal: flat, that is no growth after the first fifth.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.intake import listener

SIDE, SETTLED = 64, 0.2


def write_small(folder: Path, count: int, parts: int) -> list[Path]:
    """Return ``parts`` folders that together hold ``count`` images, a series each."""
    import numpy as np

    from storage.dicom.synthesis import ImageSeries, dataset_bytes, series_datasets, stable_uid

    rng, folders = np.random.default_rng(0), []
    for part in range(parts):
        place = folder / f"part{part}"
        place.mkdir(parents=True)
        folders.append(place)
        pixels = rng.integers(0, 4096, (count // parts, SIDE, SIDE), np.uint16)
        series = ImageSeries(pixels=pixels, modality="CT", study_uid=stable_uid("memory"), series_uid=stable_uid("memory", part))
        for number, dataset in enumerate(series_datasets(series)):
            (place / f"{number:05d}.dcm").write_bytes(dataset_bytes(dataset))
    return folders


def resident(pid: int) -> float:
    """Return the MB that a process and its children hold, what they share counted in each."""
    total = 0
    for process in (pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())):
        total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return total / 1e6


def main(images: int = 10_000, associations: int = 4) -> None:
    from tests.servers.pacs import dcmtk

    images -= images % associations
    with tempfile.TemporaryDirectory(prefix="columna-memory-") as name:
        folder = Path(name)
        folders, tool = write_small(folder / "files", images, associations), dcmtk("storescu")
        with listener(folder) as (port, pid):
            from storage.models import Instance

            seen: list[tuple[int, float]] = [(0, resident(pid))]
            print(f"{'before the first image':32} {seen[0][1]:8.1f} MB", flush=True)
            command = [tool, "-aet", "BENCH", "-aec", "COLUMNA", "-pdu", "131072", "+sd", "127.0.0.1", str(port)]
            environment = {**os.environ, "TCP_NODELAY": "1"}
            start = time.perf_counter()
            senders = [subprocess.Popen([*command, str(folder)], env=environment, stdout=subprocess.DEVNULL) for folder in folders]
            while any(sender.poll() is None for sender in senders):
                time.sleep(0.5)  # looks at memory, waits for nothing
                stored = Instance.objects.count()
                if stored // 1000 > seen[-1][0] // 1000:
                    seen.append((stored, resident(pid)))
                    print(f"{stored:8} images {'':16} {seen[-1][1]:8.1f} MB", flush=True)
            stored, last = Instance.objects.count(), resident(pid)
            print(f"{stored:8} images {'':16} {last:8.1f} MB   {time.perf_counter() - start:.0f} s")
        if stored != images:
            raise RuntimeError(f"{stored} of {images} images were stored.")
        settled = next(size for count, size in [*seen, (stored, last)] if count >= SETTLED * images)
        print(f"memory, growth after the first fifth: {last - settled:.1f} MB over {int((1 - SETTLED) * images)} images (goal: flat)")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
