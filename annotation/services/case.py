"""Studies become cases."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from annotation.models import Case, Protocol
from config.errors import Missing
from jobs.services.event import event_emit
from storage.models import Stack


def case_open(*, stack: Stack) -> list[Case]:
    """Return the study's cases, one per active protocol of the project, each with the study's current stacks.

    Safe to repeat and to run for two stacks of one study at once; ``case.opened`` is emitted where a case is new or its
    stacks changed.
    """
    study = stack.series.study
    if study.subject.withdrawn_at is not None:
        return []
    return [_case_of(protocol, stack) for protocol in Protocol.objects.active().filter(project=stack.project_id)]


def _case_of(protocol: Protocol, stack: Stack) -> Case:
    study = stack.series.study
    with transaction.atomic():
        defaults = {"project_id": study.project_id, "subject_id": study.subject_id}
        case, new = Case.objects.get_or_create(protocol=protocol, study=study, defaults=defaults)
        case = Case.objects.select_for_update().get(pk=case.pk)
        wanted = set(Stack.objects.current().ready().filter(series__study=study))
        had = set(case.stacks.all())
        if wanted != had:
            case.stacks.set(wanted)
        if new or wanted != had:
            event_emit(kind="case.opened", payload={"case": str(case.pk), "project": str(case.project_id)})
    return case


def case_open_for(*, stack_id: str) -> list[Case]:
    """As :func:`case_open`, by the stack's id. Raises :class:`config.errors.Missing`."""
    stack = Stack.objects.select_related("series__study__subject").filter(pk=stack_id).first()
    if stack is None:
        raise Missing("The stack is not there any more.", code="stack_missing")
    return case_open(stack=stack)


def cases_settle(*, study_id: UUID) -> int:
    """Say of the study's cases that their stacks will not change now (``case.settled``), and return how many there are."""
    stack = Stack.objects.current().ready().filter(series__study=study_id).select_related("series__study__subject").first()
    if stack is not None:
        case_open(stack=stack)
    cases = Case.objects.filter(study=study_id, subject__withdrawn_at=None)
    with transaction.atomic():
        for case in cases:
            event_emit(kind="case.settled", payload={"case": str(case.pk), "project": str(case.project_id)})
    return len(cases)


def case_prioritise(*, case: Case, priority: float) -> None:
    """Set a case's place in the queue; the higher comes first. The room above that ranks cases calls this."""
    Case.objects.filter(pk=case.pk).update(priority=priority)
