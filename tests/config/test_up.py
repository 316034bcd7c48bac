"""``manage.py up``, the heart of ``make run``: it starts everything, keeps it running, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.columns import session_folder
from tests.servers.installation import ROOT, Installation, until
from tests.servers.process import free_port

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.story]


@pytest.fixture
def installation() -> Iterator[Installation]:
    ports = {f"COLUMNA_{name}_PORT": str(free_port()) for name in ("WEB", "DICOM", "PROMPTS")}
    columna = Installation(session_folder("up"), ports)
    yield columna
    columna.stop()


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Installation, subprocess.Popen[bytes]]]:
    """One Columna for what is claimed of a running one, from its start to Ctrl-C."""
    ports = {f"COLUMNA_{name}_PORT": str(free_port()) for name in ("WEB", "DICOM", "PROMPTS")}
    columna = Installation(session_folder("up"), ports)
    yield columna, up(columna)
    columna.stop()


Running = tuple[Installation, subprocess.Popen[bytes]]


def health(columna: Installation) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{columna.environment['COLUMNA_WEB_PORT']}/health", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except (OSError, urllib.error.URLError):
        return None


def up(columna: Installation) -> subprocess.Popen[bytes]:
    process = columna.start("manage.py", "up", name="up")
    until(lambda: health(columna) and "Columna is ready" in columna.log("up").read_text(), seconds=180, what="a green /health")
    return process


def processes_of(columna: Installation) -> dict[int, str]:
    """Return pid and command of every process that runs with this installation's data folder."""
    mark = f"COLUMNA_DATA_DIR={columna.environment['COLUMNA_DATA_DIR']}".encode()
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def test_up_prints_address_and_accounts(running: Running) -> None:
    installation, _ = running
    text = installation.log("up").read_text()
    assert f"http://127.0.0.1:{installation.environment['COLUMNA_WEB_PORT']}" in text
    assert "reader-columna-demo" in text
    assert len(processes_of(installation)) >= 6


def test_a_second_up_on_the_same_folder_is_refused_with_where_the_first_is(running: Running) -> None:
    installation, first = running
    with pytest.raises(RuntimeError, match=rf"already runs on this data folder \(process {first.pid}"):
        installation.manage("up", "--no-demo")


def test_a_killed_web_process_comes_back(running: Running) -> None:
    installation, _ = running
    master = min(pid for pid, command in processes_of(installation).items() if "gunicorn" in command)
    os.kill(master, signal.SIGKILL)
    until(lambda: "killed by signal 9" in installation.log("up").read_text(), what="the supervisor's notice")
    until(lambda: health(installation), what="web's return")


def test_ctrl_c_stops_everything(running: Running) -> None:
    installation, process = running
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert processes_of(installation) == {}
    assert "all data is kept" in installation.log("up").read_text()


def test_killing_the_supervisor_leaves_no_orphan(running: Running) -> None:
    """The same Columna, started again: its second start finds everything there."""
    installation, _ = running
    (installation.folder / "up.log").write_text("")
    installation.kill(up(installation))
    until(lambda: not processes_of(installation), seconds=180, what="the end of every child")


@pytest.mark.parametrize("name", ["WEB", "DICOM", "PROMPTS"])
def test_a_taken_port_is_refused_naming_the_setting(installation: Installation, name: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(installation.environment[f"COLUMNA_{name}_PORT"])))
        other.listen()
        with pytest.raises(RuntimeError, match=f"COLUMNA_{name}_PORT="):
            installation.manage("up", "--no-demo")


def test_demo_accounts_stay_on_loopback(installation: Installation) -> None:
    installation.environment["COLUMNA_WEB_HOST"] = "0.0.0.0"
    with pytest.raises(RuntimeError, match="COLUMNA_WEB_HOST"):
        installation.manage("up")


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root can make a small disk to fill")
def test_a_full_disk_is_refused_with_what_to_do(installation: Installation) -> None:
    small = installation.folder / "small"
    small.mkdir()
    script = f"mount -t tmpfs -o size=100m none {small} && exec {sys.executable} manage.py up"
    environment = {**installation.environment, "COLUMNA_DATA_DIR": str(small)}
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "GiB free" in done.stderr
    assert "COLUMNA_DATA_DIR=" in done.stderr
