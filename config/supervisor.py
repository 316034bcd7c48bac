"""One foreground process that starts the others, keeps them running, passes their lines on, and takes them along when it goes.

The children hang on it by the kernel (``config.process.die_with_parent``): even ``kill -9`` of the supervisor leaves no orphan.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import IO

from config.process import die_with_parent

_COLOURS = (36, 33, 35, 32, 34, 31)
_STEADY_SECONDS = 30.0
_LONGEST_PAUSE = 30.0


@dataclass
class Child:
    """A process that should be running: its command, and what became of it so far."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    crashes: int = 0
    rest: bytes = b""


class Supervisor:
    """Runs children until :meth:`ask_to_stop` or a signal. ``write`` takes the lines."""

    def __init__(self, children: list[Child], *, write: Callable[[str], None], stop_seconds: float = 4.0) -> None:
        self.children = children
        self.stopping = False
        self.stop_seconds = stop_seconds
        self._write = write
        self._selector = selectors.DefaultSelector()
        self._width = max(len(child.name) for child in children)

    def ask_to_stop(self, *_: object) -> None:
        self.stopping = True

    def run(self, *, each_second: Callable[[], None], give_up: Callable[[Child], bool] = lambda child: False) -> int:
        """Run until asked to stop. Return 0, or 1 when ``give_up`` said of a crashed child that going on makes no sense."""
        before = {number: signal.signal(number, self.ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        status, looked_at = 0, 0.0
        try:
            for child in self.children:
                self._start(child)
            while not self.stopping:
                self._pass_lines_on(0.2)
                for child in self.children:
                    if self._crashed(child) and give_up(child):
                        status, self.stopping = 1, True
                if time.monotonic() - looked_at > 0.5:
                    looked_at = time.monotonic()
                    each_second()
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        return status

    def say(self, name: str, line: str) -> None:
        label = name.ljust(self._width)
        if sys.stdout.isatty():
            number = next((index for index, child in enumerate(self.children) if child.name == name), 0)
            label = f"\033[{_COLOURS[number % len(_COLOURS)]}m{label}\033[0m"
        self._write(f"{label} | {line}")

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(  # noqa: S603 (our own commands)
            child.command,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **child.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal reaches the supervisor alone
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
        assert child.process.stdout is not None  # noqa: S101
        os.set_blocking(child.process.stdout.fileno(), False)
        self._selector.register(child.process.stdout, selectors.EVENT_READ, child)
        child.started_at, child.restart_at = time.monotonic(), 0.0

    def _pass_lines_on(self, wait: float) -> None:
        for key, _ in self._selector.select(wait):
            stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
            child: Child = key.data
            try:
                data = os.read(stream.fileno(), 65536)
            except BlockingIOError:
                continue
            if not data:
                self._selector.unregister(stream)
                stream.close()
            *lines, child.rest = (child.rest + data).split(b"\n")
            for line in lines:
                self.say(child.name, line.decode(errors="replace").rstrip())

    def _crashed(self, child: Child) -> bool:
        """Start a child again when its pause is over. Return whether it was found dead just now."""
        if child.process is None:
            if time.monotonic() >= child.restart_at:
                self._start(child)
            return False
        code = child.process.poll()
        if code is None:
            return False
        lived = time.monotonic() - child.started_at
        child.crashes = 1 if lived > _STEADY_SECONDS else child.crashes + 1
        pause = min(2.0 ** (child.crashes - 1), _LONGEST_PAUSE)
        how = f"killed by signal {-code}" if code < 0 else f"ended with {code}"
        self.say(child.name, f"{how} after {lived:.0f} s; starting it again in {pause:.0f} s")
        child.process, child.restart_at = None, time.monotonic() + pause
        return True

    def _stop(self) -> None:
        """Ask every child to end, and end those that have not after ``stop_seconds``: jobs have leases, so nothing is lost by that."""
        running = [child.process for child in self.children if child.process is not None and child.process.poll() is None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        limit = time.monotonic() + self.stop_seconds
        while time.monotonic() < limit and any(process.poll() is None for process in running):
            self._pass_lines_on(0.1)
        for process in running:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # also what a child of ours may have left behind
            except ProcessLookupError:
                continue
            process.wait(5)
        self._pass_lines_on(0)
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]  # the streams registered in _start
        self._selector.close()
