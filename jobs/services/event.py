"""Writing to the outbox."""

from __future__ import annotations

from typing import Any

from jobs.models import Event


def event_emit(*, kind: str, payload: dict[str, Any]) -> Event:
    """Write an event; call it inside the transaction of the change it tells of."""
    return Event.objects.create(kind=kind, payload=payload)
