"""What is held back, encrypted, until a data manager decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class QuarantineItemQuerySet(models.QuerySet["QuarantineItem"]):
    def visible_to(self, user: User) -> QuarantineItemQuerySet:
        return self.filter(project__in=projects_where(user, "quarantine.decide"))

    def held(self) -> QuarantineItemQuerySet:
        return self.filter(state__in=[QuarantineItem.State.HELD, QuarantineItem.State.PROPOSED])


class QuarantineItem(Row):
    """``blob`` holds the received bytes sealed with AES-256-GCM. ``elements`` names where the doubt lies, without any value.
    ``instance_key`` is the keyed hash of the original SOP Instance UID, where there is one.

    ``decision`` is what the first person proposed (release, redact with boxes, drop); where the project asks for two people, a second one confirms.
    """

    class State(models.TextChoices):
        HELD = "held"
        PROPOSED = "proposed"
        RELEASED = "released"
        DROPPED = "dropped"

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="quarantine_items")
    source = models.ForeignKey("storage.Source", null=True, on_delete=models.SET_NULL, related_name="quarantine_items")
    batch = models.ForeignKey("storage.ImportBatch", null=True, on_delete=models.SET_NULL, related_name="quarantine_items")
    reason = models.CharField(max_length=64, db_index=True)
    message = models.CharField(max_length=300)
    elements = models.JSONField(default=list)
    modality = models.CharField(max_length=16, blank=True)
    sop_class_uid = models.CharField(max_length=64, blank=True)
    study_key = models.CharField(max_length=64, blank=True, db_index=True)
    source_key = models.CharField(max_length=64)
    instance_key = models.CharField(max_length=64, blank=True, db_index=True)
    size = models.BigIntegerField()
    blob = models.ForeignKey("storage.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    key_id = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=State.choices, default=State.HELD, db_index=True)
    decision = models.JSONField(default=dict, blank=True)
    decided_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    objects = QuarantineItemQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["project", "source_key", "reason"], name="quarantine_item_once")]

    def __str__(self) -> str:
        return str(self.pk)
