"""A subject who withdraws leaves no stroke behind."""

from __future__ import annotations

import pytest

from annotation.models import Assignment, Chunk, Operation, Revision
from annotation.services.annotation import annotation_submit
from annotation.services.withdrawal import subject_forget
from config.errors import Conflict, Missing
from storage.envelope import MEDIA_TYPE
from storage.services.blob import blob_read
from tests.annotation.cases import Writer, make_case, make_writer, segment_op
from tests.annotation.test_proposal import propose
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def withdraw(subject) -> None:
    subject.withdrawn_at = subject.created_at
    subject.save()


def test_everything_drawn_goes_and_the_digest_stays():
    writer = make_writer()
    writer.send(writer.stroke({0: writer.block(0, 1, slice(0, 5), slice(0, 5))}))
    revision = annotation_submit(annotation=writer.annotation, user=writer.user, expected_seq=2)
    blob = next(iter(revision.chunks.values()))["blob"]
    withdraw(writer.case.subject)
    assert subject_forget(subject_id=writer.case.subject_id) == {"revisions": 1, "blobs": 1, "operations": 2, "chunks": 1}
    digest = revision.digest
    revision.refresh_from_db()
    assert (revision.digest, revision.content, revision.chunks) == (digest, {}, {})
    assert not Chunk.objects.exists()
    assert not Operation.objects.exists()
    with pytest.raises(Missing):
        blob_read(digest=blob)
    assert subject_forget(subject_id=writer.case.subject_id)["operations"] == 0


def test_what_another_subject_holds_too_is_kept():
    one, other = make_case(), make_case()
    propose(one)
    kept = propose(other)
    withdraw(one.subject)
    assert subject_forget(subject_id=one.subject_id)["blobs"] == 0
    assert all(blob_read(digest=entry["blob"]) for entry in kept.chunks.values())


def test_an_open_lease_ends():
    case = make_case()
    writer = Writer(case, make_member(project=case.project))
    withdraw(case.subject)
    subject_forget(subject_id=case.subject_id)
    assert Assignment.objects.get(pk=writer.lease.pk).state == Assignment.State.RELEASED


def test_nothing_is_deleted_of_a_subject_who_stays():
    case = make_case()
    propose(case)
    with pytest.raises(Conflict):
        subject_forget(subject_id=case.subject_id)
    assert Revision.objects.get().content


def test_who_still_has_the_case_open_is_told_that_it_is_gone(client):
    writer = make_writer()
    client.force_login(writer.user)
    withdraw(writer.case.subject)
    of = f"/api/annotations/{writer.annotation.pk}"
    answers = [
        client.post(f"/api/cases/{writer.case.pk}/open", {}, content_type="application/json"),
        client.post(f"/api/assignments/{writer.lease.pk}/renew", {}, content_type="application/json"),
        client.post(f"{of}/operations", writer.pack(segment_op(7, "L3")), content_type=MEDIA_TYPE),
        client.post(f"{of}/slices/check", {"slices": []}, content_type="application/json"),
        client.get(f"{of}/mask?stack={writer.stack.pk}&layer=instances"),
    ]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(410, "withdrawn")] * 5
    assert {answer.headers["Clear-Site-Data"] for answer in answers} == {'"cache"'}, "what the browser cached of it goes too"
