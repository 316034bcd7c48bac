"""The two columns of the design, for tests: ``COLUMNA_TEST_COLUMN=embedded`` (default) or ``full``.

Loaded by pytest before Django (``-p tests.columns`` in pyproject.toml). It gives the whole session a data folder of its own, so no test
can touch a person's data, and in the full column starts PostgreSQL and an S3 server and points the settings at them.
Running pytest once per column runs every test on both, except what touches no backend or is marked ``once``.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import postgresql, s3
from tests.servers.process import NotInstalled, Server

COLUMN = os.environ.get("COLUMNA_TEST_COLUMN", "embedded")
_KEPT = ("COLUMNA_TEST_",)
_RUNNING = {"installation", "columna", "web", "here", "migrated"}
"""Fixtures that start a whole Columna; a test of one runs on both columns."""
_servers: list[Server] = []
_folders: list[Path] = []


def session_folder(name: str) -> Path:
    """Return a new folder with a short path, removed when the session ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"columna-{name}-", dir="/tmp"))
    _folders.append(folder)
    return folder


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Before Django reads its settings: forget the caller's settings, then set the column's."""
    for name in [name for name in os.environ if name.startswith("COLUMNA_") and not name.startswith(_KEPT)]:
        del os.environ[name]
    os.environ["COLUMNA_DATA_DIR"] = str(session_folder("data"))
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if COLUMN == "full":
        try:
            _servers.append(postgresql.start(session_folder("pg") / "pg"))
            _servers.append(s3.start_rclone(session_folder("s3")))
        except NotInstalled as error:
            raise pytest.UsageError(f"The full column cannot run here: {error}") from None
        for server in _servers:
            os.environ.update(server.settings)
    elif COLUMN != "embedded":
        raise pytest.UsageError(f"COLUMNA_TEST_COLUMN is {COLUMN!r}; it can be 'embedded' or 'full'.")
    return (yield)


def pytest_report_header() -> str:
    return f"column: {COLUMN}"


def touches_a_backend(item: pytest.Item) -> bool:
    """Return whether a test asks for the database, or for anything that runs as a process of its own."""
    fixtures = set(getattr(item, "fixturenames", ()))
    database = item.get_closest_marker("django_db") is not None or bool(fixtures & {"db", "transactional_db", "live_server", "column"})
    return database or any(name.endswith("_server") or name in _RUNNING for name in fixtures)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the journeys; in the full column leave out what is the same on both, having no backend."""
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker("journey")
    if COLUMN != "full":
        return
    left_out = [item for item in items if item.get_closest_marker("once") or not touches_a_backend(item)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    while _servers:
        _servers.pop().stop()
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)
