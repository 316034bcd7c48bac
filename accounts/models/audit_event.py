"""The audit trail: append-only, each row chained to the one before by its digest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import rfc8785
from django.db import models

from accounts.abilities import projects_where

if TYPE_CHECKING:
    from accounts.models.user import User

GENESIS = "0" * 64
"""What the first row names as its predecessor."""


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, user: User) -> AuditEventQuerySet:
        """Rows of the projects whose trail this person may read. Rows of no project (signing in) are for superusers."""
        if user.is_authenticated and user.is_active and user.is_superuser:
            return self
        return self.filter(project__in=projects_where(user, "audit.view").values("pk"))


class AuditEvent(models.Model):
    """Who did what to which thing. The database itself refuses UPDATE and DELETE (see the migration's triggers).

    No field holds anything of a patient: objects are named by Columna's own ids.
    """

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=16)  # user, token, job, system
    verb = models.CharField(max_length=64)
    object_kind = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64)
    project = models.UUIDField(null=True, db_index=True)
    request_id = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["sequence"]

    def computed_digest(self) -> str:
        """Return the SHA-256 (hex) of the row's canonical JSON (RFC 8785), the previous digest included."""
        content = {
            "sequence": self.sequence,
            "at": self.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "actor": str(self.actor) if self.actor else None,
            "actor_kind": self.actor_kind,
            "verb": self.verb,
            "object_kind": self.object_kind,
            "object_id": self.object_id,
            "project": str(self.project) if self.project else None,
            "request_id": self.request_id,
            "detail": self.detail,
            "previous": self.previous,
        }
        return hashlib.sha256(rfc8785.dumps(content)).hexdigest()
