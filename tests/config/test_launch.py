"""What `make` says when something is missing, and the small parts it is made of."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import venv
from pathlib import Path

import pytest

from config.launch import lock, machine, packages
from config.launch import test as launch_test
from config.launch.say import Stop, call
from config.launch.test import Check, once_more, skipped
from config.supervisor import Child, Supervisor

pytestmark = pytest.mark.once
ROOT = packages.ROOT


def launch(path: str) -> str:
    """Return what `make build` prints with only ``path`` to look for programs in."""
    command = [sys.executable, "-m", "config.launch.run", "--install-only"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert done.returncode == 1
    return done.stdout


def program(folder: Path, name: str, prints: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {prints}\n")
    path.chmod(0o755)


def test_a_missing_node_is_named_with_what_to_do(tmp_path: Path) -> None:
    assert "node is not on the path. Install Node 20.19" in launch(str(tmp_path))


def test_an_old_node_is_refused_with_its_version(tmp_path: Path) -> None:
    program(tmp_path, "node", "v18.20.4")
    assert "node is v18.20.4, which is too old" in launch(str(tmp_path))


def test_a_node_without_npm_is_refused(tmp_path: Path) -> None:
    program(tmp_path, "node", "v22.1.0")
    assert "npm is not on the path" in launch(str(tmp_path))


def test_too_little_disk_is_refused_with_the_figures(tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"GiB free; the moon needs 99999\. Free some\."):
        machine.check_disk(tmp_path / "not" / "yet", gib=99999, what="the moon", remedy="Free some.")


def test_a_failing_command_shows_its_own_words_and_the_hint() -> None:
    with pytest.raises(Stop, match=r"ended with 3(.|\n)*it broke(.|\n)*try again"):
        call(["sh", "-c", "echo it broke; exit 3"], cwd=ROOT, hint="try again")


def test_a_full_disk_in_a_command_is_said_plainly() -> None:
    with pytest.raises(Stop, match="The disk is full"):
        call(["sh", "-c", "echo write: No space left on device; exit 1"], cwd=ROOT)


def test_a_lock_entry_of_torch_holds_the_hashes_of_both_builds() -> None:
    cpu = "torch==2.13.0+cpu \\\n    --hash=sha256:aa\n    # via monai\n"
    ordinary = "torch==2.13.0 \\\n    --hash=sha256:bb\n    # via monai\n"
    assert lock.both_builds(cpu, ordinary) == "torch==2.13.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via monai\n"
    with pytest.raises(Stop, match="two resolutions"):
        lock.both_builds(ordinary, ordinary)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-cuda.txt", "requirements-boot.txt"])
def test_every_locked_package_has_a_version_and_a_hash(name: str) -> None:
    entries = lock.blocks((ROOT / name).read_text())
    assert entries
    assert not [package for package, block in entries.items() if not lock.hashes(block)]


def test_what_is_asked_for_is_locked() -> None:
    locked = lock.blocks((ROOT / "requirements.txt").read_text())
    both = {**locked, **lock.blocks((ROOT / "requirements-dev.txt").read_text())}
    for name in ("requirements.in", "requirements-dev.in"):
        for line in (ROOT / name).read_text().splitlines():
            package = line.split("[")[0].split("=")[0].split(">")[0].split("<")[0].strip().lower()
            if package and not package.startswith(("#", "-")):
                assert package in (locked if name == "requirements.in" else both), f"{package}: run `make lock`"


def test_the_locks_agree_where_they_name_the_same_package() -> None:
    run, dev = (lock.blocks((ROOT / name).read_text()) for name in ("requirements.txt", "requirements-dev.txt"))
    versions = {package: (run[package].split()[0], dev[package].split()[0]) for package in run.keys() & dev.keys()}
    assert not {package: pair for package, pair in versions.items() if pair[0] != pair[1]}


def test_an_environment_whose_making_was_interrupted_is_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packages, "VENV", tmp_path)
    monkeypatch.setattr(packages, "PYTHON", tmp_path / "bin" / "python")
    venv.EnvBuilder(with_pip=False).create(tmp_path)
    assert packages.PYTHON.exists()
    assert not packages._is_whole()


def test_npms_lock_holds_no_addresses() -> None:
    assert '"resolved"' not in (ROOT / "frontend" / "package-lock.json").read_text()


def test_a_check_tells_the_figures_of_its_tool_and_why_tests_were_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("config.launch.test.LOGS", tmp_path)
    check = Check("pytest (embedded)", ["true"])
    check.log.write_text("..s\nSKIPPED [2] tests/a.py:3: dcmtk is not installed\n2 failed, 410 passed, 2 skipped in 12.3s\n")
    assert check.figures == "2 failed, 410 passed, 2 skipped"
    assert skipped([check]) == ["dcmtk is not installed"]


def test_a_failed_check_shows_the_end_of_its_failures_and_its_verdicts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("config.launch.test.LOGS", tmp_path)
    check = Check("pytest (embedded)", ["true"])
    told = "\n".join(f"line {number}" for number in range(100))
    ends = "==== slowest 15 durations ====\n9 s call\n=== short test summary info ===\nFAILED tests/a.py::test_b - no"
    check.log.write_text(f".F\n=== FAILURES ===\n{told}\nE   assert 1 == 2\n{ends}\n")
    assert check.trouble(3) == ["line 98", "line 99", "E   assert 1 == 2"]
    assert check.verdicts == ["FAILED tests/a.py::test_b - no"]


@pytest.mark.parametrize(("name", "is_taken_again"), [("journeys (pages)", True), ("pytest (embedded)", False)])
def test_a_late_journey_is_taken_again_alone_and_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, is_taken_again: bool
) -> None:
    monkeypatch.setattr("config.launch.test.LOGS", tmp_path)
    monkeypatch.setattr("config.launch.test.PYTEST", ["true"])
    check = Check(name, ["false"], status=1)
    check.log.write_text("FAILED tests/journeys/a.py::test_b - late\n")
    again = once_more(check)
    assert (again is not None, check.status == 0, bool(check.late)) == (is_taken_again,) * 3


RUNNER = """
import pathlib, sys
runs = pathlib.Path(sys.argv[1]); runs.write_text(runs.read_text() + "x" if runs.exists() else "x")
is_late = len(runs.read_text()) == 1
print("FAILED tests/journeys/test_a.py::test_b - late\\n1 failed in 1.0s" if is_late or sys.argv[2] == "broken" else "1 passed in 1.0s")
sys.exit(1 if is_late or sys.argv[2] == "broken" else 0)
"""


@pytest.mark.parametrize(("how", "status", "said"), [("late", 0, "Passed only when taken again, alone"), ("broken", 1, "checks failed")])
@pytest.mark.parametrize("lane", ["journeys (reading room)", "journeys (other pages)"])
def test_a_whole_run_is_green_after_one_late_journey_of_either_lane_and_red_after_a_broken_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], lane: str, how: str, status: int, said: str
) -> None:
    (tmp_path / "runner.py").write_text(RUNNER)
    command = [sys.executable, str(tmp_path / "runner.py"), str(tmp_path / "runs"), how]
    nothing = {"bring_packages": list, "bring_ohif": list, "install": lambda **_: None, "static_checks": lambda: ([], [])}
    for name, instead in nothing.items():
        monkeypatch.setattr(f"config.launch.test.{name}", instead)
    monkeypatch.setattr("config.launch.test.ROOT", tmp_path)
    monkeypatch.setattr("config.launch.test.LOGS", tmp_path)
    monkeypatch.setattr("config.launch.test.PYTEST", command)
    monkeypatch.setattr("config.launch.test.tests", lambda **_: [Check("pytest (embedded)", ["true"]), Check(lane, command)])
    monkeypatch.setattr(sys, "argv", ["test"])
    assert launch_test.run() == status
    assert said in capsys.readouterr().out


def test_the_supervisor_passes_lines_on_restarts_a_crashed_child_and_stops_all() -> None:
    lines: list[str] = []
    children = [Child("crash", ["sh", "-c", "echo hello; exit 7"]), Child("steady", ["sleep", "60"])]
    supervisor = Supervisor(children, write=lines.append, stop_seconds=1)

    def watch() -> None:
        if children[0].crashes >= 2:
            supervisor.ask_to_stop()

    assert threading.current_thread() is threading.main_thread()
    assert supervisor.run(each_second=watch) == 0
    assert lines.count("crash  | hello") == 2
    assert "crash  | ended with 7 after 0 s; starting it again in 1 s" in lines
    assert children[1].process is not None
    assert children[1].process.returncode is not None


def test_the_supervisor_gives_up_when_told_that_going_on_makes_no_sense() -> None:
    children = [Child("web", ["false"])]
    supervisor = Supervisor(children, write=lambda line: None, stop_seconds=1)
    assert supervisor.run(each_second=lambda: None, give_up=lambda child: child.crashes >= 1) == 1
