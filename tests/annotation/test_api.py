"""What the browser gets over HTTP."""

from __future__ import annotations

import gzip
import hashlib
import json

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from storage.envelope import MEDIA_TYPE, envelope_decode, envelope_split
from storage.models import Series, Study
from tests.annotation.cases import Writer, make_case, make_writer, segment_op
from tests.annotation.test_proposal import masks_of, propose
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def reader_of(case) -> Client:
    return signed_in(make_member("radiologist", case.project))


def planes(answer) -> dict[str, np.ndarray]:
    header, rest = envelope_decode(answer.content)
    bodies = envelope_split(rest, [piece["length"] for piece in header["slices"]])
    found = {}
    for piece, body in zip(header["slices"], bodies, strict=True):
        raw = gzip.decompress(body)
        assert hashlib.sha256(raw).hexdigest() == piece["digest"]
        found[piece["key"]] = np.frombuffer(raw, dtype=np.uint8).reshape(header["rows"], header["columns"])
    return found


def test_the_worklist_tells_a_reader_what_to_do_next():
    case = make_case()
    revision = propose(case)
    client = reader_of(case)
    row = client.get(f"/api/cases?project={case.project.slug}&state=proposed").json()["results"][0]
    assert row["proposal_revision"] == str(revision.pk)
    assert row["lease"] == {"holder": "none", "since": None, "lease_until": None}
    assert row["subject"] == case.subject.pseudonym
    assert row["stacks"][0]["modality"] == "MR"
    opened = client.post("/api/cases/next", {"project": case.project.slug}, content_type="application/json").json()
    assert opened["case"]["lease"]["holder"] == "you"
    assert opened["annotation"]["derived_from"] == str(revision.pk)


@pytest.mark.parametrize(
    ("study", "arrival"),
    [
        ({"ended_at": None}, ("arriving", None)),
        ({"ended_at": None, "expected": 30}, ("arriving", 30)),
        ({"ended_by": "count", "expected": 14}, ("whole", 14)),
        ({"ended_by": "idle"}, ("whole", None)),
        ({"ended_by": "idle", "expected": 30}, ("short", 30)),
    ],
)
def test_the_worklist_says_how_far_a_study_has_come(study, arrival):
    case = make_case()
    now = timezone.now()
    Study.objects.filter(pk=case.study_id).update(**{"last_received_at": now, "ended_at": now, **study})
    Series.objects.filter(study=case.study_id).update(received=14)
    row = reader_of(case).get(f"/api/cases/{case.pk}").json()
    assert row["arrival"] == {"state": arrival[0], "received": 14, "expected": arrival[1]}


def test_next_says_why_there_is_nothing():
    writer = make_writer()
    answer = reader_of(writer.case).post("/api/cases/next", {"project": writer.case.project.slug}, content_type="application/json")
    assert answer.json() == {"assignment": None, "annotation": None, "case": None, "waiting": {"total": 1, "held": 1, "submitted": 0}}


def test_a_draft_shows_the_proposal_where_nothing_was_painted():
    case = make_case()
    propose(case)
    writer = Writer(case, make_member("radiologist", case.project))
    mask = masks_of(case)[str(writer.stack.pk)]["instances"]
    writer.planes = {("instances", key): plane for key, plane in zip(writer.keys, mask, strict=True)}
    writer.send(writer.stroke({1: np.zeros_like(mask[1])}), writer.stroke({3: writer.block(3, 1, slice(0, 3), slice(0, 3))}))
    url = f"/api/annotations/{writer.annotation.pk}/mask?stack={writer.stack.pk}&layer=instances"
    answer = signed_in(writer.user).get(url)
    found = planes(answer)
    assert sorted(found) == sorted([writer.keys[2], writer.keys[3]])
    assert np.array_equal(found[writer.keys[2]], mask[2])
    assert np.array_equal(found[writer.keys[3]], writer.plane(3))


def test_operations_come_back_as_json_and_as_a_bundle():
    writer = make_writer()
    op, bodies = writer.stroke({0: writer.block(0, 1, slice(1, 3), slice(1, 3))})
    writer.send((op, bodies))
    client, url = signed_in(writer.user), f"/api/annotations/{writer.annotation.pk}/operations"
    assert [(row["id"], row["seq"]) for row in client.get(f"{url}?after=1").json()["ops"]] == [(op["id"], 2)]
    header, rest = envelope_decode(client.get(url, headers={"accept": MEDIA_TYPE}).content)
    assert (header["seq"], bytes(rest)) == (2, bodies[0])
    assert client.get(f"{url}?after=x").status_code == 400


def test_a_batch_is_acknowledged_with_the_digests_of_its_slices():
    writer = make_writer()
    data = writer.pack(writer.stroke({0: writer.block(0, 1, slice(1, 3), slice(1, 3))}), base=1)
    answer = signed_in(writer.user).post(f"/api/annotations/{writer.annotation.pk}/operations", data, content_type=MEDIA_TYPE)
    assert answer.json()["seq"] == 2
    assert answer.json()["slices"][0]["digest"] == hashlib.sha256(writer.plane(0).tobytes()).hexdigest()


def test_a_session_sends_a_batch_with_its_csrf_token_and_not_without():
    writer = make_writer()
    client = Client(enforce_csrf_checks=True)
    client.force_login(writer.user, backend="django.contrib.auth.backends.ModelBackend")
    url = f"/api/annotations/{writer.annotation.pk}/operations"
    data = writer.pack(segment_op(5, "L4"), base=1)
    assert client.post(url, data, content_type=MEDIA_TYPE).status_code == 403
    client.cookies["csrftoken"] = "a" * 32
    assert client.post(url, data, content_type=MEDIA_TYPE, headers={"x-csrftoken": "a" * 32}).status_code == 200


def test_a_conflict_says_its_code_and_how_it_stands():
    writer = make_writer()
    data = writer.pack(segment_op(5, "L4"), base=9)
    answer = signed_in(writer.user).post(f"/api/annotations/{writer.annotation.pk}/operations", data, content_type=MEDIA_TYPE)
    assert answer.status_code == 409
    assert (answer.json()["error"]["code"], answer.json()["error"]["state"]) == ("stale_revision", {"seq": 1})
    held = reader_of(writer.case).post(f"/api/cases/{writer.case.pk}/open", {}, content_type="application/json")
    assert (held.status_code, held.json()["error"]["code"]) == (409, "lease_held")
    assert set(held.json()["error"]["state"]) == {"since", "lease_until", "holder"}


@pytest.mark.parametrize("data", [b"", b"\x00\x00", b"\xff\xff\xff\xff{}", b"\x02\x00\x00\x00[]", b'\x0a\x00\x00\x00{"ops":[]}'])
def test_bytes_that_are_no_batch_are_400(data: bytes):
    writer = make_writer()
    answer = signed_in(writer.user).post(f"/api/annotations/{writer.annotation.pk}/operations", data, content_type=MEDIA_TYPE)
    assert answer.status_code == 400


def test_another_readers_annotation_is_not_there():
    writer = make_writer()
    other = reader_of(writer.case)
    for tail in ("", f"/mask?stack={writer.stack.pk}&layer=instances", "/operations"):
        assert other.get(f"/api/annotations/{writer.annotation.pk}{tail}").status_code == 404
    assert other.get("/api/annotations").json()["count"] == 0


def test_a_stack_of_another_study_is_not_served_through_an_annotation():
    writer = make_writer()
    other = make_case(project=writer.case.project)
    url = f"/api/annotations/{writer.annotation.pk}/mask?layer=instances&stack="
    client = signed_in(writer.user)
    assert client.get(f"{url}{other.stacks.get().pk}").status_code == 404
    assert client.get(f"{url}nonsense").status_code == 400


@pytest.mark.parametrize("mode", ["blind_first", "ai_hidden"])
def test_a_blind_reader_gets_nothing_of_the_proposal_from_any_endpoint(mode: str):
    case = make_case(mode=mode)
    revision = propose(case)
    client = reader_of(case)
    opened = client.post(f"/api/cases/{case.pk}/open", {}, content_type="application/json")
    annotation, stack = opened.json()["annotation"]["id"], case.stacks.get().pk
    answers = [
        opened,
        client.get("/api/cases"),
        client.get(f"/api/cases/{case.pk}"),
        client.get("/api/revisions"),
        client.get("/api/annotations"),
    ]
    answers += [client.get(f"/api/annotations/{annotation}"), client.get(f"/api/annotations/{annotation}/operations")]
    for layer in ("instances", "canal"):
        mask = client.get(f"/api/annotations/{annotation}/mask?stack={stack}&layer={layer}")
        assert not planes(mask)
        answers.append(mask)
    secrets = [str(revision.pk), str(revision.annotation_id), str(revision.annotation.model_version), "proposed", "IVD_L5"]
    for answer in answers:
        text = answer.content.decode(errors="replace").replace(
            json.dumps(opened.json()["case"]["protocol"]["structures"], separators=(",", ":")), ""
        )
        assert not [secret for secret in secrets if secret in text], answer.request["PATH_INFO"]
    assert client.get("/api/cases?state=proposed").json()["count"] == 0
    for tail in ("", f"/mask?stack={stack}&layer=canal", "/uncertainty"):
        assert client.get(f"/api/revisions/{revision.pk}{tail}").status_code == 404


def test_a_withdrawn_subject_is_gone_from_every_list():
    writer = make_writer()
    subject = writer.case.subject
    subject.withdrawn_at = writer.case.created_at
    subject.save()
    client = signed_in(writer.user)
    assert client.get("/api/cases").json()["count"] == client.get("/api/annotations").json()["count"] == 0
    assert client.get(f"/api/annotations/{writer.annotation.pk}/operations").status_code == 410


def test_a_revision_tells_its_segments_with_their_voxels():
    case = make_case()
    revision = propose(case)
    body = reader_of(case).get(f"/api/revisions/{revision.pk}").json()
    assert {entry["structure"]: entry["voxels"] for entry in body["segments"]} == {"L5": 32, "IVD_L5": 16, "CANAL": 16}
    assert (body["kind"], body["author_kind"], body["has_uncertainty"]) == ("proposal", "model", True)


def test_a_frozen_mask_is_kept_by_the_browser():
    case = make_case()
    revision = propose(case)
    client, url = reader_of(case), f"/api/revisions/{revision.pk}/mask?stack={case.stacks.get().pk}&layer=instances"
    first = client.get(url)
    assert "immutable" in first["Cache-Control"]
    assert client.get(url, headers={"if-none-match": first["ETag"]}).status_code == 304


def test_the_worklist_asks_the_database_a_fixed_number_of_questions(django_assert_max_num_queries):
    case = make_case()
    for _ in range(4):
        propose(make_case(project=case.project))
    client = reader_of(case)
    with django_assert_max_num_queries(12):
        assert client.get("/api/cases").json()["count"] == 5


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_said_keeps_what_was_kept_and_takes_the_same_again_when_there_is_room():
    if connection.vendor != "sqlite":
        pytest.skip("how full a database may be is a setting of SQLite alone")
    writer = make_writer()
    client, url = signed_in(writer.user), f"/api/annotations/{writer.annotation.pk}/operations"
    noise = np.random.default_rng(1).integers(0, 2, (60, *writer.plane(0).shape), dtype=np.uint8)
    data = writer.pack(*(writer.stroke({0: plane}) for plane in noise))
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count")
        (room,) = cursor.fetchone()
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA max_page_count = 1")  # as many pages as there are, and not one more
    try:
        refused = client.post(url, data, content_type=MEDIA_TYPE)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA max_page_count = {room}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (507, "storage_full")
    assert client.get(f"/api/annotations/{writer.annotation.pk}").json()["seq"] == writer.annotation.seq, "nothing of it is half kept"
    assert client.post(url, data, content_type=MEDIA_TYPE).status_code == 200
