"""Writers at a running server, on both columns: at once, twice, out of order, and with web killed while they paint."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any

import numpy as np
import pytest

from tests.columns import session_folder
from tests.reader import BUNDLE, Reader, Reading, Refused, bundle_encode
from tests.servers.installation import ROOT, Installation, until
from tests.servers.process import Server, free_port

pytestmark = pytest.mark.slow
CASES = 13


class Web:
    """Columna's web process on a port of its own, with a seeded project."""

    def __init__(self, columna: Installation, port: int, tokens: dict[str, str]) -> None:
        self.columna, self.url, self.tokens = columna, f"http://127.0.0.1:{port}", tokens
        self.start()

    def start(self) -> None:
        self.process = self.columna.start("-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi", name="web")
        until(self._answers, what="web's first answer")

    def _answers(self) -> bool:
        try:
            return bool(self.reader("reader1").get("/api/me"))
        except (OSError, HTTPException):
            return False

    def reader(self, name: str) -> Reader:
        return Reader(self.url, token=self.tokens[name], timeout=60)

    def kill(self) -> None:
        self.columna.kill(self.process)


@pytest.fixture(scope="module")
def web(column: str, request: pytest.FixtureRequest) -> Iterator[Web]:
    settings = {"COLUMNA_WEB_PORT": str(free_port())}
    if column == "full":
        import psycopg2

        server: Server = request.getfixturevalue("postgresql_server")
        connection = psycopg2.connect(server.url)
        connection.autocommit = True
        connection.cursor().execute("CREATE DATABASE writers")
        connection.close()
        settings["COLUMNA_DATABASE_URL"] = server.url.rsplit("/", 1)[0] + "/writers"
    columna = Installation(session_folder("writers"), settings)
    columna.migrate()
    command = [sys.executable, "-m", "tests.annotation.seed", str(CASES)]
    seeded = subprocess.run(command, cwd=ROOT, env=columna.environment, capture_output=True, text=True, check=False)
    assert seeded.returncode == 0, seeded.stderr
    running = Web(columna, int(settings["COLUMNA_WEB_PORT"]), json.loads(seeded.stdout.splitlines()[-1])["tokens"])
    yield running
    columna.stop()


def together(*tasks: Callable[[], Any]) -> list[Any]:
    """Do the tasks at the same moment; return their answers, refusals and lost connections included."""
    ready = threading.Barrier(len(tasks))

    def task(work: Callable[[], Any]) -> Any:
        ready.wait()
        try:
            return work()
        except Refused as refused:
            return refused

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(task, tasks))


def begin(web: Web, name: str = "reader1") -> Reading:
    reading = web.reader(name).next("demo")
    assert reading is not None
    reading.segment("L5", "instances")
    reading.flush()
    return reading


def batch(reading: Reading, index: int, value: int = 1) -> bytes:
    """Return a bundle with one new stroke on a slice, not sent and not queued."""
    stack = reading.case["stacks"][0]["id"]
    after = reading.mask(stack, "instances")[index].copy()
    after[index : index + 9, 4:40] = value
    reading.paint(stack, "instances", index, after)
    (op, bodies) = reading.queue.pop()
    header = {"ops": [op], "base_seq": reading.seq, "assignment": reading.assignment, "epoch": reading.epoch}
    return bundle_encode(header, bodies)


def post(reading: Reading, data: bytes) -> Any:
    path = f"/api/annotations/{reading.annotation}/operations"
    return json.loads(reading.reader.bytes(path, method="POST", data=data, media_type=BUNDLE, accept="application/json"))


def test_readers_who_ask_at_once_never_get_the_same_case(web: Web):
    readers = [web.reader("reader1"), web.reader("reader2")]
    answers = together(*[lambda reader=reader: reader.next("demo") for reader in readers for _ in range(3)])
    by_reader: dict[str, set[str]] = {"reader1": set(), "reader2": set()}
    for number, answer in enumerate(answers):
        assert isinstance(answer, Reading), answer
        by_reader["reader1" if number < 3 else "reader2"].add(answer.case["id"])
    assert not by_reader["reader1"] & by_reader["reader2"]
    for name, cases in by_reader.items():
        for case in cases:
            web.reader(name).open(case).release()


def test_a_batch_sent_eight_times_at_once_is_applied_once(web: Web):
    reading = begin(web)
    data = batch(reading, 0)
    answers = together(*[lambda: post(reading, data) for _ in range(8)])
    assert all(answer["seq"] == 2 for answer in answers), answers
    assert len(reading.reader.get(f"/api/annotations/{reading.annotation}/operations?after=0")["ops"]) == 2
    reading.seq = 2
    reading.submit()


def test_of_two_writers_at_one_place_in_the_log_one_wins_and_one_is_told(web: Web):
    reading = begin(web)
    batches = [batch(reading, index) for index in range(4)]
    answers = together(*[lambda data=data: post(reading, data) for data in batches])
    won = [answer for answer in answers if isinstance(answer, dict)]
    lost = [answer for answer in answers if isinstance(answer, Refused)]
    assert (len(won), len(lost)) == (1, 3)
    assert {(refused.code, refused.state["seq"]) for refused in lost} == {("stale_revision", 2)}
    reading.seq = 2
    reading.submit()


def test_submitting_twice_at_once_is_one_revision(web: Web):
    reading = begin(web)
    path = f"/api/annotations/{reading.annotation}/submit"
    answers = together(*[lambda: reading.reader.post(path, {"expected_seq": 1}) for _ in range(4)])
    assert len({answer["id"] for answer in answers}) == 1


def test_killing_web_while_painting_loses_nothing_and_doubles_nothing(web: Web):
    reading = begin(web)
    stack = reading.case["stacks"][0]["id"]
    random = np.random.default_rng(4)
    for number in range(300):
        index = number % 8
        after = reading.mask(stack, "instances")[index].copy()
        row, column = random.integers(0, 50, 2)
        after[row : row + 8, column : column + 8] = number % 2
        reading.paint(stack, "instances", index, after)
    operations = 1 + len(reading.queue)
    away = 0
    for number, pause in enumerate([0.3, 0.11, 0.05]):
        killer = threading.Timer(pause, web.kill)
        killer.start()
        with contextlib.suppress(OSError, HTTPException):
            while reading.queue and (number < 2 or killer.is_alive()):
                reading.flush(batch=3)
        killer.join()
        away += bool(reading.queue)
        web.start()  # here: a process ends with the thread that started it
    assert away, "web was never away while there was work: the test shows nothing"
    reading.flush()
    mine = reading.mask(stack, "instances")
    assert np.array_equal(mine, reading.mask(stack, "instances", fresh=True))
    log = reading.reader.get(f"/api/annotations/{reading.annotation}/operations?after=0")["ops"]
    assert [op["seq"] for op in log] == list(range(1, operations + 1))
    assert reading.submit()["seq"] == operations


def test_a_case_drawn_stroke_by_stroke_is_frozen_as_it_was_drawn(web: Web):
    reading = begin(web)
    stack = reading.case["stacks"][0]["id"]
    rows, columns = np.mgrid[:64, :80]
    shape = (8, 64, 80)
    vertebra = np.broadcast_to((rows - 20) ** 2 + (columns - 30) ** 2 < 150, shape)
    disc = np.broadcast_to(((rows - 40) ** 2 * 4 + (columns - 30) ** 2 < 150), shape) & ~vertebra
    canal = np.broadcast_to((columns > 50) & (columns < 60), shape)
    reading.draw(stack, {"L4": vertebra, "IVD_L4": disc, "CANAL": canal})
    revision = reading.submit()
    voxels = {entry["structure"]: entry["voxels"] for entry in revision["segments"]}
    assert voxels == {"L5": 0, "L4": int(vertebra.sum()), "IVD_L4": int(disc.sum()), "CANAL": int(canal.sum())}


def test_a_person_signs_in_as_the_browser_does(web: Web):
    from tests.annotation.seed import PASSWORD

    reader = Reader(web.url).sign_in("reader2", PASSWORD)
    reading = reader.next("demo")
    assert reading is not None
    reading.segment("L5", "instances")
    reading.release()
    assert reader.get(f"/api/cases/{reading.case['id']}")["state"] == "open"
