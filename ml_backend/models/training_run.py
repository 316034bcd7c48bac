"""A training run: from a frozen dataset version to a model version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class TrainingRunQuerySet(models.QuerySet["TrainingRun"]):
    def visible_to(self, user: User) -> TrainingRunQuerySet:
        return self.filter(project__in=projects_where(user, "model.view"))

    def under_way(self) -> TrainingRunQuerySet:
        return self.filter(job__state__in=["queued", "running"])


class TrainingRun(Row):
    """The job's row tells state and progress. ``config`` is the frozen training configuration, ``labels`` whose readings count.

    ``report`` grows as the run goes: what went in, the loss, seconds, and the sealed-test figures before and after.
    """

    class Labels(models.TextChoices):
        READINGS = "readings", "What readers of this project submitted"
        ALL = "all", "Submitted readings and imported masks"

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="training_runs")
    dataset_version = models.ForeignKey("datasets.Version", null=True, on_delete=models.PROTECT, related_name="training_runs")
    base_model = models.ForeignKey("ml_backend.ModelVersion", on_delete=models.PROTECT, related_name="runs_from")
    result = models.OneToOneField("ml_backend.ModelVersion", null=True, on_delete=models.SET_NULL, related_name="made_by")
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="training_runs")
    labels = models.CharField(max_length=16, choices=Labels.choices, default=Labels.READINGS)
    config = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    requested_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="training_runs")

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(labels__in=["readings", "all"]), name="training_run_labels_known"),
        ]
