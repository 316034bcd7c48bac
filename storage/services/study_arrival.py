"""How far a study has come, as the worklist says it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db.models import Sum

from storage.models import Study


@dataclass(frozen=True)
class StudyArrival:
    """``received`` images are here, of the ``expected`` that the source has, where it could be asked.

    ``arriving``: more is awaited. ``whole``: its end is known. ``short``: nothing came any more, though the source has more.
    """

    state: Literal["arriving", "whole", "short"]
    received: int
    expected: int | None


def studies_arrival(*, studies: Iterable[UUID]) -> dict[UUID, StudyArrival]:
    """Return how far each study has come, in one query. What never came over a line (volumes from NIfTI) is whole."""
    rows = Study.objects.filter(pk__in=set(studies)).order_by().annotate(images=Sum("series__received"))
    found = {}
    for pk, images, expected, ended_at, ended_by, last in rows.values_list(
        "pk", "images", "expected", "ended_at", "ended_by", "last_received_at"
    ):
        received = images or 0
        if ended_at is None and last is not None:
            state: Literal["arriving", "whole", "short"] = "arriving"
        elif expected is not None and expected > received and ended_by == Study.EndedBy.IDLE:
            state = "short"
        else:
            state = "whole"
        found[pk] = StudyArrival(state, received, expected)
    return found
