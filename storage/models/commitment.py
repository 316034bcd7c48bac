"""A storage commitment: a sender asks whether what it sent is safe here, and is answered, at once or later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from accounts.models.base import Row

if TYPE_CHECKING:
    from datetime import datetime


class CommitmentQuerySet(models.QuerySet["Commitment"]):
    def due(self, now: datetime | None = None) -> CommitmentQuerySet:
        """Open commitments whose answer nobody is giving at the moment."""
        return self.filter(state=Commitment.State.OPEN, next_at__lte=now or timezone.now())


class Commitment(Row):
    """``sealed`` holds the transaction and the original UIDs that were asked about (AES-256-GCM); it is emptied with the answer.

    ``next_at`` is when the answer is tried again; whoever tries moves it on first, so that nobody else does meanwhile.
    """

    class State(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        UNDELIVERED = "undelivered"

    source = models.ForeignKey("storage.Source", on_delete=models.CASCADE, related_name="commitments")
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN, db_index=True)
    sealed = models.BinaryField(default=bytes)
    key_id = models.CharField(max_length=32)
    asked = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True, db_index=True)
    answered_at = models.DateTimeField(null=True)

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.pk)
