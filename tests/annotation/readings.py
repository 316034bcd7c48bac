"""Cases that several people have read, for tests of reading modes, reviews and adjudications."""

from __future__ import annotations

from typing import Any

import numpy as np

from accounts.models import User
from annotation.models import Adjudication, Case, Protocol, Revision
from annotation.services.adjudication import adjudication_prepare
from annotation.services.annotation import annotation_submit
from tests.annotation.cases import Writer, make_case, segment_op
from tests.factories import make_member


def case_read_by(readers: int, review: str = "always", **options: Any) -> Case:
    """Return a new case that so many people read."""
    case = make_case(**options)
    Protocol.objects.filter(pk=case.protocol_id).update(readers=readers, review=review, recipe={"forms": ["genant"]})
    return Case.objects.select_related("protocol", "project", "subject").get(pk=case.pk)


def read(case: Case, user: User | None = None, *, rows: slice = slice(2, 8), name: str = "L5", grade: str | None = None) -> Revision:
    """Submit a reading: one vertebra in these rows of two slices, called so, and a Genant grade."""
    from tests.annotation.test_ladder import act

    writer = Writer(Case.objects.get(pk=case.pk), user or make_member(project=case.project))
    writer.send(segment_op(1, name))
    writer.send(writer.stroke({index: writer.block(index, 1, rows, slice(3, 12)) for index in (1, 2)}))
    writer.send(act("set", ladder={"bodies": [{"id": "b1", "name": name, "segment": 1}]}))
    if grade is not None:
        cell = {"form": "genant", "site": "b1", "value": grade}
        writer.send({**act("set"), "kind": "grades", "set": [cell], "clear": []})
    writer.annotation.refresh_from_db()
    return annotation_submit(annotation=writer.annotation, user=writer.user, expected_seq=writer.annotation.seq)


def settle_up(case: Case) -> Adjudication:
    found = adjudication_prepare(case_id=case.pk)
    assert found is not None
    return found


def drawn(revision: Revision, number: int = 1) -> np.ndarray:
    from annotation.services.revision import revision_mask

    stack = revision.annotation.case.stacks.get()
    return revision_mask(revision=revision, stack=stack, layer="instances") == number
