"""``make test`` and ``make check``: bring what the checks need, run them all, and end in one plain line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from config.launch.debian import bring_packages
from config.launch.packages import BIN, ROOT
from config.launch.pages import FRONTEND, bring_ohif
from config.launch.run import install
from config.launch.say import main, say

LOGS = ROOT / "tests" / "artifacts" / "logs"
TYPED = ("config", "accounts", "jobs", "storage", "annotation", "datasets", "ml_backend", "client", "benchmarks")
PYTEST = ["python", "-m", "pytest", "-q", "--tb=short", "--durations=15", "--color=no"]
_STILL_RUNNING_SECONDS = 60.0
_given_up = threading.Event()


@dataclass
class Check:
    """One command, where and with what it runs, and how it ended."""

    name: str
    command: list[str]
    folder: Path = ROOT
    environment: dict[str, str] = field(default_factory=dict)
    minutes: float = 10.0
    status: int | None = None
    late: list[str] = field(default_factory=list)
    """What failed beside other work and passed alone."""
    seconds: float = 0.0

    @property
    def log(self) -> Path:
        return LOGS / (re.sub(r"\W+", "-", self.name).strip("-") + ".log")

    @property
    def figures(self) -> str:
        """What the tool itself says in its last lines: how many passed, failed, were skipped."""
        plain = self._plain()
        found = re.findall(
            r"^=*\s*((?:\d+ (?:passed|failed|skipped|errors?|deselected|xfailed|warnings?),? ?)+)in [\d.]+", plain, re.MULTILINE
        )
        found += re.findall(r"^\s+Tests\s+(.*)$", plain, re.MULTILINE)
        return str(found[-1]).strip() if found else ""

    def run(self) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        start = time.monotonic()
        with self.log.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 (our own commands)
                self.command,
                cwd=self.folder,
                env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "CI": "1", **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self.status = self._wait(process, start)
        self.seconds = time.monotonic() - start
        self._tell()

    def _wait(self, process: subprocess.Popen[bytes], start: float) -> int:
        told = start
        try:
            while True:
                try:
                    return process.wait(1)
                except subprocess.TimeoutExpired:
                    now = time.monotonic()
                if _given_up.is_set():
                    return 130
                if now - start > self.minutes * 60:
                    say(f"  {self.name}: not done after {self.minutes:g} minutes, ended")
                    return 124
                if now - told > _STILL_RUNNING_SECONDS:
                    told = now
                    say(f"  … {self.name}: running for {(now - start) / 60:.0f} min")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)

    @property
    def verdicts(self) -> list[str]:
        """What failed, a line each, as pytest's short summary says it."""
        return re.findall(r"^(?:FAILED|ERROR) .+$", self._plain(), re.MULTILINE)

    def trouble(self, lines: int = 60) -> list[str]:
        """Return the last lines of the part that tells of failures; of the whole output where the tool has no such part."""
        found = re.split(r"^=+ (?:FAILURES|ERRORS) =+$", self._plain(), maxsplit=1, flags=re.MULTILINE)
        part = re.split(r"^=+ (?:slowest .*durations|short test summary info) =+$", found[-1], maxsplit=1, flags=re.MULTILINE)[0]
        return [line[:200] for line in part.strip().splitlines()[-lines:]]

    def _plain(self) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

    def _tell(self) -> None:
        how = "ok" if self.status == 0 else "FAILED"
        told = self.verdicts[:5] if self.status != 0 else []
        lines = [f"  {how:<7} {self.name:<28} {self.seconds:6.1f} s  {self.figures}", *(f"      | {line[:200]}" for line in told)]
        say("\n".join(lines))


def static_checks() -> tuple[list[Check], list[Check]]:
    """Return two lists of checks that may run side by side: Python's and the browser part's."""
    typed = [name for name in TYPED if any((ROOT / name).rglob("*.py"))]
    python = [
        Check("ruff (lint)", ["ruff", "check", "."]),
        Check("ruff (format)", ["ruff", "format", "--check", "."]),
        Check("mypy", ["mypy", *typed]),
    ]
    browser = [
        Check("api types", ["npm", "run", "schema", "--", "--check"], FRONTEND),
        Check("tsc", ["npm", "run", "typecheck"], FRONTEND),
        Check("eslint", ["npm", "run", "lint"], FRONTEND),
        Check("vitest", ["npm", "run", "test"], FRONTEND),
    ]
    return python, browser


def tests(*, quick: bool, strict: bool) -> list[Check]:
    """Return the test runs in the order they are taken up. Each has servers, ports and folders of its own, so two may run side by side."""
    environment = {"OMP_NUM_THREADS": "1", **({"COLUMNA_TEST_STRICT": "1"} if strict else {})}
    if quick:
        few = [*PYTEST, "-m", "not slow and not journey"]
        return [
            Check("pytest (embedded, quick)", [*few, "--ignore=tests/storage"], environment=environment),
            Check("pytest (storage, quick)", [*few, "tests/storage"], environment=environment),
        ]
    full = {**environment, "COLUMNA_TEST_COLUMN": "full"}
    room = sorted(path.relative_to(ROOT) for path in (ROOT / "tests" / "journeys").glob("test_reading_room*.py"))
    return [
        Check("journeys (reading room)", [*PYTEST, *(str(path) for path in room)], environment=environment, minutes=60),
        Check("pytest (embedded)", [*PYTEST, "-m", "not journey", "--ignore=tests/storage"], environment=environment, minutes=30),
        Check(
            "journeys (other pages)",
            [*PYTEST, "tests/journeys", *(f"--ignore={path}" for path in room)],
            environment=environment,
            minutes=60,
        ),
        Check("pytest (embedded, storage)", [*PYTEST, "-m", "not journey", "tests/storage"], environment=environment, minutes=30),
        Check("pytest (full)", [*PYTEST, "-m", "not journey"], environment=full, minutes=30),
    ]


def skipped(checks: list[Check]) -> list[str]:
    """Return why tests were skipped, each reason once."""
    reasons = set()
    for check in checks:
        if check.name.startswith(("pytest", "journeys")) and check.log.exists():
            reasons |= set(re.findall(r"^SKIPPED \[\d+\] [^:]+:\d+: (.+)$", check.log.read_text(errors="replace"), re.MULTILINE))
    return sorted(reasons)


def run() -> int:
    start = time.monotonic()
    quick = "--quick" in sys.argv
    say("Columna: preparing the checks")
    lacking = [] if quick or "--install-only" in sys.argv else bring_packages()
    install(dev=True)
    lacking += [] if quick else bring_ohif()
    if "--install-only" in sys.argv:
        return 0
    say("Columna: checking")
    python, browser = static_checks()
    rest = tests(quick=quick, strict=not quick and not lacking)
    _run_side_by_side([browser, python, *([check] for check in rest)], lanes=min(2, os.cpu_count() or 1))
    rest += [again for check in rest if (again := once_more(check))]
    return _summary([*python, *browser, *rest], start, lacking)


def once_more(check: Check) -> Check | None:
    """Take the files of one or two failed journeys again while nothing else runs; None where that would prove nothing.

    A browser on a machine that does three other things is late now and then. What passes alone counts, and is named at the end,
    so that somebody looks why it was late; what fails alone has failed.
    """
    files = sorted({verdict.split()[1].split("::")[0] for verdict in check.verdicts})
    if check.status != 1 or not check.name.startswith("journeys") or not 1 <= len(check.verdicts) <= 2:
        return None
    again = Check(f"{check.name}, again", [*PYTEST, *files], environment=check.environment, minutes=10)
    again.run()
    if again.status == 0:
        check.status, check.late = 0, check.verdicts
    return again


def _run_all(checks: list[Check]) -> None:
    for check in checks:
        check.run()


def _run_side_by_side(groups: list[list[Check]], *, lanes: int) -> None:
    """Each lane takes the next group when it is free, and a group's checks one after the other: a test run waits as often as it works."""
    with ThreadPoolExecutor(lanes) as pool:
        try:
            list(pool.map(_run_all, groups))
        except BaseException:
            _given_up.set()  # Ctrl-C reaches this thread only; the lanes end what they started
            raise


def _summary(checks: list[Check], start: float, lacking: list[str]) -> int:
    minutes, seconds = divmod(int(time.monotonic() - start), 60)
    failed = [check for check in checks if check.status != 0]
    reasons = skipped(checks)
    say()
    if reasons:
        say("Not run here:")
        for reason in reasons:
            say(f"  - {reason}")
    for verdict in (verdict for check in checks for verdict in check.late):
        say(f"Passed only when taken again, alone: {verdict[:200]}")
    took = f"{minutes} min {seconds} s"
    for check in failed:
        say(f"{check.name}; the whole output: {check.log.relative_to(ROOT)}")
        say("\n".join(f"  | {line}" for line in check.trouble()))
    if failed:
        for verdict in (verdict for check in failed for verdict in check.verdicts[:20]):
            say(f"  {verdict[:200]}")
        say(f"{len(failed)} of {len(checks)} checks failed after {took}: {', '.join(check.name for check in failed)}.")
        return 1
    lack = f", without what needs {', '.join(lacking)}" if lacking else ""
    say(f"All {len(checks)} checks passed in {took}{lack}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(run))
