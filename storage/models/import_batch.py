"""One run of intake (an upload, a folder, an association) and what was found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def visible_to(self, user: User) -> ImportBatchQuerySet:
        return self.filter(project__in=projects_where(user, "intake.view"))


class ImportBatch(Row):
    """Counts per outcome. ``total`` is null until the number of files is known."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="import_batches")
    source = models.ForeignKey("storage.Source", null=True, on_delete=models.SET_NULL, related_name="import_batches")
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=16, default="dicom")
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING, db_index=True)
    total = models.PositiveIntegerField(null=True)
    received = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    duplicate = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    received_bytes = models.BigIntegerField(default=0)
    last_received_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.pk)


class ImportFinding(Row):
    """A named reason, how often it came up, and the ordinals (never the names) of the first files it concerns."""

    batch = models.ForeignKey("storage.ImportBatch", on_delete=models.CASCADE, related_name="findings")
    code = models.CharField(max_length=64)
    message = models.CharField(max_length=300)
    severity = models.CharField(max_length=16, default="refused")
    count = models.PositiveIntegerField(default=0)
    where = models.JSONField(default=list)

    class Meta:
        ordering = ["-count", "code"]
        constraints = [models.UniqueConstraint(fields=["batch", "code"], name="import_finding_code_once")]
