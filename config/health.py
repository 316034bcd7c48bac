"""``/health``: whether this web process lives, and whether what it stands on answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Count, Min
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.errors import ColumnaError
from jobs.models import Event, Job
from storage.disk import disk_figures

_NOWHERE = "0" * 64
_WAITING_TOO_LONG = 300.0


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 while this process can answer at all; a supervisor restarts it when it cannot."""
    return JsonResponse({"status": "ok"})


def readiness() -> tuple[bool, dict[str, Any]]:
    """Return whether database and object store answer, and the figures. A long queue or a full disk is told but makes nothing unready."""
    parts = {"database": _timed(_database), "object_store": _timed(_object_store)}
    well = all(part["ok"] for part in parts.values())
    parts["disk"] = disk_figures(settings.ENVIRONMENT.data_dir)
    if parts["database"]["ok"]:
        parts["jobs"] = queue_figures()
    return well, {"status": "ok" if well else "unavailable", **parts}


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database and the object store answer, else 503; tell what waits, and for how long."""
    well, figures = readiness()
    return JsonResponse(figures, status=200 if well else 503)


def _timed(check: Callable[[], None]) -> dict[str, Any]:
    start = time.monotonic()
    try:
        check()
        code = None
    except ColumnaError as error:
        code = error.code
    except (DatabaseError, InterfaceError, OSError) as error:
        code = type(error).__name__
    figures: dict[str, Any] = {"ok": code is None, "milliseconds": round((time.monotonic() - start) * 1000, 1)}
    return figures if code is None else {**figures, "error": code}


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _object_store() -> None:
    from storage.object_store import store

    store().exists(_NOWHERE)


def queue_figures() -> dict[str, Any]:
    """Return what waits: events not yet dispatched, and per queue the queued jobs and the age of the oldest, in seconds."""
    now = timezone.now()
    waiting = Job.objects.due().order_by().values("queue").annotate(count=Count("pk"), oldest=Min("created_at"))
    ages = {row["queue"]: round((now - row["oldest"]).total_seconds(), 1) for row in waiting}
    return {
        "ok": max(ages.values(), default=0.0) < _WAITING_TOO_LONG,
        "undispatched_events": Event.objects.filter(dispatched_at=None).count(),
        "queued": {row["queue"]: row["count"] for row in waiting},
        "oldest_queued_seconds": ages,
        "running": Job.objects.filter(state=Job.State.RUNNING).count(),
        "without_heartbeat": Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=now).count(),
    }
