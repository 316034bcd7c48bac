"""A whole Columna in a folder of its own: its processes, started and killed as tests need."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.postgresql import own_database, template_fill, template_keep
from tests.servers.process import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
_MIGRATED: dict[str, bytes] = {}


def column_settings() -> dict[str, str]:
    """Return where the test run's column keeps things, with a database of its own on the full one: no two installations share rows."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("COLUMNA_DATABASE", "COLUMNA_S3", "COLUMNA_OBJECT"))}
    if "COLUMNA_DATABASE_URL" in kept:
        kept["COLUMNA_DATABASE_URL"] = own_database(kept["COLUMNA_DATABASE_URL"])
    return kept


def migrated_copy(data: Path) -> bool:
    """Give a data folder without a database the copy of a migrated one. Return whether there was one to copy."""
    database = data / "columna.sqlite3"
    if "database" not in _MIGRATED or database.exists():
        return False
    data.mkdir(parents=True, exist_ok=True)
    database.write_bytes(_MIGRATED["database"])
    return True


class Installation:
    """Columna's processes with ``COLUMNA_*`` settings of their own. Leave with :meth:`stop`."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("COLUMNA_", "DJANGO_"))}
        quiet = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        self.environment = {**bare, **quiet, "COLUMNA_DATA_DIR": str(folder / "data"), **(settings or {})}
        self.processes: list[subprocess.Popen[bytes]] = []

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end and return what it printed. Raise with its output when it fails."""
        return self.run(str(ROOT / "manage.py"), *arguments)

    def run(self, *arguments: str) -> str:
        """As :meth:`manage` for ``python <arguments>``."""
        done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"python {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def migrate(self) -> None:
        """Bring the database up to date. The first one migrated by this process is copied for others: migrating takes seconds."""
        database = self.folder / "data" / "columna.sqlite3"
        if url := self.environment.get("COLUMNA_DATABASE_URL"):
            if not template_fill(url):
                self.manage("migrate", "--verbosity", "0")
                template_keep(url)
        elif database.exists():
            self.manage("migrate", "--verbosity", "0")
        elif not migrated_copy(database.parent):
            self.manage("migrate", "--verbosity", "0")
            _MIGRATED["database"] = database.read_bytes()

    def start(self, *command: str, name: str, python: bool = True) -> subprocess.Popen[bytes]:
        """Start a process (by default ``python <command>``) in a session of its own; its output goes to ``<name>.log``."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                [*([sys.executable] if python else []), *command],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self.processes.append(process)
        return process

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 one process, not its children."""
        process.kill()
        process.wait(60)

    def stop(self, *, seconds: float = 3.0) -> None:
        """End every process, by force after ``seconds``: a Columna that is killed loses nothing."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        limit = time.monotonic() + seconds
        for process in self.processes:
            try:
                process.wait(max(0.1, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(60)
        self.processes.clear()

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        url = self.environment.get("COLUMNA_DATABASE_URL")
        if url:
            import psycopg2

            connection = psycopg2.connect(url)
        else:
            import sqlite3

            connection = sqlite3.connect(self.folder / "data" / "columna.sqlite3", timeout=180)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, read beside Django."""
        with self._connection() as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return list(cursor.fetchall())


def until(condition: Callable[[], Any], *, seconds: float = 120.0, what: str = "the condition") -> Any:
    """Return the first true value of ``condition()``. Raise ``AssertionError`` when none comes within ``seconds``."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come true within {seconds:.0f} s")
