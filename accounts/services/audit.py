"""Writing the audit trail, and proving that nobody changed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.context import request_context
from accounts.models import AuditEvent, Project, User
from accounts.models.audit_event import GENESIS

_LOCK = 0x636F6C75_61756469
"""Number of PostgreSQL's advisory lock: one writer of the chain at a time, until its transaction ends."""


def audit_record(
    *,
    actor: models.Model | None,
    verb: str,
    object: models.Model | tuple[str, str],  # noqa: A002  the grammar of the trail: actor, verb, object
    project: Project | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """Append one row, inside the transaction of the change it tells of; call it last there, for it holds the chain's lock.

    ``actor`` is a user, a job, or None for the system itself; a request that a token signed is recorded as the token's.
    ``object`` is a row, or ``(kind, id)``. ``detail`` may hold text, whole numbers, booleans, lists and dicts of Columna's
    own ids, never anything of a patient; a float raises ``TypeError`` because databases do not keep it to the bit.
    """
    context = request_context()
    detail = dict(detail or {})
    kind = "system" if actor is None else "user" if isinstance(actor, User) else str(actor._meta.model_name)
    if kind == "user" and context.token_id:
        kind, detail["token"] = "token", context.token_id
    _check(detail)
    object_kind, object_id = object if isinstance(object, tuple) else (object._meta.label_lower, str(object.pk))
    with transaction.atomic():
        _serialise()
        last = AuditEvent.objects.order_by("-sequence").only("sequence", "digest").first()
        event = AuditEvent(
            sequence=last.sequence + 1 if last else 1,
            at=timezone.now(),
            actor=actor.pk if actor is not None else None,
            actor_kind=kind,
            verb=verb,
            object_kind=object_kind,
            object_id=object_id,
            project=project.pk if project else None,
            request_id=context.request_id,
            detail=detail,
            previous=last.digest if last else GENESIS,
        )
        event.digest = event.computed_digest()
        event.save(force_insert=True)
    return event


def _serialise() -> None:
    """SQLite's IMMEDIATE transaction is one writer already; PostgreSQL needs a lock that ends with the transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _check(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"audit detail: the key {key!r} is not text.")
            _check(item)
    elif isinstance(value, list):
        for item in value:
            _check(item)
    elif not (value is None or isinstance(value, str | int)):
        raise TypeError(f"audit detail: {value!r} is a {type(value).__name__}; use text or whole numbers.")


def username_hash(username: str) -> str:
    """Return a keyed hash (32 hex digits) that tells attempts on one name apart without keeping the name."""
    return salted_hmac("accounts.audit.username", username.casefold(), algorithm="sha256").hexdigest()[:32]


@dataclass(frozen=True)
class Break:
    """The first row at which the chain does not hold, and why."""

    sequence: int
    reason: str


def audit_verify(*, anchor: tuple[int, str] | None = None) -> tuple[int, str, Break | None]:
    """Recompute every digest. Return the number of sound rows, the last sound digest, and the first break or None.

    ``anchor`` is a (sequence, digest) that was noted down elsewhere: it also finds a trail that was cut off or rebuilt.
    """
    count, previous = 0, GENESIS
    for event in _rows():
        reason = _fault(event, count + 1, previous)
        if not reason and anchor and event.sequence == anchor[0] and event.digest != anchor[1]:
            reason = "its digest is not the one that was noted down"
        if reason:
            return count, previous, Break(event.sequence, reason)
        count, previous = event.sequence, event.digest
    if anchor and anchor[0] > count:
        return count, previous, Break(count + 1, f"the trail ends before row {anchor[0]}, which was noted down")
    return count, previous, None


def _rows() -> Iterator[AuditEvent]:
    return AuditEvent.objects.order_by("sequence").iterator(chunk_size=2000)


def _fault(event: AuditEvent, sequence: int, previous: str) -> str:
    if event.sequence != sequence:
        return f"row {sequence} is missing"
    if event.previous != previous:
        return "it does not name the row before it"
    if event.computed_digest() != event.digest:
        return "its content does not match its digest"
    return ""
