"""Who was it? One person asks, another approves, the answer is given once, and every step is in the audit trail."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from accounts.services.audit import audit_record
from config.errors import Conflict, Forbidden, Invalid
from storage.keys import unseal
from storage.models import IdentityRequest, IdentityVault, Subject

if TYPE_CHECKING:
    from accounts.models import User

_VALID = timedelta(hours=24)


def identity_ask(*, subject: Subject, user: User, reason: str) -> IdentityRequest:
    """Ask who a subject was. Raises :class:`Invalid` without a reason."""
    if len(reason.strip()) < 10:
        raise Invalid(
            "Say why you need to know, in a sentence: the other person decides by it.", state={"fields": {"reason": ["Too short."]}}
        )
    with transaction.atomic():
        request = IdentityRequest.objects.create(project=subject.project, subject=subject, reason=reason.strip()[:500], asked_by=user)
        audit_record(actor=user, verb="identity.ask", object=request, project=subject.project, detail={"subject": str(subject.pk)})
    return request


def identity_decide(*, request: IdentityRequest, user: User, approve: bool) -> IdentityRequest:
    """Approve or refuse somebody else's request. Raises :class:`Forbidden` for one's own, :class:`Conflict` when it is decided."""
    if request.asked_by_id == user.pk:
        raise Forbidden("Another person than the one who asked decides.", code="same_person")
    state = IdentityRequest.State.APPROVED if approve else IdentityRequest.State.REFUSED
    with transaction.atomic():
        taken = IdentityRequest.objects.filter(pk=request.pk, state=IdentityRequest.State.ASKED).update(
            state=state, decided_by=user, decided_at=timezone.now()
        )
        if not taken:
            raise Conflict("This request is decided already.", code="already_decided")
        audit_record(actor=user, verb="identity.approve" if approve else "identity.refuse", object=request, project=request.project)
    request.refresh_from_db()
    return request


def identity_open(*, request: IdentityRequest, user: User) -> list[dict[str, Any]]:
    """Return the sealed identities of the subject, once, to the person who asked, within a day of the approval."""
    if request.asked_by_id != user.pk:
        raise Conflict("Only the person who asked may open it.", code="not_yours")
    with transaction.atomic():
        taken = IdentityRequest.objects.filter(
            pk=request.pk, state=IdentityRequest.State.APPROVED, decided_at__gt=timezone.now() - _VALID
        ).update(state=IdentityRequest.State.OPENED, opened_at=timezone.now())
        if not taken:
            request.refresh_from_db()
            raise Conflict(
                "This request is not approved, is too old, or was opened already.", code="not_open", state={"state": request.state}
            )
        audit_record(actor=user, verb="identity.open", object=request, project=request.project, detail={"subject": str(request.subject_id)})
    rows = IdentityVault.objects.filter(subject=request.subject_id).order_by("kind", "created_at")
    return [{"kind": row.kind, **json.loads(unseal(bytes(row.sealed), f"vault-{row.kind}", row.key_id))} for row in rows]
