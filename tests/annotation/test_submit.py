"""Submitting: once, whole, and never what the reader did not see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from accounts.models import AuditEvent
from annotation.models import Annotation, Assignment, Case, Revision
from annotation.services.annotation import annotation_submit
from annotation.services.assignment import assignment_open
from annotation.services.figures import active_seconds
from annotation.services.revision import revision_mask
from config.errors import Conflict
from jobs.models import Event
from tests.annotation.cases import Writer, make_case, make_writer, segment_op
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def painted() -> Writer:
    writer = make_writer()
    writer.send(writer.stroke({2: writer.block(2, 1, slice(1, 9), slice(2, 12))}))
    return writer


def submit(writer: Writer, seq: int = 2) -> Revision:
    return annotation_submit(annotation=writer.annotation, user=writer.user, expected_seq=seq)


def test_submitting_freezes_what_was_painted():
    writer = painted()
    revision = submit(writer)
    mask = revision_mask(revision=revision, stack=writer.stack, layer="instances")
    assert np.array_equal(mask[2], writer.plane(2))
    assert mask.sum() == writer.plane(2).sum()
    writer.case.refresh_from_db()
    assert writer.case.state == Case.State.SUBMITTED
    assert Assignment.objects.get(pk=writer.lease.pk).state == Assignment.State.SUBMITTED


def test_submitting_twice_is_one_submission():
    writer = painted()
    assert submit(writer).pk == submit(writer).pk
    assert Event.objects.filter(kind="annotation.submitted").count() == 1
    assert AuditEvent.objects.filter(verb="annotation.submit").count() == 1


def test_the_event_names_what_upper_rooms_need():
    writer = painted()
    revision = submit(writer)
    assert Event.objects.get(kind="annotation.submitted").payload == {
        "annotation": str(writer.annotation.pk),
        "revision": str(revision.pk),
        "case": str(writer.case.pk),
        "project": str(writer.case.project_id),
        "author_kind": "reader",
    }


def test_another_sequence_number_is_refused_before_and_after():
    writer = painted()
    with pytest.raises(Conflict) as caught:
        submit(writer, 1)
    assert (caught.value.code, caught.value.state) == ("stale_revision", {"seq": 2})
    revision = submit(writer)
    with pytest.raises(Conflict) as caught:
        submit(writer, 1)
    assert (caught.value.code, caught.value.state["revision"]) == ("already_submitted", str(revision.pk))


def test_submitting_needs_a_live_lease():
    writer = painted()
    assignment_open(case=writer.case, user=make_member(project=writer.case.project), takeover=True)
    with pytest.raises(Conflict) as caught:
        submit(writer)
    assert (caught.value.code, caught.value.state["holder"]) == ("lease_expired", "other")
    assert not Revision.objects.exists()


def test_voxels_of_an_id_that_no_segment_has_are_refused():
    writer = painted()
    Annotation.objects.filter(pk=writer.annotation.pk).update(segments=[])
    with pytest.raises(Conflict) as caught:
        submit(writer)
    assert (caught.value.code, caught.value.state["values"]) == ("unknown_value", [1])


def test_a_submitted_annotation_takes_no_more_operations():
    writer = painted()
    submit(writer)
    with pytest.raises(Conflict) as caught:
        writer.send(segment_op(5, "L3"))
    assert caught.value.code == "already_submitted"


def test_the_same_reading_of_the_same_stack_has_the_same_digest():
    writer = painted()
    first = submit(writer)
    lease, again = assignment_open(case=writer.case, user=writer.user, amend=True)
    assert again.derived_from_id == first.pk
    writer.lease, writer.annotation = lease, again
    second = annotation_submit(annotation=again, user=writer.user, expected_seq=0)
    assert second.content["layers"] == first.content["layers"]
    assert second.digest != first.digest, "it says what it derives from"


def test_a_submitted_case_opens_again_only_to_amend():
    writer = painted()
    submit(writer)
    with pytest.raises(Conflict) as caught:
        assignment_open(case=writer.case, user=writer.user)
    assert caught.value.code == "already_submitted"


def test_an_empty_reading_can_be_submitted():
    case = make_case()
    writer = Writer(case, make_member(project=case.project))
    revision = annotation_submit(annotation=writer.annotation, user=writer.user, expected_seq=0)
    assert revision.content["layers"] == {}


def test_active_time_leaves_long_pauses_out():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert active_seconds([start + timedelta(seconds=at) for at in (0, 10, 40, 1000, 1030)]) == 10 + 30 + 30
    assert active_seconds([]) == active_seconds([start]) == 0
