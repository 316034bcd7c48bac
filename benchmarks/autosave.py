"""What does saving a stroke cost? Bytes and milliseconds to acknowledged, beside saving the whole mask as other tools do.

``python -m benchmarks.autosave`` starts web on loopback with a CT-sized case, paints 300 round strokes as the browser would, one
request each, and prints bytes per stroke, milliseconds until the server had it durably, and the ratio to the smallest whole-mask
save (gzip of the labelmap; a DICOM SEG is larger). Ends by comparing the server's mask with the painter's, voxel by voxel.
"""

from __future__ import annotations

import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.reader import Reader, Reading
from tests.servers.installation import ROOT, Installation, until
from tests.servers.process import free_port

SLICES, SIDE, STROKES = 60, 512, 300


def serve(folder: Path) -> tuple[Installation, Reader]:
    """Return a running Columna with one case, and a reader at it."""
    port = free_port()
    columna = Installation(folder, {"COLUMNA_WEB_PORT": str(port), "COLUMNA_LOG_LEVEL": "ERROR"})
    columna.manage("migrate", "--verbosity", "0")
    seed = [sys.executable, "-m", "tests.annotation.seed", "1", str(SIDE), str(SIDE), str(SLICES)]
    seeded = subprocess.run(seed, cwd=ROOT, env=columna.environment, capture_output=True, text=True, check=True)
    reader = Reader(f"http://127.0.0.1:{port}", token=json.loads(seeded.stdout.splitlines()[-1])["tokens"]["reader1"])
    columna.start("-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi", name="web")
    until(lambda: answers(reader), what="web's first answer")
    return columna, reader


def answers(reader: Reader) -> bool:
    try:
        return bool(reader.get("/api/me"))
    except OSError:
        return False


def paint(reading: Reading, stack: str) -> None:
    """Paint strokes of a round brush moving a little, some of them erasing, one request each."""
    random = np.random.default_rng(1)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for number in range(STROKES):
        index = int(random.integers(0, SLICES))
        after = reading.mask(stack, "instances")[index].copy()
        row, column = random.integers(60, SIDE - 60, 2)
        radius = random.integers(6, 20)
        for step in range(12):
            after[(rows - row - 2 * step) ** 2 + (columns - column - step) ** 2 <= radius**2] = number % 5 > 0
        reading.paint(stack, "instances", index, after)
        reading.flush()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="columna-autosave-") as folder:
        columna, reader = serve(Path(folder))
        try:
            reading = reader.next("demo")
            if reading is None:
                raise SystemExit("The seeded case is not in the worklist.")
            stack = reading.case["stacks"][0]["id"]
            reading.segment("L5", "instances")
            reading.flush()
            reading.sent.acknowledged.clear()
            reading.sent.bytes = reading.sent.operations = 0
            paint(reading, stack)
            mine = reading.mask(stack, "instances")
            same = np.array_equal(mine, reading.mask(stack, "instances", fresh=True))
            begun = time.perf_counter()
            whole = len(gzip.compress(mine.tobytes(), compresslevel=6))
            packed = 1000 * (time.perf_counter() - begun)
            report(reading, whole, packed, same)
            reading.submit()
        finally:
            columna.stop()


def report(reading: Reading, whole: int, packed: float, same: bool) -> None:
    sent, times = reading.sent, sorted(1000 * seconds for seconds in reading.sent.acknowledged)
    per_stroke = sent.bytes / sent.operations
    print(f"case: {SIDE} x {SIDE} x {SLICES}, {sent.operations} strokes, one request each")
    print(f"bytes per stroke:            {per_stroke:8.0f}")
    print(f"bytes of a whole-mask save:  {whole:8d}   (gzip of the labelmap; packing it alone takes {packed:.0f} ms)")
    print(f"stroke to acknowledged:      {statistics.median(times):8.1f} ms median, {times[int(len(times) * 0.95)]:.1f} ms p95")
    print(f"server's mask equals painter's: {'yes' if same else 'NO'}")
    print(f"ratio: a stroke sends {whole / per_stroke:.0f} times fewer bytes than a whole-mask save")
    if not same:
        raise SystemExit("The masks differ.")


if __name__ == "__main__":
    main()
