"""Real workers on real brokers: killing one delays its jobs and loses none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.columns import session_folder
from tests.servers.installation import ROOT, Installation, until
from tests.servers.process import Server

BROKERS = ("filesystem", "redis", "rabbitmq")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def migrated(column: str, request: pytest.FixtureRequest) -> Callable[[Path], dict[str, str]]:
    """Return the settings of a fresh, migrated database of this column."""
    made = iter(range(1000))

    def settings(folder: Path) -> dict[str, str]:
        if column == "embedded":
            return {}
        import psycopg2

        server: Server = request.getfixturevalue("postgresql_server")
        name = f"workers{next(made)}_{os.getpid()}"
        connection = psycopg2.connect(server.url)
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        return {"COLUMNA_DATABASE_URL": server.url.rsplit("/", 1)[0] + f"/{name}"}

    return settings


@pytest.fixture(params=BROKERS)
def installation(request: pytest.FixtureRequest, migrated: Callable[[Path], dict[str, str]]) -> Iterator[Installation]:
    """A Columna with a dispatcher and no worker yet, on each broker."""
    folder = session_folder(request.param)
    settings = {"COLUMNA_JOB_LEASE_SECONDS": "3", "COLUMNA_JOB_RESEND_SECONDS": "2", **migrated(folder)}
    if request.param != "filesystem":
        server: Server = request.getfixturevalue(f"{request.param}_server")
        settings |= server.settings
    columna = Installation(folder, settings)
    columna.migrate()
    columna.start("-m", "tests.jobs.probe", "dispatch", name="dispatcher")
    yield columna
    columna.stop()


def worker(columna: Installation, name: str) -> subprocess.Popen[bytes]:
    return columna.start("-m", "tests.jobs.probe", "work", "--name", name, name=name)


def probe(columna: Installation, *arguments: str) -> list[str]:
    command = [sys.executable, "-m", "tests.jobs.probe", *arguments]
    return subprocess.run(command, cwd=ROOT, env=columna.environment, check=True, capture_output=True, text=True).stdout.split()


def states(columna: Installation) -> dict[str, int]:
    return dict(columna.rows("SELECT state, count(*) FROM jobs_job GROUP BY state"))  # type: ignore[arg-type]


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_killing_a_worker_delays_its_job_and_loses_none(installation: Installation) -> None:
    notes = installation.folder / "notes"
    first = worker(installation, "first")
    probe(installation, "enqueue", "probe.stuck", str(notes), "0")
    until(lambda: lines(notes), what="the first attempt")
    probe(installation, "enqueue", "probe.slow", str(notes), "0.2", "2")
    pid = int(lines(notes)[0].split()[-1])
    installation.kill(first)
    until(
        lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2], what="the pool process's end"
    )
    worker(installation, "second")
    until(lambda: states(installation) == {"succeeded": 3}, seconds=180, what="every job's success")
    assert sorted(line for line in lines(notes) if "ends" in line) == ["job0 ends attempt 1", "job0 ends attempt 2", "job1 ends attempt 1"]


def test_events_become_jobs_exactly_once_with_two_dispatchers(installation: Installation) -> None:
    notes = installation.folder / "notes"
    installation.start("-m", "tests.jobs.probe", "dispatch", name="dispatcher2")
    worker(installation, "first")
    probe(installation, "emit", str(notes), "40")
    until(lambda: states(installation) == {"succeeded": 40}, seconds=180, what="every event's job")
    assert sorted(lines(notes)) == sorted(f"event{number}" for number in range(40))


def test_a_lost_doorbell_is_rung_again(installation: Installation) -> None:
    notes = installation.folder / "notes"
    probe(installation, "enqueue", "probe.note", str(notes), "0", "3")
    lose_doorbells(installation)
    worker(installation, "first")
    until(lambda: states(installation) == {"succeeded": 3}, what="the jobs whose doorbells were lost")
    assert sorted(lines(notes)) == ["job0", "job1", "job2"]


def lose_doorbells(columna: Installation) -> None:
    """Empty the broker's queue behind Columna's back."""
    url = columna.environment.get("COLUMNA_BROKER_URL", "")
    if not url:
        for message in (columna.folder / "data" / "broker" / "queue").iterdir():
            message.unlink(missing_ok=True)
        return
    from kombu import Connection, Queue

    with Connection(url) as connection, connection.channel() as channel:
        Queue("intake", channel=channel).purge()


@pytest.mark.parametrize("installation", ["filesystem"], indirect=True)
def test_failures_are_told_apart_on_the_row(installation: Installation) -> None:
    worker(installation, "first")
    for kind in ("probe.flaky", "probe.broken", "probe.endless"):
        probe(installation, "enqueue", kind, "none", "0")

    def outcome() -> dict[str, tuple[str, int, str]]:
        return {row[0]: row[1:] for row in installation.rows("SELECT kind, state, attempt, error_code FROM jobs_job")}

    until(lambda: {row[0] for row in outcome().values()} <= {"succeeded", "failed"}, seconds=180, what="the end of all three")
    assert outcome() == {
        "probe.flaky": ("succeeded", 2, ""),
        "probe.broken": ("failed", 3, "ZeroDivisionError"),
        "probe.endless": ("failed", 1, "time_limit"),
    }
    assert "DOE" not in installation.log("first").read_text()
