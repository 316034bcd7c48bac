"""What jobs stand on goes away and comes back: nothing is lost, and nobody hangs meanwhile."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.columns import session_folder
from tests.servers import postgresql, redis
from tests.servers.installation import ROOT, Installation, until
from tests.servers.process import NotInstalled, free_port

pytestmark = [pytest.mark.slow, pytest.mark.once]
PATIENCE = {"COLUMNA_JOB_LEASE_SECONDS": "3", "COLUMNA_JOB_RESEND_SECONDS": "2"}


@pytest.fixture
def columna() -> Iterator[Callable[..., Installation]]:
    made: list[Installation] = []

    def make(**settings: str) -> Installation:
        installation = Installation(session_folder("outage"), {**PATIENCE, **settings})
        made.append(installation)
        installation.migrate()
        return installation

    yield make
    for installation in made:
        installation.stop()


def enqueue(columna: Installation, count: int, seconds: float = 0.0, kind: str = "probe.note") -> float:
    """Enqueue and return how many seconds the command took."""
    start = time.monotonic()
    command = [sys.executable, "-m", "tests.jobs.probe", "enqueue", kind, str(columna.folder / "notes"), str(seconds), str(count)]
    subprocess.run(command, cwd=ROOT, env=columna.environment, check=True, capture_output=True)
    return time.monotonic() - start


def start(columna: Installation, *names: str) -> None:
    for name in names:
        columna.start("-m", "tests.jobs.probe", name, name=name)


def all_done(columna: Installation, count: int) -> Callable[[], bool]:
    return lambda: columna.rows("SELECT state, count(*) FROM jobs_job GROUP BY state") == [("succeeded", count)]


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_enqueueing_does_not_hang_on_a_broker_that_is_away(columna: Callable[..., Installation], scheme: str) -> None:
    installation = columna(COLUMNA_BROKER_URL=f"{scheme}://127.0.0.1:{free_port()}")
    base = enqueue(installation, 0)
    assert enqueue(installation, 1) - base < 8
    assert installation.rows("SELECT state, sent_at FROM jobs_job") == [("queued", None)]


def test_a_broker_that_comes_back_finds_its_jobs(columna: Callable[..., Installation], tmp_path: Path) -> None:
    port = free_port()
    installation = columna(COLUMNA_BROKER_URL=f"redis://127.0.0.1:{port}/0")
    start(installation, "dispatch", "work")
    enqueue(installation, 2)
    try:
        server = redis.start(tmp_path / "redis", port=port)
    except NotInstalled as error:
        pytest.skip(str(error))
    with server:
        until(all_done(installation, 2), seconds=180, what="the jobs from before the broker")
        server.kill()
        enqueue(installation, 2)
        with redis.start(tmp_path / "redis", port=port):
            until(all_done(installation, 4), seconds=180, what="the jobs from the broker's absence")


def test_a_database_that_comes_back_finds_dispatcher_and_worker_waiting(columna: Callable[..., Installation]) -> None:
    folder = session_folder("pgout") / "pg"
    try:
        server = postgresql.start(folder)
    except NotInstalled as error:
        pytest.skip(str(error))
    with server:
        installation = columna(COLUMNA_DATABASE_URL=server.url)
        start(installation, "dispatch", "work")
        enqueue(installation, 1, seconds=4, kind="probe.slow")
        until(lambda: installation.rows("SELECT 1 FROM jobs_job WHERE state = 'running'"), what="the job's start")
        server.stop()
        time.sleep(1)
        with postgresql.start(folder, port=server.port):
            until(all_done(installation, 1), seconds=180, what="the job that ran while the database was away")
            enqueue(installation, 2)
            until(all_done(installation, 3), seconds=180, what="the jobs after it")
            assert all(process.poll() is None for process in installation.processes)
