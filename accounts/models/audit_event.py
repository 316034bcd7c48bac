"""The audit trail: append-only, each row chained to the one before by its digest."""

from __future__ import annotations

from django.db import models


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

    class Meta:
        ordering = ["sequence"]
