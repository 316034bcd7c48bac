"""Proposals: immutable, never an answer, and seen only by those who may."""

from __future__ import annotations

import json
import uuid
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction

from annotation.models import Annotation, Case, Revision
from annotation.services.annotation import annotation_submit
from annotation.services.assignment import assignment_open
from annotation.services.proposal import proposal_create
from annotation.services.revision import content_digest, revision_mask, revision_values
from config.errors import Conflict, Invalid
from storage.services.blob import blob_read
from tests.annotation.cases import Writer, make_case, make_writer, segment_op
from tests.factories import make_member

pytestmark = pytest.mark.django_db

MODEL = uuid.UUID("00000000-0000-4000-8000-0000000000aa")
SEGMENTS = [
    {"id": 1, "layer": "instances", "structure": "L5"},
    {"id": 2, "layer": "instances", "structure": "IVD_L5"},
    {"id": 1, "layer": "canal", "structure": "CANAL"},
]


def masks_of(case: Case) -> dict[str, dict[str, np.ndarray]]:
    stack = case.stacks.get()
    instances = np.zeros((stack.slice_count, stack.rows, stack.columns), dtype=np.uint8)
    canal = instances.copy()
    instances[1:3, 2:6, 2:6], instances[1:3, 7:9, 2:6], canal[1, 5:9, 5:9] = 1, 2, 1
    return {str(stack.pk): {"instances": instances, "canal": canal}}


def propose(case: Case, model: uuid.UUID = MODEL, **changes: Any) -> Revision:
    given = {"masks": masks_of(case), "segments": SEGMENTS, "uncertainty": {"slices": np.array([0.5, 0.25])}, **changes}
    revision = proposal_create(case=case, model_version=model, **given)
    case.refresh_from_db()
    return revision


def test_a_proposal_can_be_read_back_voxel_by_voxel():
    case = make_case()
    revision, stack = propose(case), case.stacks.get()
    masks = masks_of(case)[str(stack.pk)]
    for layer, mask in masks.items():
        assert np.array_equal(revision_mask(revision=revision, stack=stack, layer=layer), mask)
    assert json.loads(blob_read(digest=revision.uncertainty)) == {"slices": [0.5, 0.25]}
    assert (case.state, case.proposal_revision_id) == (Case.State.PROPOSED, revision.pk)


def test_canonical_values_follow_the_schema_and_the_layers_order():
    case = make_case()
    revision, stack = propose(case), case.stacks.get()
    values = revision_values(revision=revision, stack=stack)
    assert (values[1, 3, 3], values[1, 8, 3], values[1, 8, 8], values[1, 5, 5], values[0, 0, 0]) == (24, 124, 61, 24, 0)
    assert revision_values(revision=revision, stack=stack, layers=["canal"])[1, 5, 5] == 61


def test_the_same_proposal_again_is_the_same_revision_and_another_is_the_next():
    case = make_case()
    first = propose(case)
    assert propose(case).pk == first.pk
    masks = masks_of(case)
    next(iter(masks.values()))["canal"][0, 0, 0] = 1
    second = propose(case, masks=masks)
    assert (second.number, second.annotation_id, case.proposal_revision_id) == (2, first.annotation_id, second.pk)
    assert propose(case, uuid.uuid4()).annotation_id != first.annotation_id


def test_a_revision_is_named_by_its_content():
    revision = propose(make_case())
    revision.refresh_from_db()
    assert content_digest(revision.content) == revision.digest


def test_a_sealed_case_gets_no_proposal():
    with pytest.raises(Conflict, match="sealed"):
        propose(make_case(fold="sealed"))


def test_masks_that_do_not_fit_are_refused():
    case = make_case()
    stack_id = str(case.stacks.get().pk)
    with pytest.raises(Invalid):
        propose(case, masks={stack_id: {"instances": np.zeros((1, 2, 3), dtype=np.uint8)}})
    with pytest.raises(Invalid):
        propose(case, masks={str(uuid.uuid4()): {}})
    for wrong in (SEGMENTS[:1], [*SEGMENTS[:2], {"id": 1, "layer": "canal", "structure": "NOTHING"}]):
        with pytest.raises(Conflict) as caught:
            propose(case, segments=wrong)
        assert caught.value.code == "unknown_value"
    assert not Revision.objects.exists()


def test_the_database_refuses_to_change_or_delete_a_revision():
    propose(make_case())
    for statement in ("UPDATE annotation_revision SET seq = 9", "DELETE FROM annotation_revision"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_reader_starts_from_the_proposal_by_reference():
    case = make_case()
    revision = propose(case)
    writer = Writer(case, make_member(project=case.project))
    assert writer.annotation.derived_from_id == revision.pk
    assert [entry["status"] for entry in writer.annotation.segments] == ["proposed"] * 3
    assert not writer.annotation.chunks.exists()


def test_correcting_a_proposed_slice_copies_that_slice_only():
    case = make_case()
    propose(case)
    writer = Writer(case, make_member(project=case.project))
    mask = masks_of(case)[str(writer.stack.pk)]["instances"]
    writer.planes = {("instances", key): plane for key, plane in zip(writer.keys, mask, strict=True)}
    writer.send(writer.stroke({1: writer.block(1, 0, slice(2, 4), slice(2, 6))}))
    frozen = annotation_submit(annotation=writer.annotation, user=writer.user, expected_seq=1)
    expected = mask.copy()
    expected[1, 2:4, 2:6] = 0
    assert np.array_equal(revision_mask(revision=frozen, stack=writer.stack, layer="instances"), expected)
    assert writer.annotation.chunks.count() == 1
    assert writer.annotation.derived_from is not None
    assert frozen.content["derived_from"] == writer.annotation.derived_from.digest
    figures = {entry["structure"]: entry["voxels_changed"] for entry in frozen.figures["segments"]}
    assert (frozen.figures["voxels_changed"], figures) == (8, {"L5": 8, "IVD_L5": 0, "CANAL": 0})


def test_a_draft_without_work_takes_a_newer_proposal_over_and_one_with_work_does_not():
    case = make_case()
    user, other = make_member(project=case.project), make_member(project=case.project)
    lease, draft = assignment_open(case=case, user=user)
    assert draft.derived_from is None
    first = propose(case)
    assert assignment_open(case=case, user=user)[1].derived_from_id == first.pk
    writer = Writer(case, other) if lease is None else Writer(case, user)
    writer.send(segment_op(9, "L4"))
    propose(case, uuid.uuid4())
    assert assignment_open(case=case, user=user)[1].derived_from_id == first.pk


@pytest.mark.parametrize(("mode", "before", "after"), [("ai_first", True, True), ("blind_first", False, True), ("ai_hidden", False, False)])
def test_the_reading_mode_says_when_a_reader_sees_the_proposal(mode: str, before: bool, after: bool):
    case = make_case(mode=mode)
    revision = propose(case)
    user = make_member(project=case.project)
    shown = Revision.objects.visible_to(user).filter(pk=revision.pk)
    assert shown.exists() is before
    writer = Writer(case, user)
    assert bool(writer.annotation.derived_from) is before
    writer.send(segment_op(9, "L4"))
    annotation_submit(annotation=writer.annotation, user=user, expected_seq=1)
    assert shown.exists() is after


def test_a_manager_who_also_reads_is_blind_too():
    case = make_case(mode="ai_hidden")
    revision = propose(case)
    manager = make_member("data_manager", case.project)
    assert Revision.objects.visible_to(manager).filter(pk=revision.pk).exists()
    assert Annotation.objects.visible_to(manager).filter(author_kind="model").exists()
    make_member("radiologist", case.project, manager)
    assert not Revision.objects.visible_to(manager).filter(pk=revision.pk).exists()
    assert not Annotation.objects.visible_to(manager).filter(author_kind="model").exists()


def test_a_manager_does_not_see_other_readings_of_a_case_they_are_reading():
    writer = make_writer()
    manager = make_member("data_manager", writer.case.project)
    assert Annotation.objects.visible_to(manager).filter(pk=writer.annotation.pk).exists()
    make_member("radiologist", writer.case.project, manager)
    assignment_open(case=writer.case, user=manager, takeover=True)
    assert not Annotation.objects.visible_to(manager).filter(pk=writer.annotation.pk).exists()
