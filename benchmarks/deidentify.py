"""Files per second of de-identification beside dicom-anonymizer and deid: ``python -m benchmarks.deidentify [FILES]``.

The same CT files (512 × 512, 16 bits) are read from one folder and written to another, by one process each, without pixel work: the
peers do none. Only the work is timed, not starting Python. Columna's cost of looking for text in the pixels, and what several
processes give together, are shown apart. Goal: twice the faster peer without pixel work, aim at five times.

The peers are not part of Columna's requirements. Install them beside it or in an environment of their own, whose Python
``COLUMNA_PEERS`` names (``python -m venv peers; peers/bin/pip install dicom-anonymizer deid``); what is not there is left out.
dicom-anonymizer runs with its profile of PS3.15 and private tags deleted, deid with its own default recipe: both touch fewer elements
than Columna, and neither looks for what is known of the patient in free text.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

GOAL, AIM = 2, 5
_TIMED = "import sys, time; source, target = sys.argv[1:3]; {ready}; start = time.perf_counter(); {work}; print('took', time.perf_counter() - start)"
PEERS = {
    "dicom-anonymizer": ("from dicomanonymizer import anonymize", "anonymize(source, target, {}, True)"),
    "deid": (
        "from deid.config import DeidRecipe; from deid.dicom import get_files, get_identifiers, replace_identifiers; recipe = DeidRecipe()",
        "files = list(get_files(source)); replace_identifiers(dicom_files=files, deid=recipe, ids=get_identifiers(files), save=True, "
        "output_folder=target, overwrite=True)",
    ),
}


def _columna(source: Path, target: Path, *, pixels: bool, processes: int = 1) -> None:
    from storage.dicom.batch import folder_deidentify
    from storage.dicom.profile import Profile
    from storage.dicom.pseudonym import Pseudonyms

    profile = replace(Profile(), clean_pixel_data=pixels)
    folder_deidentify(source=source, target=target, profile=profile, pseudonyms=Pseudonyms(b"p" * 32, b"s" * 32), processes=processes)


def _ours(count: int, work: Callable[[Path], None]) -> float:
    target = Path(tempfile.mkdtemp(prefix="columna-bench-"))
    try:
        started = time.perf_counter()
        work(target)
        return count / (time.perf_counter() - started)
    finally:
        shutil.rmtree(target)


def _theirs(count: int, source: Path, ready: str, work: str) -> float | str:
    """Return files per second, or why there is no figure."""
    python = os.environ.get("COLUMNA_PEERS", sys.executable)
    target = Path(tempfile.mkdtemp(prefix="columna-bench-"))
    try:
        code = _TIMED.format(ready=ready, work=work)
        done = subprocess.run([python, "-c", code, str(source), str(target)], capture_output=True, text=True)
        written = sum(1 for path in target.rglob("*") if path.is_file())
        took = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("took ")]
        if done.returncode or not took:
            said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
            return "is not installed" if "ModuleNotFoundError" in said[0] else f"does not run: {said[0][:120]}"
        return count / float(took[0]) if written == count else f"wrote {written} of {count} files"
    finally:
        shutil.rmtree(target)


def main(count: int = 200) -> int:
    from benchmarks._slices import write_files

    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="columna-bench-") as name:
        source = Path(name) / "files"
        write_files(source, count, 1)
        _columna(source, Path(name) / "warm", pixels=False)
        ours = _ours(count, lambda target: _columna(source, target, pixels=False))
        looking = _ours(count, lambda target: _columna(source, target, pixels=True))
        together = _ours(count, lambda target: _columna(source, target, pixels=True, processes=cores))
        print(f"{'Columna, header only':42} {ours:8.1f} files/s per core")
        print(f"{'Columna, looking for text as well':42} {looking:8.1f} files/s per core   {1e3 / looking - 1e3 / ours:.1f} ms a file more")
        print(f"{f'Columna, looking for text, {cores} processes':42} {together:8.1f} files/s in total")
        peers: dict[str, float] = {}
        for title, (ready, work) in PEERS.items():
            found = _theirs(count, source / "part0", ready, work)
            if isinstance(found, float):
                peers[title] = found
            print(f"{title:42} " + (f"{found:8.1f} files/s per core" if isinstance(found, float) else found))
        if peers:
            fastest = max(peers, key=lambda title: peers[title])
            header, pixels = ours / peers[fastest], looking / peers[fastest]
            print(
                f"deidentify, ratio to {fastest}: {header:.1f} header only (goal {GOAL}, aim {AIM}), {pixels:.1f} looking for text ({cores} cores)"
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
