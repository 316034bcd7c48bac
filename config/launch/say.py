"""Plain lines on the terminal: what is being done, how long it took, and what to do when it failed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


class Stop(Exception):
    """Something a person has to put right; the message says what it is and what to do."""


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def step(what: str) -> Iterator[None]:
    """Print ``what`` and, when the block is done, how many seconds it took."""
    sys.stdout.write(f"  {what} … ")
    sys.stdout.flush()
    start = time.monotonic()
    try:
        yield
    except BaseException:
        say("failed")
        raise
    say(f"{time.monotonic() - start:.1f} s")


def call(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str] | None = None, hint: str = "") -> str:
    """Run a command quietly and return its output. Raise :class:`Stop` with the end of its output and ``hint`` when it fails."""
    done = subprocess.run(  # noqa: S603 (our own commands)
        command,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
    )
    if done.returncode == 0:
        return done.stdout
    lines = done.stdout.strip().splitlines()
    shown = lines if len(lines) <= 24 else [*lines[:10], "…", *lines[-14:]]
    tail = "\n".join(f"    | {line}" for line in shown)
    full = "\n    The disk is full: free some space and run it again." if "No space left" in done.stdout or "ENOSPC" in done.stdout else ""
    raise Stop(f"`{' '.join(map(str, command[:4]))} …` ended with {done.returncode}:\n{tail}\n    {hint}{full}")


def main(run: object) -> int:
    """Call ``run`` and turn :class:`Stop` and Ctrl-C into an exit status with a plain last line."""
    assert callable(run)  # noqa: S101
    try:
        return int(run() or 0)
    except Stop as problem:
        say(f"\nColumna stopped: {problem}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped. Running it again goes on from here.")
        return 130
