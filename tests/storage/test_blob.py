"""Blobs: rows and objects agree, and what does not is found."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from config.errors import Missing
from storage.models import Blob
from storage.object_store import key_of, store
from storage.services.blob import blob_delete, blob_open, blob_put, blob_put_many, blob_put_stream, blob_read
from storage.services.blob_check import STAGED_MEDIA_TYPE

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"data_dir": tmp_path, "object_store": "folder"})
    return tmp_path / "objects"


def test_a_blob_is_named_by_its_bytes(folder):
    blob = blob_put(data=b"slice", media_type="application/dicom")
    assert blob.digest == hashlib.sha256(b"slice").hexdigest()
    assert (blob.size, blob_read(digest=blob.digest)) == (5, b"slice")
    assert b"".join(blob_open(digest=blob.digest, start=1, length=3)) == b"lic"


def test_the_same_bytes_are_one_blob(folder):
    assert blob_put(data=b"x", media_type="a/b") == blob_put(data=b"x", media_type="c/d")
    assert Blob.objects.get().media_type == "a/b"


def test_many_at_once_and_again(folder):
    digests = blob_put_many(parts=[b"a", b"b", b"a"], media_type="image/jphc")
    assert blob_put_many(parts=[b"a", b"b", b"a"], media_type="image/jphc") == digests
    assert Blob.objects.count() == 2


def test_a_streamed_blob_is_the_same_blob(folder):
    assert blob_put_stream(chunks=[b"sl", b"ice"], media_type="a/b") == blob_put(data=b"slice", media_type="a/b")


def test_a_deleted_blob_has_neither_row_nor_bytes(folder):
    digest = blob_put(data=b"x", media_type="a/b").digest
    assert blob_delete(digests=[digest]) == 1
    with pytest.raises(Missing):
        blob_read(digest=digest)


def test_verify_names_what_is_missing_and_what_is_damaged(folder, capsys):
    lost, damaged, _whole = blob_put_many(parts=[b"lost", b"damaged", b"whole"], media_type="a/b")
    call_command("blobs", "verify")
    (folder / key_of(lost)).unlink()
    (folder / key_of(damaged)).write_bytes(b"demaged")
    with pytest.raises(CommandError, match="2 of 3"):
        call_command("blobs", "verify")
    assert f"{lost} missing" in (said := capsys.readouterr().err)
    assert f"{damaged} damaged" in said


def test_sweep_takes_old_orphans_only(folder, capsys):
    kept = blob_put(data=b"kept", media_type="a/b").digest
    old, young = store().put(b"old orphan"), store().put(b"young orphan")
    for digest in (kept, old):
        os.utime(folder / key_of(digest), (1, 1))
    call_command("blobs", "sweep", "--dry-run")
    assert store().exists(old)
    call_command("blobs", "sweep")
    assert [store().exists(digest) for digest in (kept, old, young)] == [True, False, True]


def test_sweep_takes_uploads_that_no_worker_came_for(folder):
    fresh, forgotten, kept = (
        blob_put(data=data, media_type=kind).digest
        for data, kind in ((b"1", STAGED_MEDIA_TYPE), (b"2", STAGED_MEDIA_TYPE), (b"3", "application/dicom"))
    )
    Blob.objects.filter(digest__in=[forgotten, kept]).update(created_at=datetime.now(UTC) - timedelta(days=8))
    call_command("blobs", "sweep")
    assert set(Blob.objects.values_list("digest", flat=True)) == {fresh, kept}
    assert not store().exists(forgotten)
