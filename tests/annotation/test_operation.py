"""Operations: idempotent, in order, checked, and taken back."""

from __future__ import annotations

import hashlib
import uuid

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction

from annotation.models import Operation
from annotation.services.annotation import annotation_branch
from annotation.services.operation_batch import batch_decode
from annotation.services.planes import planes_read
from config.errors import Conflict, Invalid
from storage.models import Stack
from tests.annotation.cases import Writer, make_writer, segment_op

pytestmark = pytest.mark.django_db


def stands(writer: Writer, index: int, layer: str = "instances") -> np.ndarray:
    place = (layer, writer.keys[index])
    writer.annotation.refresh_from_db()
    return planes_read(annotation=writer.annotation, places=[(place, writer.stack)])[place]


def box(writer: Writer, index: int = 0, value: int = 1) -> tuple[dict, list[bytes]]:
    return writer.stroke({index: writer.block(index, value, slice(2, 5), slice(3, 9))})


def test_a_stroke_changes_the_slice_and_answers_its_digest():
    writer = make_writer()
    done = writer.send(box(writer))
    assert done.seq == 2
    assert np.array_equal(stands(writer, 0), writer.plane(0))
    assert done.slices[0]["digest"] == hashlib.sha256(writer.plane(0).tobytes()).hexdigest()


def test_sending_a_batch_again_applies_it_once():
    writer = make_writer()
    batch = [box(writer, 0), box(writer, 1)]
    first = writer.send(*batch, base=1)
    assert writer.send(*batch, base=1) == first
    assert Operation.objects.filter(annotation=writer.annotation).count() == 3


def test_a_batch_that_grew_after_a_lost_answer_applies_only_what_is_new():
    writer = make_writer()
    first, second = box(writer, 0), box(writer, 1)
    writer.send(first, base=1)
    assert writer.send(first, second, base=1).operations[1][1] == 3


def test_what_comes_out_of_order_is_stale_and_says_where_the_log_stands():
    writer = make_writer()
    first, second = box(writer, 0), box(writer, 1)
    with pytest.raises(Conflict) as caught:
        writer.send(second, base=2)
    assert (caught.value.code, caught.value.state) == ("stale_revision", {"seq": 1})
    writer.send(first, base=1)
    assert writer.send(second, base=2).seq == 3


def test_an_id_used_again_for_something_else_is_refused():
    writer = make_writer()
    op, bodies = box(writer, 0)
    writer.send((op, bodies))
    other, other_bodies = box(writer, 1)
    with pytest.raises(Conflict, match="another meaning"):
        writer.send(({**other, "id": op["id"]}, other_bodies))


def test_another_old_value_is_refused_with_the_digest_of_the_slice():
    writer = make_writer()
    writer.send(box(writer))
    held = hashlib.sha256(writer.plane(0).tobytes()).hexdigest()
    writer.planes.clear()
    with pytest.raises(Conflict) as caught:
        writer.send(writer.stroke({0: writer.block(0, 1, slice(3, 4), slice(0, 16))}))
    assert caught.value.code == "old_value_mismatch"
    assert caught.value.state["slices"] == [{"stack": str(writer.stack.pk), "layer": "instances", "key": writer.keys[0], "digest": held}]


def test_a_batch_is_applied_whole_or_not_at_all():
    writer = make_writer()
    good = box(writer, 0)
    writer.planes["instances", writer.keys[1]] = np.full_like(writer.plane(1), 1)
    with pytest.raises(Conflict):
        writer.send(good, writer.stroke({1: writer.block(1, 0, slice(0, 2), slice(0, 2))}))
    assert not stands(writer, 0).any()
    assert writer.annotation.seq == 1


def test_an_unknown_segment_id_answers_with_the_table():
    writer = make_writer()
    with pytest.raises(Conflict) as caught:
        writer.send(box(writer, value=7))
    assert caught.value.code == "unknown_value"
    assert caught.value.state["values"] == [7]


def test_an_accepted_structure_cannot_be_overwritten_or_grown():
    writer = make_writer()
    writer.send(box(writer), segment_op(status="accepted"), segment_op(2, "L4"))
    for value in (2, 0):
        with pytest.raises(Conflict) as caught:
            writer.send(writer.stroke({0: writer.block(0, value, slice(2, 3), slice(3, 4))}))
        assert caught.value.code == "locked_segment"
        writer.planes["instances", writer.keys[0]] = stands(writer, 0).copy()
    with pytest.raises(Conflict):
        writer.send(writer.stroke({1: writer.block(1, 1, slice(2, 3), slice(3, 4))}))


def test_renaming_a_segment_touches_no_voxel():
    writer = make_writer()
    writer.send(box(writer))
    before = stands(writer, 0)
    writer.send(segment_op(1, "L4"))
    assert np.array_equal(stands(writer, 0), before)
    assert writer.annotation.segments[0]["structure"] == "L4"


def test_a_structure_outside_the_protocol_or_of_another_layer_is_an_unknown_value():
    writer = make_writer()
    for structure, layer in (("LES_SCHMORL", "lesions"), ("CANAL", "instances")):
        with pytest.raises(Conflict) as caught:
            writer.send(segment_op(9, structure, layer))
        assert caught.value.code == "unknown_value"


def test_a_segment_is_removed_only_when_it_is_empty():
    writer = make_writer()
    writer.send(box(writer))
    remove = {"id": str(uuid.uuid4()), "kind": "segments", "set": [], "remove": [{"id": 1, "layer": "instances"}]}
    with pytest.raises(Conflict, match="still has voxels"):
        writer.send(remove)
    erased = writer.stroke({0: np.zeros_like(writer.plane(0))})
    assert writer.send(erased, {**remove, "id": str(uuid.uuid4())}).seq == 4
    assert writer.annotation.segments == []


def test_an_undo_names_what_it_takes_back():
    writer = make_writer()
    op, bodies = box(writer)
    writer.send((op, bodies))
    writer.send(writer.stroke({0: np.zeros_like(writer.plane(0))}, undoes=op["id"]))
    assert not stands(writer, 0).any()
    with pytest.raises(Invalid):
        writer.send(writer.stroke({0: writer.plane(0)}, undoes=str(uuid.uuid4())))


def test_a_segments_operation_is_logged_with_what_takes_it_back():
    writer = make_writer()
    writer.send(segment_op(1, "L4", status="accepted"))
    row = Operation.objects.get(annotation=writer.annotation, seq=2)
    writer.send({"id": str(uuid.uuid4()), "kind": "segments", "undoes": row.header["id"], **row.header["was"]})
    assert writer.annotation.segments == [{"id": 1, "layer": "instances", "structure": "L5", "status": "edited"}]


def test_an_expired_lease_is_told_who_holds_the_case_now():
    writer = make_writer()
    writer.lease.lease_until = writer.lease.created_at
    writer.lease.save()
    with pytest.raises(Conflict) as caught:
        writer.send(box(writer))
    assert caught.value.code == "lease_expired"
    assert caught.value.state["holder"] == "none"


def test_three_hundred_operations_land_in_order():
    writer = make_writer()
    for start in range(0, 300, 50):
        ops = []
        for number in range(start, start + 50):
            ops.append(
                writer.stroke({number % 4: writer.block(number % 4, (number // 7) % 2, slice(number % 11, 12), slice(number % 13, 16))})
            )
        writer.send(*ops)
    assert writer.annotation.seq == 301
    assert list(writer.annotation.operations.values_list("seq", flat=True)) == list(range(1, 302))
    for index in range(4):
        assert np.array_equal(stands(writer, index), writer.plane(index))


def test_a_slice_that_arrived_late_leaves_what_was_painted():
    writer = make_writer()
    writer.send(box(writer))
    old = writer.stack
    newer = Stack.objects.get(pk=old.pk)
    newer.pk, newer._state.adding = uuid.uuid4(), True
    newer.slices, newer.slices_digest, newer.revision = [*old.slices, {**old.slices[0], "frame": 2}], "f" * 64, 2
    newer.slice_count += 1
    newer.save()
    Stack.objects.filter(pk=old.pk).update(is_current=False)
    writer.send(writer.stroke({0: writer.block(0, 0, slice(2, 3), slice(3, 9))}))
    writer.stack = newer
    assert np.array_equal(stands(writer, 0), writer.plane(0))


def test_a_stale_writers_work_is_kept_as_a_branch():
    writer = make_writer()
    writer.send(box(writer, 0))
    writer.send(segment_op(2, "L4"), writer.stroke({0: writer.block(0, 2, slice(0, 12), slice(0, 16))}))
    late = Writer(writer.case, writer.user)
    late.planes = {("instances", writer.keys[0]): np.zeros_like(writer.plane(0))}
    late.planes["instances", late.keys[0]][2:5, 3:9] = 1
    stroke = late.stroke({0: late.block(0, 1, slice(6, 8), slice(0, 4))})
    batch = batch_decode(late.pack(stroke, base=2))
    branch = annotation_branch(annotation=writer.annotation, user=writer.user, batch=batch)
    place = ("instances", writer.keys[0])
    assert np.array_equal(planes_read(annotation=branch, places=[(place, writer.stack)])[place], late.plane(0))
    assert [entry["id"] for entry in branch.segments] == [1]
    assert np.array_equal(stands(writer, 0), writer.plane(0))
    assert annotation_branch(annotation=writer.annotation, user=writer.user, batch=batch).pk == branch.pk


def test_the_database_refuses_to_change_or_delete_the_log():
    writer = make_writer()
    for statement in ("UPDATE annotation_operation SET seq = 9", "DELETE FROM annotation_operation"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    writer.case.subject.withdrawn_at = writer.case.created_at
    writer.case.subject.save()
    assert writer.annotation.operations.all().delete()[0] == 1


def test_what_cannot_be_an_operation_is_invalid():
    writer = make_writer()
    op, bodies = box(writer)
    wrong = [
        {**op, "kind": "magic", "slices": []},
        {**op, "id": "x"},
        {**op, "stack": str(uuid.uuid4())},
        {**op, "layer": "nowhere"},
        {**op, "slices": [{"key": "00:1", "length": len(bodies[0])}]},
        {**op, "slices": op["slices"] * 2},
        {**op, "tool": "x" * 99},
    ]
    for header in wrong:
        with pytest.raises(Invalid):
            writer.send((header, bodies if header["slices"] else []))
    with pytest.raises(Invalid, match="ends inside a number"):
        writer.send(({**op, "slices": [{"key": writer.keys[0], "length": 1}]}, [b"\x80"]))
