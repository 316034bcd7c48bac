"""Starting and stopping one server process."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class NotInstalled(RuntimeError):
    """A program is not on this machine; the message says how it gets there."""


class NotReady(RuntimeError):
    """A server did not come up; the message ends with the tail of its log."""


def program(name: str, package: str, *places: str) -> str:
    """Return the path of a program, looked up on the path, in ``places`` and beside the running Python."""
    from sys import executable

    search = os.pathsep.join([str(Path(executable).parent), os.environ.get("PATH", ""), "/usr/sbin", "/sbin", *places])
    found = shutil.which(name, path=search)
    if found is None:
        raise NotInstalled(f"{name} is not installed; on Debian: apt-get install {package}")
    return found


def free_port() -> int:
    """Return a loopback TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.3)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def die_with_parent() -> None:
    """In a new child: ask the kernel to end it when its parent ends, however that happens."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def as_user(user: str) -> list[str]:
    """Return the command prefix that drops root's rights to ``user``; nothing when not root."""
    if os.geteuid() != 0:
        return []
    return [program("setpriv", "util-linux"), f"--reuid={user}", f"--regid={user}", "--clear-groups", "--pdeathsig=KILL"]


def own(folder: Path, user: str) -> None:
    """Make ``folder`` and give it to ``user`` when root; its parents are opened for passing through."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, user, user)
        folder.parent.chmod(0o755)


@dataclass
class Server:
    """A running server: its process, address and log. Leaving the context stops it."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""
    folder: Path = Path()
    stop_signal: signal.Signals = signal.SIGTERM
    settings: dict[str, str] = field(default_factory=dict)
    also_stop: Callable[[], None] | None = None

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(60)
        if self.also_stop is not None:
            self.also_stop()

    def kill(self) -> None:
        """End it without any chance to tidy up, as a power cut would."""
        self.process.kill()
        self.process.wait(60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def launch(
    name: str,
    command: list[str],
    *,
    port: int,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    ready: Callable[[], bool] | None = None,
    timeout: float = 120.0,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Server:
    """Start ``command`` and return when ``ready()`` (default: the port answers). Raise :class:`NotReady` otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    with log.open("ab") as handle:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
        )
    server = Server(name=name, port=port, process=process, log=log, folder=folder, stop_signal=stop_signal)
    answered = ready or (lambda: listening(port))
    limit = time.monotonic() + timeout
    while time.monotonic() < limit and process.poll() is None:
        if answered():
            return server
        time.sleep(0.05)
    server.stop()
    tail = log.read_text(errors="replace")[-2000:]
    raise NotReady(f"{name} did not answer on port {port} within {timeout:.0f} s:\n{tail}")
