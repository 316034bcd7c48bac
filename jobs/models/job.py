"""A piece of work: the row is its truth, the broker only a doorbell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User) -> JobQuerySet:
        """Jobs of the projects in which this person may watch work; jobs of no project are the superuser's alone."""
        if user.is_active and user.is_superuser:
            return self
        return self.filter(project__in=projects_where(user, "job.view"))

    def due(self) -> JobQuerySet:
        """Queued jobs whose pause after a failed attempt, if any, is over."""
        return self.filter(models.Q(run_after=None) | models.Q(run_after__lte=timezone.now()), state=Job.State.QUEUED)

    def over(self) -> JobQuerySet:
        return self.filter(state__in=Job.OVER)


class Job(Row):
    """State, attempt, lease, heartbeat, worker. ``payload`` and ``result`` hold ids and figures, never anything of a patient."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    OVER = (State.SUCCEEDED, State.FAILED, State.CANCELLED)

    kind = models.CharField(max_length=64)
    queue = models.CharField(max_length=32)
    project = models.ForeignKey("accounts.Project", null=True, on_delete=models.CASCADE, related_name="jobs")
    payload = models.JSONField(default=dict)
    dedupe_key = models.CharField(max_length=200, null=True, unique=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED, db_index=True)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=5)
    worker = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    run_after = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    progress = models.FloatField(default=0.0)
    progress_note = models.CharField(max_length=200, blank=True)
    result = models.JSONField(default=dict)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state", "lease_until"]), models.Index(fields=["queue", "state", "created_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running", "succeeded", "failed", "cancelled"]), name="job_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(lease_until__isnull=False), name="job_running_has_a_lease"
            ),
        ]
