"""Files per second of de-identification beside dicom-anonymizer and deid: ``python -m benchmarks.deidentify [FILES]``.

The same CT files (512 × 512, 16 bits) are read from one folder and written to another, by one process each, without pixel work: the
peers do none. Columna's cost of looking for text in the pixels is shown apart. The peers are not part of Columna's requirements;
install them beside it (``pip install dicom-anonymizer deid``), or they are left out.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path


def _columna(source: Path, target: Path, *, pixels: bool) -> None:
    from storage.dicom.batch import folder_deidentify
    from storage.dicom.profile import Profile
    from storage.dicom.pseudonym import Pseudonyms

    profile = replace(Profile(), clean_pixel_data=pixels)
    folder_deidentify(source=source, target=target, profile=profile, pseudonyms=Pseudonyms(b"p" * 32, b"s" * 32))


def _anonymizer(source: Path, target: Path) -> None:
    code = "from dicomanonymizer import anonymize; import sys; anonymize(sys.argv[1], sys.argv[2], {}, True)"
    subprocess.run([sys.executable, "-c", code, str(source), str(target)], check=True, capture_output=True)


def _deid(source: Path, target: Path) -> None:
    code = (
        "import sys, glob; from deid.dicom import get_files, replace_identifiers; from deid.config import DeidRecipe;"
        "files = list(get_files(sys.argv[1])); replace_identifiers(dicom_files=files, deid=DeidRecipe(), save=True, output_folder=sys.argv[2], overwrite=True)"
    )
    subprocess.run([sys.executable, "-c", code, str(source), str(target)], check=True, capture_output=True)


def _rate(count: int, work: Callable[[Path], None]) -> float:
    target = Path(tempfile.mkdtemp(prefix="columna-bench-"))
    try:
        started = time.perf_counter()
        work(target)
        return count / (time.perf_counter() - started)
    finally:
        shutil.rmtree(target)


def main(count: int = 200) -> int:
    from benchmarks._slices import write_files

    with tempfile.TemporaryDirectory(prefix="columna-bench-") as name:
        source = Path(name)
        write_files(source / "files", count, 1)
        _columna(source / "files", source / "warm", pixels=False)
        shutil.rmtree(source / "warm")
        ours = _rate(count, lambda target: _columna(source / "files", target, pixels=False))
        looking = _rate(count, lambda target: _columna(source / "files", target, pixels=True))
        print(f"Columna, header only              {ours:8.1f} files/s")
        print(f"Columna, looking for text as well {looking:8.1f} files/s")
        peers = {}
        for title, module, work in (("dicom-anonymizer", "dicomanonymizer", _anonymizer), ("deid", "deid", _deid)):
            if importlib.util.find_spec(module) is None:
                print(f"{title:33} is not installed")
                continue
            try:
                peers[title] = _rate(count, lambda target, work=work: work(source / "files", target))  # type: ignore[misc]
            except subprocess.CalledProcessError:
                print(f"{title:33} does not run on these files")
                continue
            print(f"{title:33} {peers[title]:8.1f} files/s")
        if peers:
            fastest = max(peers, key=lambda title: peers[title])
            print(f"ratio to {fastest}: {ours / peers[fastest]:.1f} (header only), {looking / peers[fastest]:.1f} (with pixels)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
