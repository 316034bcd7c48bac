"""The same contract for a folder, a strict S3 server and a second S3 server."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import Invalid, Missing, Unavailable
from storage.folder_store import FolderStore
from storage.object_store import Corrupt, ObjectStore, key_of, store
from storage.s3_store import S3Store

DATA = bytes(range(256)) * 5000
DIGEST = hashlib.sha256(DATA).hexdigest()


def s3_store(server) -> S3Store:
    given = server.settings
    return S3Store(
        endpoint=given["COLUMNA_S3_ENDPOINT"],
        access_key=given["COLUMNA_S3_ACCESS_KEY"],
        secret_key=given["COLUMNA_S3_SECRET_KEY"],
        bucket=f"contract-{os.getpid()}",
        secure=False,
    )


@pytest.fixture(params=["folder", "rclone", "moto"])
def objects(request, tmp_path) -> ObjectStore:
    if request.param == "folder":
        return FolderStore(tmp_path / "objects")
    return s3_store(request.getfixturevalue(f"{request.param}_server"))


def test_what_was_put_comes_back_under_its_digest(objects):
    assert objects.put(DATA) == DIGEST
    assert objects.get(DIGEST) == DATA
    assert objects.size(DIGEST) == len(DATA)
    assert objects.exists(DIGEST)


def test_putting_twice_changes_nothing(objects):
    assert objects.put(b"same") == objects.put(b"same")
    digest = hashlib.sha256(b"same").hexdigest()
    assert [item.size for item in objects.iterate() if item.digest == digest] == [4]


def test_an_empty_object_is_an_object(objects):
    digest = objects.put(b"")
    assert objects.get(digest) == b""
    assert b"".join(objects.stream(digest)) == b""


@pytest.mark.parametrize(
    ("start", "length"), [(0, 10), (7, 1000), (0, None), (1_000_000, None), (len(DATA) - 3, 10), (len(DATA), 5), (5, 0)]
)
def test_a_range_is_exact(objects, start, length):
    objects.put(DATA)
    end = None if length is None else start + length
    assert b"".join(objects.stream(DIGEST, start, length)) == DATA[start:end]


def test_a_stream_is_hashed_while_it_is_written(objects):
    stored = objects.put_stream(DATA[start : start + 999] for start in range(0, len(DATA), 999))
    assert (stored.digest, stored.size) == (DIGEST, len(DATA))
    assert objects.get(DIGEST) == DATA


def test_what_is_not_there_is_missing(objects):
    for ask in (objects.get, objects.stream, objects.size):
        with pytest.raises(Missing):
            ask("0" * 64)
    assert not objects.exists("0" * 64)
    objects.delete("0" * 64)


def test_what_was_deleted_is_gone(objects):
    digest = objects.put(b"to be withdrawn")
    objects.delete(digest)
    assert not objects.exists(digest)
    assert digest not in {item.digest for item in objects.iterate()}


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_a_digest_is_a_name(objects, name):
    with pytest.raises(Invalid):
        objects.get(name)


def test_files_are_for_this_account_only(tmp_path):
    FolderStore(tmp_path / "objects").put(b"x")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "objects", *(tmp_path / "objects").rglob("*")]}
    assert modes == {0o700, 0o600}


def test_damage_is_noticed(tmp_path):
    objects = FolderStore(tmp_path)
    digest = objects.put(b"whole")
    (tmp_path / key_of(digest)).write_bytes(b"h0le!")
    with pytest.raises(Corrupt):
        objects.get(digest)


def test_a_truncated_object_is_written_anew(tmp_path):
    objects = FolderStore(tmp_path)
    digest = objects.put(b"whole")
    (tmp_path / key_of(digest)).write_bytes(b"who")
    objects.put(b"whole")
    assert objects.get(digest) == b"whole"


def test_a_failed_stream_leaves_nothing(tmp_path):
    objects = FolderStore(tmp_path)

    def broken():
        yield b"first"
        raise ConnectionError("the sender went away")

    with pytest.raises(ConnectionError):
        objects.put_stream(broken())
    assert list(objects.iterate()) == []
    assert list(objects.incoming.iterdir()) == []


def test_a_kill_while_writing_leaves_only_a_temporary_file_that_a_sweep_removes(tmp_path):
    script = f"""
from pathlib import Path
import os, signal
from storage.folder_store import FolderStore
def chunks():
    yield b"half"
    os.kill(os.getpid(), signal.SIGKILL)
FolderStore(Path({str(tmp_path)!r})).put_stream(chunks())
"""
    subprocess.run([sys.executable, "-c", script], check=False, cwd=Path(__file__).parents[2])
    objects = FolderStore(tmp_path)
    assert list(objects.iterate()) == []
    (part,) = objects.incoming.iterdir()
    assert objects.sweep_incoming() == 0, "a fresh one may belong to a living writer"
    os.utime(part, (time.time() - 3600,) * 2)
    assert objects.sweep_incoming(timedelta(minutes=10)) == 1
    assert list(objects.incoming.iterdir()) == []


def test_putting_again_renews_the_time_so_that_a_sweep_leaves_it_alone(tmp_path):
    objects = FolderStore(tmp_path)
    digest = objects.put(b"x")
    os.utime(tmp_path / key_of(digest), (1, 1))
    objects.put(b"x")
    (item,) = objects.iterate()
    assert item.modified.timestamp() > 1


def test_an_unreachable_server_is_unavailable_not_a_crash():
    away = S3Store(endpoint="127.0.0.1:9", access_key="a", secret_key="b" * 8, bucket="nowhere", secure=False)
    with pytest.raises(Unavailable):
        away.put(b"x")


def test_a_wrong_secret_is_refused(rclone_server):
    given = rclone_server.settings
    store = S3Store(
        endpoint=given["COLUMNA_S3_ENDPOINT"], access_key=given["COLUMNA_S3_ACCESS_KEY"], secret_key="wrong", bucket="bucket", secure=False
    )
    with pytest.raises(Unavailable):
        store.put(b"x")


def test_the_settings_name_the_store(settings, tmp_path):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"data_dir": tmp_path, "object_store": "folder"})
    assert isinstance(store(), FolderStore)
    assert store() is store()
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"object_store": "s3", "s3_endpoint": ""})
    with pytest.raises(Unavailable, match="COLUMNA_S3_ENDPOINT"):
        store()


def test_a_file_of_a_folder_is_opened_late_and_read_from_anywhere(tmp_path):
    folder = FolderStore(tmp_path / "objects")
    digest = folder.put(b"0123456789")
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    file = folder.file(digest)
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before
    file.seek(4)
    assert (file.tell(), file.read()) == (4, b"456789")
    assert os.pread(file.fileno(), 3, 0) == b"012"
    file.close()
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before
