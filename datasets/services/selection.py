"""Which readings a version holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from annotation.models import Case, Revision
from datasets.models import Dataset, Version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

_RANK = {"consensus": 3, "adjudicator": 2, "reader": 1, "import": 0}
"""Whose reading stands when a case has several; among equals the latest."""


@dataclass(frozen=True)
class Pin:
    """One case and the revision that stands for it."""

    case: Case
    revision: Revision

    def to_json(self) -> dict[str, str]:
        return {"case": str(self.case.pk), "revision": str(self.revision.pk), "subject": str(self.case.subject_id)}


def cases_eligible(*, dataset: Dataset, kind: str) -> QuerySet[Case]:
    """Return the cases a version may draw from when none are named: those with a reading; for training never a sealed patient's."""
    found = Case.objects.filter(project=dataset.project_id, subject__withdrawn_at=None)
    if kind == Version.Kind.TRAINING:
        return found.exclude(subject__fold="sealed")
    return found.filter(state__in=["submitted", "accepted"])


def pins_choose(cases: Iterable[Case]) -> tuple[list[Pin], list[Case]]:
    """Return a pin per case that has a reading, in order of case id, and the cases that have none."""
    chosen = {str(case.pk): case for case in cases}
    standing: dict[str, Revision] = {}
    revisions = Revision.objects.authored().filter(
        annotation__case__in=list(chosen.values()), annotation__state="submitted", annotation__branch_of=None
    )
    for revision in revisions.select_related("annotation").order_by("created_at", "pk"):
        case_id = str(revision.annotation.case_id)
        if case_id not in standing or _rank(revision) >= _rank(standing[case_id]):
            standing[case_id] = revision
    pins = [Pin(case, standing[key]) for key, case in sorted(chosen.items()) if key in standing]
    return pins, [case for key, case in sorted(chosen.items()) if key not in standing]


def _rank(revision: Revision) -> int:
    return _RANK.get(revision.annotation.author_kind, -1)


def pins_load(pins: list[dict[str, Any]]) -> list[Pin]:
    """Return the pins of a draft with their rows, in the draft's order."""
    cases = Case.objects.select_related("subject", "study", "protocol__schema").in_bulk([pin["case"] for pin in pins])
    revisions = Revision.objects.select_related("annotation__case__protocol__schema").in_bulk([pin["revision"] for pin in pins])
    by_text = {str(key): row for key, row in cases.items()}
    frozen = {str(key): row for key, row in revisions.items()}
    return [Pin(by_text[pin["case"]], frozen[pin["revision"]]) for pin in pins]
