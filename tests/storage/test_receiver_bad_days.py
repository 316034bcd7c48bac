"""Bad days of the listener: what senders do wrong, what is pulled from under it. Acknowledged means durable, whatever happens."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pynetdicom import AE

from storage.disk import disk_figures
from tests.columns import session_folder
from tests.servers import postgresql, s3
from tests.servers.installation import ROOT, until
from tests.servers.process import NotInstalled
from tests.storage.dicoms import series_of, slice_of, to_bytes
from tests.storage.hospital import Hospital, hospital, write

pytestmark = pytest.mark.story

PATIENT = ("Kesselring", "KESSELRING", "4711-0815", "ACC7788123", "Obermoser")


@pytest.fixture(scope="module")
def here(tmp_path_factory, column):
    with hospital(tmp_path_factory.mktemp("days")) as here:
        here.source(name="PACS", ae_title="PACS")
        here.source(name="Flood", ae_title="FLOOD", association_limit=2)
        here.source(name="Fast", ae_title="FAST", rate_limit=5)
        here.listen()
        yield here


def statuses(sent: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the C-STORE statuses that dcmtk's storescu -v tells, in order."""
    lines = (sent.stdout + sent.stderr).splitlines()
    return [line.split("(", 1)[1].rstrip(")") for line in lines if "Received Store Response" in line]


def test_the_same_uid_with_other_pixels_is_held_and_the_first_stays(here, tmp_path):
    first = slice_of(study="1.2.3.1", series="1.2.3.1.1", SOPInstanceUID="1.2.3.1.1.1")
    other = slice_of(study="1.2.3.1", series="1.2.3.1.1", SOPInstanceUID="1.2.3.1.1.1", pixels=np.full((16, 12), 77, np.int16))
    before = here.stored
    for item in (first, other):
        assert here.send(*write(tmp_path, [to_bytes(item)])).returncode == 0
    assert here.stored == before + 1
    assert here.columna.rows("SELECT reason FROM storage_quarantineitem") == [("uid_conflict",)]


def test_a_sender_that_negotiates_nothing_known_gets_nothing_and_harms_nothing(here):
    sender = AE("PACS")
    sender.add_requested_context("1.2.3.4.5.6")
    association = sender.associate("127.0.0.1", int(here.port), ae_title="COLUMNA")
    assert not association.accepted_contexts
    association.abort()
    assert here.send(tool="echoscu").returncode == 0


def test_more_associations_than_allowed_are_turned_away_and_audited(here):
    sender = AE("FLOOD")
    sender.add_requested_context("1.2.840.10008.1.1")
    flood = [sender.associate("127.0.0.1", int(here.port), ae_title="COLUMNA") for _ in range(4)]
    assert [line.is_established for line in flood] == [True, True, False, False]
    for line in flood[:2]:
        line.release()
    until(lambda: here.count("storage_openassociation") == 0, what="the end of the associations")
    again = sender.associate("127.0.0.1", int(here.port), ae_title="COLUMNA")
    assert again.is_established, "there is room again"
    again.release()
    assert "source.refuse" in here.verbs()


def test_more_objects_than_the_rate_are_told_to_come_later_and_nothing_is_lost(here, tmp_path):
    paths, before = write(tmp_path, series_of(12, seed="fast")), here.stored
    told = statuses(here.send(*paths, calling="FAST", more=("-v", "-nh")))
    assert here.stored - before == told.count("Success")
    assert len(told) > told.count("Success") >= 5
    assert here.count("storage_importfinding", "code = 'rate_limited'") >= 1
    here.shell('source_update(source=project.sources.get(name="Fast"), user=None, rate_limit=None)')
    assert here.send(*paths, calling="FAST").returncode == 0
    assert here.stored == before + 12


def test_the_listener_is_killed_at_any_moment(here, tmp_path):
    """Supervisor and child die together, at moments of a seeded chance; what was acknowledged is there, and the rest comes again."""
    chance = random.Random(7)
    for turn in range(3):
        paths, before = write(tmp_path / str(turn), series_of(40, seed=f"killed {turn}")), here.stored
        sender = here.sending(*paths)
        until(lambda before=before: here.stored > before, what="the first image")
        time.sleep(chance.random() * 0.3)
        _kill_all(here)
        acknowledged = sender.communicate(timeout=180)[0].count("(Success)")
        assert here.stored - before >= acknowledged
        assert here.readable(*PATIENT) == []
        here.listen()
        assert here.send(*paths).returncode == 0
        assert here.stored == before + 40
    blobs = {digest for (digest,) in here.columna.rows("SELECT digest FROM storage_blob")}
    assert blobs >= {digest for (digest,) in here.columna.rows("SELECT blob_id FROM storage_instance")}


def _kill_all(here: Hospital) -> None:
    process = here.columna.processes.pop()
    children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
    for pid in [process.pid, *map(int, children)]:
        os.kill(pid, signal.SIGKILL)
    process.wait(60)
    until(lambda: here.send(tool="echoscu").returncode != 0, what="silence")


def test_an_association_of_a_killed_listener_is_not_shown_for_long(here):
    rows = here.columna.rows("SELECT COUNT(*) FROM storage_openassociation")[0][0]
    told = here.shell("from storage.models import OpenAssociation; print(OpenAssociation.objects.alive().count())")
    assert int(told) <= rows


@pytest.mark.once
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root can make a small disk to fill")
def test_a_full_disk_refuses_says_so_and_recovers(column, tmp_path):
    with hospital(tmp_path / "full") as here:
        here.source(name="PACS", ae_title="PACS")
        disk = here.columna.folder / "disk"
        disk.mkdir()
        prepare = f"mount -t tmpfs -o size=80m none {disk} && cp -a {here.columna.folder}/data/. {disk} && exec"
        here.columna.environment["COLUMNA_DATA_DIR"] = str(disk)
        command = f"{prepare} {sys.executable} {ROOT}/manage.py receiver --processes 1"
        listener = here.columna.start("unshare", "-m", "sh", "-c", command, name="receiver", python=False)
        until(lambda: b"listening" in here.columna.log("receiver").read_bytes(), what="the listener")
        inside = Path(f"/proc/{listener.pid}/root{disk}")
        paths = write(tmp_path / "files", series_of(6, seed="full", pixels=np.arange(512 * 512, dtype=np.int16).reshape(512, 512)))
        assert statuses(here.send(*paths[:2], more=("-v", "-nh"))) == ["Success"] * 2
        _fill(inside / "filler")
        assert _healthy(inside) is False
        refused = statuses(here.send(*paths[2:], more=("-v", "-nh")))
        assert refused
        assert "Success" not in refused
        (inside / "filler").unlink()
        assert _healthy(inside) is True
        assert statuses(here.send(*paths[2:], more=("-v", "-nh"))) == ["Success"] * 4
        assert _instances(inside, tmp_path / "copy") == 6


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as handle:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    handle.write(b"\0" * size)
            except OSError:
                continue


def _healthy(data: Path) -> bool:
    """Ask the health check of a process that stands on this disk."""
    return bool(disk_figures(data)["ok"])


def _instances(data: Path, copy: Path) -> int:
    """Count in a copy: SQLite resolves the path of a file, and this one lies in another process's world."""
    copy.mkdir()
    for path in data.glob("columna.sqlite3*"):
        (copy / path.name).write_bytes(path.read_bytes())
    connection = sqlite3.connect(copy / "columna.sqlite3")
    try:
        return int(connection.execute("SELECT COUNT(*) FROM storage_instance").fetchone()[0])
    finally:
        connection.close()


@pytest.mark.once
def test_a_database_that_goes_away_costs_nothing_that_was_acknowledged(column, tmp_path):
    folder = session_folder("days-pg") / "pg"
    try:
        server = postgresql.start(folder)
    except NotInstalled as error:
        pytest.skip(str(error))
    with hospital(tmp_path / "pg", COLUMNA_DATABASE_URL=server.url) as here:
        here.source(name="PACS", ae_title="PACS")
        here.listen()
        paths = write(tmp_path / "files", series_of(6, seed="database"))
        items = [dcmread(path) for path in paths]
        sender = AE("PACS")
        sender.dimse_timeout = 180
        sender.add_requested_context(items[0].SOPClassUID, items[0].file_meta.TransferSyntaxUID)
        line = sender.associate("127.0.0.1", int(here.port), ae_title="COLUMNA")
        assert [line.send_c_store(item).Status for item in items[:4]] == [0x0000] * 4
        server.stop()
        told = line.send_c_store(items[4])
        line.abort()
        server = postgresql.start(folder, port=server.port)
        try:
            assert told.Status == 0xA700
            assert here.stored == 4
            until(lambda: here.send(*paths).returncode == 0, seconds=180, what="the database to be used again")
            assert here.stored == 6
        finally:
            here.columna.stop()
            server.stop()


@pytest.mark.once
def test_an_object_store_that_goes_away_refuses_and_comes_back(column, tmp_path):
    folder = session_folder("days-s3")
    try:
        server = s3.start_rclone(folder)
    except NotInstalled as error:
        pytest.skip(str(error))
    with hospital(tmp_path / "s3", **server.settings) as here:
        here.source(name="PACS", ae_title="PACS")
        here.listen()
        paths = write(tmp_path / "files", series_of(2, seed="store"))
        assert here.send(paths[0]).returncode == 0
        server.stop()
        told = statuses(here.send(*paths[1:], more=("-v", "-nh")))
        assert told
        assert "Success" not in told
        assert here.stored == 1
        server = s3.start_rclone(folder, port=server.port)
        try:
            until(lambda: here.send(*paths).returncode == 0, seconds=180, what="the store to be used again")
            assert here.stored == 2
        finally:
            server.stop()
