"""Earlier studies of the same subject, to be looked at beside a case. What they are called and when they were is said by interval only."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from annotation.models import Case
from storage.models import Stack, Study


@dataclass(frozen=True, slots=True)
class Prior:
    """An earlier study: how many days before the case's own, and its stacks that can be shown."""

    study: UUID
    description: str
    days_before: int
    stacks: list[Stack]


def priors_of(*, case: Case) -> list[Prior]:
    """Return the earlier studies of a case's subject in its project, the newest first; those without a date or a readable stack are left out.

    Dates of one patient are all shifted alike, so that the days between are the true ones.
    """
    own = case.study.study_date
    if own is None:
        return []
    earlier = Study.objects.filter(subject=case.subject_id, project=case.project_id, study_date__lt=own).order_by("-study_date", "pk")
    stacks = Stack.objects.current().ready().filter(series__study__in=earlier).with_region().select_related("series")
    shown: dict[UUID, list[Stack]] = {}
    for stack in stacks.defer("slices", "geometry"):
        shown.setdefault(stack.series.study_id, []).append(stack)
    return [
        Prior(study.pk, study.description, (own - study.study_date).days, shown[study.pk])
        for study in earlier
        if study.pk in shown and study.study_date is not None
    ]
