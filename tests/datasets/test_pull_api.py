"""What a puller meets: manifest, files by range, withheld labels, withdrawal, receipts."""

from __future__ import annotations

import hashlib
import json

import pytest
import rfc8785
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.test import Client

from accounts.models import AuditEvent, User
from accounts.services.token import token_create
from datasets.models import Download, Receipt, Version, VersionFile
from datasets.services.withdrawal import subject_withdraw
from storage.models import Blob
from tests.datasets.cases import make_case, make_dataset, make_frozen, make_release
from tests.factories import make_member
from tests.work import work_off

pytestmark = pytest.mark.django_db
BASE = "/api/datasets/lumbar/versions/1.0.0"


def program(user: User, *scopes: str) -> Client:
    _, secret = token_create(user=user, name="laptop", scopes=list(scopes), days=1)
    return Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def version() -> Version:
    return make_release(*make_dataset(cases=1))


@pytest.fixture
def puller(version: Version) -> Client:
    return program(make_member("researcher", version.dataset.project), "pull")


def image(version: Version) -> VersionFile:
    return version.files.filter(role="image").order_by("path")[0]


def blob(version: Version, file: VersionFile) -> str:
    return f"{BASE}/blobs/{file.digest}"


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_pull_token_lists_reads_and_pulls(version: Version, puller: Client):
    assert puller.get("/api/datasets").json()["results"][0]["latest"] == "1.0.0"
    manifest = puller.get(f"{BASE}/manifest")
    assert hashlib.sha256(body(manifest)).hexdigest() == version.manifest_digest
    assert manifest["ETag"] == f'"{version.manifest_digest}"'
    assert "immutable" in manifest["Cache-Control"]
    file = image(version)
    assert hashlib.sha256(body(puller.get(blob(version, file)))).hexdigest() == file.digest


def test_what_is_known_is_not_sent_again(version: Version, puller: Client):
    for address, digest in ((f"{BASE}/manifest", version.manifest_digest), (blob(version, image(version)), image(version).digest)):
        answer = puller.get(address, headers={"If-None-Match": f'"{digest}"'})
        assert answer.status_code == 304
        assert not answer.content


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=5-", 5, -1), ("bytes=-7", -7, -1), ("bytes=10-999999999", 10, -1)],
)
def test_a_range_gives_those_bytes(version: Version, puller: Client, asked: str, first: int, last: int):
    file = image(version)
    whole = body(puller.get(blob(version, file)))
    answer = puller.get(blob(version, file), headers={"Range": asked})
    end = file.size if last == -1 else last + 1
    assert answer.status_code == 206
    assert body(answer) == whole[first:end]
    start = first % file.size
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{file.size}"
    assert answer["Content-Length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=1-2,4-5", "lines=1-2", "bytes=-", "nonsense"])
def test_a_range_that_is_not_understood_gives_the_whole(version: Version, puller: Client, asked: str):
    assert puller.get(blob(version, image(version)), headers={"Range": asked}).status_code == 200


def test_a_range_behind_the_end_is_416_and_one_of_another_file_gives_the_whole(version: Version, puller: Client):
    file = image(version)
    behind = puller.get(blob(version, file), headers={"Range": f"bytes={file.size}-"})
    assert behind.status_code == 416
    assert behind.json()["error"]["state"]["size"] == file.size
    other = puller.get(blob(version, file), headers={"Range": "bytes=5-", "If-Range": '"' + "0" * 64 + '"'})
    assert other.status_code == 200


def test_a_blob_is_never_reached_by_knowing_its_digest(version: Version, puller: Client):
    dicom = Blob.objects.filter(media_type="application/dicom")[0]
    assert puller.get(f"{BASE}/blobs/{dicom.digest}").status_code == 404


def test_a_frozen_version_is_for_its_makers_until_it_is_released():
    dataset, manager = make_dataset(cases=1)
    make_frozen(dataset, manager)
    researcher, maker = program(make_member("researcher", dataset.project), "read"), program(manager, "read")
    assert researcher.get("/api/datasets/lumbar/versions").json()["count"] == 0
    assert researcher.get(f"{BASE}/manifest").status_code == 404
    assert maker.get(f"{BASE}/manifest").status_code == 200


def test_labels_of_sealed_patients_are_withheld_from_all_but_data_managers():
    dataset, manager = make_dataset(cases=1)
    make_case(dataset.project, fold="sealed", seed=5)
    version = make_release(dataset, manager)
    researcher, maker = program(make_member("researcher", dataset.project), "pull"), program(manager, "pull")
    withheld = version.files.get(managers_only=True)
    assert withheld.role == "label"
    answer = researcher.get(blob(version, withheld))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "withheld")
    assert maker.get(blob(version, withheld)).status_code == 200
    assert researcher.get(f"{BASE}").json()["labels_withheld"] is True
    manifest = json.loads(body(researcher.get(f"{BASE}/manifest")))
    assert [file["access"] for file in manifest["files"] if file["role"] == "label"].count("managers") == 1


def test_a_pull_leaves_a_signed_receipt_a_row_of_the_trail_and_a_line_per_download(version: Version, puller: Client):
    receipt = puller.post(f"{BASE}/pulls").json()
    key = load_pem_public_key(puller.get("/api/signing-key").json()["public_key"].encode())
    key.verify(bytes.fromhex(receipt["signature"]), rfc8785.dumps(receipt["content"]))  # type: ignore[union-attr, call-arg]
    assert receipt["content"]["manifest"] == version.manifest_digest
    assert AuditEvent.objects.filter(verb="version.pull").count() == Receipt.objects.count() == 1
    body(puller.get(blob(version, image(version)), headers={"Range": "bytes=5-14"}))
    line = Download.objects.get()
    assert (line.digest, line.first, line.size) == (image(version).digest, 5, 10)


def test_a_withdrawn_patient_is_gone_from_every_version_at_once(version: Version, puller: Client):
    project, file = version.dataset.project, image(version)
    subject = file.subject
    assert subject is not None
    assert subject_withdraw(subject_id=subject, project=project) == 2
    assert subject_withdraw(subject_id=subject, project=project) == 0
    answer = puller.get(blob(version, file))
    assert answer.status_code == 410
    tombstones = puller.get(f"{BASE}/tombstones").json()["content"]["tombstones"]
    assert answer.json()["error"]["state"]["tombstone"] == tombstones[0]["id"]
    assert file.digest in tombstones[0]["digests"]
    assert not Blob.objects.filter(digest=file.digest).exists()
    assert not VersionFile.objects.filter(subject=subject).exists(), "the link to the patient is cut"
    assert hashlib.sha256(body(puller.get(f"{BASE}/manifest"))).hexdigest() == version.manifest_digest, "the record stays"


# through the API, with the job


@pytest.mark.django_db(transaction=True)
def test_a_release_is_asked_for_written_by_the_job_and_approved_by_another():
    dataset, manager = make_dataset(cases=1)
    client = Client()
    client.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    asked = client.post("/api/datasets/lumbar/versions", {"kind": "release", "reason": "first"}, content_type="application/json")
    assert (asked.status_code, asked.json()["state"]) == (202, "building")
    assert asked.json()["job"]["state"] == "queued"
    work_off()
    frozen = client.get(BASE).json()
    assert (frozen["state"], frozen["counts"]["images"]) == ("frozen", 1)
    assert client.post(f"{BASE}/approve").status_code == 403
    client.force_login(make_member("board_chair", dataset.project), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(f"{BASE}/approve").json()["state"] == "released"


def test_a_shut_gate_answers_409_with_its_name(client: Client):
    _, manager = make_dataset(cases=0)
    client.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/api/datasets/lumbar/versions", {}, content_type="application/json")
    assert answer.status_code == 409
    assert list(answer.json()["error"]["state"]["gates"]) == ["selection"]


def test_nobody_asks_for_a_training_version_through_the_api(client: Client):
    _, manager = make_dataset(cases=1)
    client.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/api/datasets/lumbar/versions", {"kind": "training"}, content_type="application/json")
    assert answer.status_code == 400
