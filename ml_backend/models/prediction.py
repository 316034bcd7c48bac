"""A prediction: one model's pass over one case, or the reason why there was none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class PredictionQuerySet(models.QuerySet["Prediction"]):
    def visible_to(self, user: User) -> PredictionQuerySet:
        """Predictions of projects whose cases this person manages: a reader could learn from scores what a blind reading hides.

        Whoever manages and reads is told of those cases only that are read with the proposal in sight.
        """
        blind = Q(project__in=projects_where(user, "case.label")) & ~Q(case__protocol__reading_mode="ai_first")
        return self.filter(~blind, project__in=projects_where(user, "case.manage"), case__subject__withdrawn_at=None)


class Prediction(Row):
    """``scores`` holds per stack the seconds, the mean entropy per structure or why the stack was skipped; ``revision`` the proposal.

    ``skipped_reason`` is a code when nothing was proposed at all; ``stacks_digest`` says over which stacks it was made.
    """

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="predictions")
    case = models.ForeignKey("annotation.Case", on_delete=models.CASCADE, related_name="predictions")
    model_version = models.ForeignKey("ml_backend.ModelVersion", on_delete=models.CASCADE, related_name="predictions")
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="predictions")
    revision = models.ForeignKey("annotation.Revision", null=True, on_delete=models.PROTECT, related_name="predictions")
    stacks_digest = models.CharField(max_length=64)
    scores = models.JSONField(default=dict)
    skipped_reason = models.CharField(max_length=64, blank=True)

    objects = PredictionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["case", "model_version", "stacks_digest"], name="prediction_once"),
        ]
