"""The law of the log: whatever was painted, taking it all back gives the slice that was there before."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.services.annotation import annotation_submit
from annotation.services.revision import revision_mask
from tests.annotation.cases import Writer, make_writer, segment_op

ROWS, COLUMNS = 12, 16
discs = st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1), st.integers(1, 5))
yy, xx = np.mgrid[:ROWS, :COLUMNS]


def painted(writer: Writer) -> str:
    planes = [writer.plane(index) for index in range(4)]
    return hashlib.sha256(b"".join(plane.tobytes() for plane in planes)).hexdigest()


@pytest.mark.django_db(transaction=False)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strokes=st.lists(discs, min_size=1, max_size=12))
def test_undoing_every_stroke_gives_the_mask_that_was_there_and_redoing_them_the_painted_one(strokes: list[tuple[int, ...]]):
    writer = make_writer()
    writer.send(segment_op(2, "L4"))
    empty = painted(writer)
    history = []
    for index, value, row, column, radius in strokes:
        after = writer.plane(index).copy()
        after[(yy - row) ** 2 + (xx - column) ** 2 <= radius**2] = value
        before = writer.plane(index)
        op, bodies = writer.stroke({index: after})
        writer.send((op, bodies))
        history.append((op["id"], index, before, after))
    goal = painted(writer)
    undone = []
    for op_id, index, before, after in reversed(history):
        op, bodies = writer.stroke({index: before}, undoes=op_id)
        writer.send((op, bodies))
        undone.append((op["id"], index, after))
    assert painted(writer) == empty
    for op_id, index, after in reversed(undone):
        writer.send(writer.stroke({index: after}, undoes=op_id))
    assert painted(writer) == goal
    writer.annotation.refresh_from_db()
    revision = annotation_submit(annotation=writer.annotation, user=writer.user, expected_seq=writer.annotation.seq)
    mask = revision_mask(revision=revision, stack=writer.stack, layer="instances")
    assert hashlib.sha256(mask.tobytes()).hexdigest() == goal
    assert writer.annotation.seq == 2 + 3 * len(strokes)
