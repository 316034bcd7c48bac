"""How long people worked: seconds, without what they did."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from annotation.models import Annotation
from config.errors import Invalid

DAY = 86_400.0
MAX_VISITS = 400
MAX_STRUCTURES = 120


def effort_note(*, annotation: Annotation, visit: str, active: float, idle: float, structures: dict[str, float]) -> dict[str, Any]:
    """Store a visit's totals so far and return the sum over all visits, as :func:`effort_of` does.

    ``visit`` is an opaque word that the browser makes at every opening; its totals only grow, so sending them twice, late or out of
    order counts once. ``structures`` is {code: active seconds}. Raises :class:`Invalid` for what no visit can have.
    """
    known = set(annotation.case.protocol.schema.structures.values_list("code", flat=True))
    if not 0 < len(visit) <= 40 or len(structures) > MAX_STRUCTURES or set(structures) - known:
        raise Invalid("A visit is a short word, and its structures are codes of the schema.", code="bad_effort")
    if not all(0 <= seconds <= DAY for seconds in (active, idle, *structures.values())):
        raise Invalid("Seconds lie between none and a day.", code="bad_effort")
    with transaction.atomic():
        row = Annotation.objects.select_for_update().get(pk=annotation.pk)
        visits = dict(row.effort)
        if visit not in visits and len(visits) >= MAX_VISITS:
            return effort_of(visits)
        before = visits.get(visit, {"active": 0.0, "idle": 0.0, "structures": {}})
        longest = {code: max(seconds, before["structures"].get(code, 0.0)) for code, seconds in structures.items()}
        visits[visit] = {
            "active": max(active, before["active"]),
            "idle": max(idle, before["idle"]),
            "structures": {**before["structures"], **longest},
        }
        Annotation.objects.filter(pk=row.pk).update(effort=visits)
    return effort_of(visits)


def effort_of(visits: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return {"active_seconds", "idle_seconds", "structures": {code: seconds}, "visits"} over all visits."""
    structures: dict[str, float] = {}
    for visit in visits.values():
        for code, seconds in visit["structures"].items():
            structures[code] = round(structures.get(code, 0.0) + seconds, 1)
    return {
        "active_seconds": round(sum(visit["active"] for visit in visits.values()), 1),
        "idle_seconds": round(sum(visit["idle"] for visit in visits.values()), 1),
        "structures": dict(sorted(structures.items())),
        "visits": len(visits),
    }
