"""The intake API: uploads, archives, findings, sources and the figures of the page."""

import io
import json
import tarfile
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs.models import Job
from storage.models import Instance, Series, Source, Stack
from storage.uploads import SealedSpool, SpoolRegion
from tests.factories import make_member
from tests.storage.dicoms import series_of
from tests.work import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    user = make_member("data_manager")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.project = user.memberships.get().project
    return client


def send(client, *files, **fields):
    uploads = [SimpleUploadedFile(f"{n}.dcm", data) for n, data in enumerate(files)]
    return client.post("/api/imports", {"project": client.project.slug, "files": uploads, **fields})


def zip_of(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def tar_of(entries, mode="w:gz"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def test_an_upload_is_stored_and_counted(manager):
    answer = send(manager, *series_of(3))
    assert answer.status_code == 201, answer.content
    found = manager.get(f"/api/imports/{answer.json()['id']}").json()
    assert (found["state"], found["received"], found["stored"], found["findings"]) == ("done", 3, 3, [])
    assert manager.get("/api/studies").json()["count"] == 1


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_an_archive_goes_in_but_for_what_escapes_it(manager, pack):
    entries = [(f"study/{n}", data) for n, data in enumerate(series_of(3))]
    answer = send(manager, pack([*entries, ("../../etc/evil", b"x" * 200), ("empty", b"")]))
    codes = {finding["code"]: finding for finding in answer.json()["findings"]}
    assert (answer.json()["stored"], set(codes)) == (3, {"archive_path_escape", "empty_file"})
    assert codes["archive_path_escape"]["where"] == [4]


def test_a_bomb_is_refused_and_the_rest_goes_in(manager):
    bomb = ("bomb", b"\0" * 60_000_000)
    answer = send(manager, zip_of([bomb, ("good", series_of(1)[0])]), tar_of([bomb]), b"PK\x03\x04 not really")
    found = {finding["code"]: finding["count"] for finding in answer.json()["findings"]}
    assert found == {"archive_bomb": 2, "archive_unreadable": 1}
    assert Instance.objects.count() == 1


def test_the_total_of_an_archive_is_limited(manager, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"intake_max_archive_bytes": 3000})
    answer = send(manager, zip_of([(str(n), data) for n, data in enumerate(series_of(4))]))
    assert [finding["code"] for finding in answer.json()["findings"]] == ["archive_bomb"]


def test_a_sealed_spool_reads_back_what_was_written_and_shows_nothing_on_disk():
    spool = SealedSpool(memory=100)
    data = bytes(range(256)) * 40
    for start in range(0, len(data), 333):
        spool.append(data[start : start + 333])
    assert [spool.read(start, 70) for start in (0, 95, 99, 100, 5001)] == [data[start : start + 70] for start in (0, 95, 99, 100, 5001)]
    region = SpoolRegion(spool, 50, 1000)
    region.seek(-10, io.SEEK_END)
    assert region.read() == data[1040:1050]
    spool._file.seek(0)
    assert bytes(range(200)) not in spool._file.read()
    spool.close()


def test_uploads_beyond_memory_still_go_in(manager, monkeypatch):
    monkeypatch.setattr(SealedSpool.__init__, "__defaults__", (1000,))
    assert send(manager, *series_of(4)).json()["stored"] == 4


def test_a_source_is_made_changed_and_checked(manager):
    slug = manager.project.slug
    made = manager.post(
        "/api/sources", {"project": slug, "name": "PACS", "kind": "dimse", "ae_title": "PACS", "modalities": ["MR"]}, "application/json"
    )
    assert made.status_code == 201, made.content
    off = manager.patch(f"/api/sources/{made.json()['id']}", json.dumps({"is_active": False}), "application/json")
    assert off.json()["is_active"] is False
    assert manager.post("/api/sources", {"project": slug, "name": "x", "kind": "dimse"}, "application/json").status_code == 400
    assert manager.post("/api/sources", {"project": slug, "name": "PACS", "kind": "upload"}, "application/json").status_code == 409
    assert Source.objects.count() == 1


def test_the_summary_counts_today_and_shows_arriving_series(manager):
    send(manager, *series_of(3), b"not dicom at all" * 20)
    found = manager.get(f"/api/intake/summary?project={manager.project.slug}").json()
    assert (found["today"]["received"], found["today"]["stored"], found["today"]["refused"]) == (4, 3, 1)
    assert found["sources"][0]["per_minute"][-1] == 4
    assert [(series["received"], series["state"]) for series in found["live"]] == [(3, "arriving")]


@pytest.mark.django_db(transaction=True)
def test_an_import_is_assembled_without_a_command(manager):
    send(manager, *series_of(3))
    assert Job.objects.filter(kind="storage.assemble").count() == 1
    work_off()
    assert Series.objects.get().assembled == 3
    assert Stack.objects.current().get().kind == "volume"
