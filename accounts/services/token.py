"""Personal access tokens: made once, shown once, revoked for good."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import AccessToken, User
from accounts.models.access_token import Scope
from accounts.services.audit import audit_record
from config.errors import Invalid

PREFIX = "col_"
MAX_DAYS = 366
_USE_RESOLUTION = timedelta(minutes=1)


def token_digest(secret: str) -> str:
    """Return the SHA-256 (hex) that the database keeps. The secret has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def token_create(*, user: User, name: str, scopes: list[str], days: int) -> tuple[AccessToken, str]:
    """Return the row and the secret; the secret exists nowhere else and is never seen again."""
    unknown = set(scopes) - set(Scope.values)
    if unknown or not scopes:
        raise Invalid(f"Choose scopes from {', '.join(Scope.values)}.")
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(f"A token lives between 1 and {MAX_DAYS} days.")
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = AccessToken.objects.create(
            user=user,
            name=name,
            prefix=secret[:10],
            digest=token_digest(secret),
            scopes=sorted(set(scopes)),
            expires_at=timezone.now() + timedelta(days=days),
        )
        audit_record(actor=user, verb="token.create", object=token, detail={"scopes": token.scopes, "days": days})
    return token, secret


def token_revoke(*, token: AccessToken, user: User) -> AccessToken:
    """Revoke for good; revoking twice changes nothing."""
    with transaction.atomic():
        if AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit_record(actor=user, verb="token.revoke", object=token)
    token.refresh_from_db()
    return token


def token_find(secret: str) -> AccessToken | None:
    """Return the live token of this secret and note its use, to the minute; None for anything else."""
    if not secret.startswith(PREFIX):
        return None
    token = AccessToken.objects.select_related("user").filter(digest=token_digest(secret)).first()
    if token is None or not token.is_live:
        return None
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - _USE_RESOLUTION:
        unseen = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_RESOLUTION)
        AccessToken.objects.filter(unseen, pk=token.pk).update(last_used_at=now)
    return token
