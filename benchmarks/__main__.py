"""``make bench``: every benchmark, one after another, each on a quiet machine; what they print is kept in ``benchmarks/results/``.

``python -m benchmarks NAME …`` runs the named ones.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"


def claim(path: Path) -> str:
    """Return the first sentence of a benchmark: the question it answers."""
    return (ast.get_docstring(ast.parse(path.read_text())) or path.stem).split("\n")[0]


def run(path: Path) -> bool:
    print(f"\n== {path.stem}: {claim(path)}", flush=True)
    start = time.monotonic()
    lines = []
    process = subprocess.Popen([sys.executable, "-m", f"benchmarks.{path.stem}"], cwd=HERE.parent, stdout=subprocess.PIPE, text=True)
    for line in process.stdout or ():
        lines.append(line)
        print(f"   {line}", end="", flush=True)
    (RESULTS / f"{path.stem}.txt").write_text("".join(lines))
    print(f"   ({'done' if process.wait() == 0 else 'FAILED'} after {time.monotonic() - start:.0f} s)")
    return process.returncode == 0


def main() -> int:
    RESULTS.mkdir(exist_ok=True)
    offered = {path.stem: path for path in sorted(HERE.glob("*.py")) if not path.stem.startswith("_")}
    wanted = sys.argv[1:] or list(offered)
    if unknown := [name for name in wanted if name not in offered]:
        print(f"{', '.join(unknown)}: no such benchmark. There are: {', '.join(offered)}.")
        return 2
    failed = [name for name in wanted if not run(offered[name])]
    print(f"\n{len(wanted) - len(failed)} of {len(wanted)} benchmarks ran; results in {RESULTS.relative_to(HERE.parent)}/.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
