"""Fixtures every room shares: real servers, one per session. A missing program skips the test and says what to install."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import columns
from tests.servers import pacs, postgresql, rabbitmq, redis, s3
from tests.servers.process import NotInstalled, Server

os.environ.setdefault("TCP_NODELAY", "1")


def pytest_configure() -> None:
    """Passwords of tests are hashed cheaply, and tables that refuse DELETE let Django empty them between tests."""
    from django.conf import settings

    from tests.database import lift_guards_when_emptying

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    lift_guards_when_emptying()


def _place(item: pytest.Item) -> tuple[int, tuple[int, ...]]:
    """Where a test stands in its file: its line, and among its parameters."""
    callspec = getattr(item, "callspec", None)
    return item.reportinfo()[1] or 0, tuple(callspec.indices.values()) if callspec else ()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take journeys and stories as they are written: within a file one may go on where another ended."""
    told: dict[Path, list[int]] = {}
    for index, item in enumerate(items):
        if item.get_closest_marker("journey") or item.get_closest_marker("story"):
            told.setdefault(item.path, []).append(index)
    for places in told.values():
        written = sorted((items[index] for index in places), key=_place)
        for index, item in zip(places, written, strict=True):
            items[index] = item


@contextmanager
def _running(start: Callable[[Path], Server], name: str) -> Iterator[Server]:
    try:
        server = start(columns.session_folder(name) / name)
    except NotInstalled as error:
        if os.environ.get("COLUMNA_TEST_STRICT"):
            raise
        pytest.skip(str(error))
    with server:
        yield server


@pytest.fixture(scope="session")
def column() -> str:
    """``embedded`` or ``full``."""
    return columns.COLUMN


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    with _running(postgresql.start, "pg") as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    with _running(redis.start, "redis") as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[Server]:
    with _running(rabbitmq.start, "rabbit") as server:
        yield server


@pytest.fixture(scope="session")
def rclone_server() -> Iterator[Server]:
    """An S3 server that checks signatures; ``.settings`` holds the COLUMNA_S3_* variables."""
    with _running(s3.start_rclone, "rclone") as server:
        yield server


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Server]:
    """An S3 server that knows conditional writes, multipart ETags and partial content; it checks no signature."""
    with _running(s3.start_moto, "moto") as server:
        yield server


@pytest.fixture(scope="session")
def orthanc_server() -> Iterator[Server]:
    """Orthanc with DICOMweb: ``.url`` with ``.settings["USER"]``, ``["PASSWORD"]``, ``["DICOM_PORT"]``, ``["AE_TITLE"]``.

    A test that needs its own peers or Lua script starts one with :func:`tests.servers.pacs.start_orthanc`.
    """
    with _running(pacs.start_orthanc, "orthanc") as server:
        yield server


@pytest.fixture(scope="session")
def dcmtk() -> Callable[[str], str]:
    """Return the path of a dcmtk tool by its name; skips where dcmtk is missing."""

    def find(tool: str) -> str:
        try:
            return pacs.dcmtk(tool)
        except NotInstalled as error:
            pytest.skip(str(error))

    return find


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of public sample data; skips where it is absent."""
    from django.conf import settings

    folder: Path = settings.ENVIRONMENT.test_data
    if not folder.is_dir():
        pytest.skip(f"no public sample data: {folder} is not there (COLUMNA_TEST_DATA names another place)")
    return folder
