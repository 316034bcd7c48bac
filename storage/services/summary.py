"""The figures of the intake page, counted from tallies and rows: nothing here is kept twice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils import timezone

from accounts.models import AuditEvent
from storage.disk import disk_figures
from storage.models import IntakeTally, QuarantineItem, Series, Source, Stack

if TYPE_CHECKING:
    from accounts.models import Project

_MINUTES = 60
_LIVE = 30
_SUMS = ("received", "stored", "duplicate", "refused", "quarantined", "received_bytes", "microseconds")


def intake_summary(*, project: Project) -> dict[str, Any]:
    """Return what came in today (UTC), how it went on, the rate per source and minute of the last hour, and the series arriving now."""
    now = timezone.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today = IntakeTally.objects.filter(source__project=project, minute__gte=midnight).aggregate(**{name: Sum(name) for name in _SUMS})
    sums = {name: today[name] or 0 for name in _SUMS}
    microseconds = sums.pop("microseconds")
    studies = Series.objects.filter(project=project, last_received_at__gte=midnight).values("study").distinct().count()
    stacks = Stack.objects.filter(project=project).current()
    counted = stacks.aggregate(
        total=Count("pk"), not_volume=Count("pk", filter=Q(kind=Stack.Kind.STACK)), waiting=Count("pk", filter=Q(ready_at=None))
    )
    return {
        "at": now.isoformat(),
        "today": {
            **sums,
            "studies": studies,
            "milliseconds_each": round(microseconds / 1000 / sums["received"], 2) if sums["received"] else None,
        },
        "held": QuarantineItem.objects.filter(project=project).held().count(),
        "stacks": {"total": counted["total"], "not_a_volume": counted["not_volume"], "waiting_for_frames": counted["waiting"]},
        "sources": _sources(project, now),
        "live": _live(project),
        "has_room": bool(disk_figures(settings.ENVIRONMENT.data_dir)["ok"]),
        "strangers": _strangers(midnight),
    }


def _sources(project: Project, now: Any) -> list[dict[str, Any]]:
    first = now.replace(second=0, microsecond=0) - timedelta(minutes=_MINUTES - 1)
    rates: dict[Any, list[int]] = {}
    for source, minute, received in IntakeTally.objects.filter(source__project=project, minute__gte=first).values_list(
        "source", "minute", "received"
    ):
        rates.setdefault(source, [0] * _MINUTES)[int((minute - first).total_seconds() // 60)] = received
    last = {
        row["source"]: row["minute"]
        for row in IntakeTally.objects.filter(source__project=project).order_by("source", "minute").values("source", "minute")
    }
    return [
        {
            "id": str(source.pk),
            "name": source.name,
            "kind": source.kind,
            "is_active": source.is_active,
            "per_minute": rates.get(source.pk, [0] * _MINUTES),
            "now": rates.get(source.pk, [0])[-1],
            "last_received_at": last[source.pk].isoformat() if source.pk in last else None,
        }
        for source in Source.objects.filter(project=project)
    ]


def _strangers(since: Any) -> list[dict[str, Any]]:
    """Return the AE titles that were turned away today because nobody knows them, the last first."""
    refused = AuditEvent.objects.filter(verb="association.refuse", at__gte=since).order_by("-at")[:200]
    last: dict[str, Any] = {}
    for event in refused:
        last.setdefault(event.object_id, event.at)
    return [{"ae_title": name, "refused_at": at.isoformat()} for name, at in list(last.items())[:5]]


def _live(project: Project) -> list[dict[str, Any]]:
    newest = (
        Series.objects.filter(project=project)
        .select_related("study__subject")
        .annotate(ready=Count("stacks", filter=Q(stacks__is_current=True) & ~Q(stacks__ready_at=None)))
    )
    return [
        {
            "series": str(series.pk),
            "study": str(series.study_id),
            "pseudonym": series.study.subject.pseudonym,
            "modality": series.modality,
            "description": series.description,
            "received": series.received,
            "state": "arriving" if series.received > series.assembled else "ready" if series.ready else "frames",
            "last_received_at": series.last_received_at.isoformat() if series.last_received_at else None,
        }
        for series in newest.order_by("-last_received_at")[:_LIVE]
    ]
