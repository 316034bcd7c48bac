"""A tombstone: files that a version once held, and nobody may have any more."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class Tombstone(Row):
    """Append-only. Says which digests are gone and of what class the reason is; nothing about the patient."""

    class Reason(models.TextChoices):
        CONSENT = "consent"
        PHI = "phi"
        RIGHTS = "rights"
        ERROR = "error"

    dataset = models.ForeignKey("datasets.Dataset", on_delete=models.PROTECT, related_name="tombstones")
    digests = models.JSONField(default=list)
    reason = models.CharField(max_length=16, choices=Reason.choices)

    class Meta:
        ordering = ["created_at"]
