"""The outbox: writing to it, and turning what it holds into jobs exactly once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import Project
from jobs.models import Event
from jobs.services.job import job_create

if TYPE_CHECKING:
    from jobs.models import Job


def event_emit(*, kind: str, payload: dict[str, Any]) -> Event:
    """Write an event; call it inside the transaction of the change it tells of."""
    return Event.objects.create(kind=kind, payload=payload)


def event_dispatch(*, event: Event, routes: Mapping[str, tuple[str, ...]], queue_of: Callable[[str], str]) -> list[Job]:
    """Make the jobs that follow from an event and mark it dispatched, in one transaction. Return the new ones.

    Two dispatchers may meet here: the dedupe key (event, kind) lets only one job of each kind come to be.
    Raise ``KeyError`` for a kind of job that no room declares.
    """
    queues = {kind: queue_of(kind) for kind in routes.get(event.kind, ())}
    made = []
    with transaction.atomic():
        project = _project(event.payload.get("project"))
        for kind, queue in queues.items():
            key = f"event:{event.pk}:{kind}"
            job, new = job_create(kind=kind, queue=queue, payload=event.payload, project=project, dedupe_key=key)
            made += [job] if new else []
        Event.objects.filter(pk=event.pk, dispatched_at=None).update(dispatched_at=timezone.now())
    return made


def _project(name: str | None) -> Project | None:
    """Return the project an event names by id or slug; None when there is none, or no longer."""
    if not name:
        return None
    try:
        return Project.objects.filter(pk=UUID(str(name))).first()
    except ValueError:
        return Project.objects.filter(slug=name).first()
