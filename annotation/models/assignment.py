"""An assignment: a case lent to a reader for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def visible_to(self, user: User) -> AssignmentQuerySet:
        """A reader sees their own assignments only."""
        return self.filter(reader=user) if user.is_authenticated else self.none()

    def live(self) -> AssignmentQuerySet:
        """Assignments whose lease runs."""
        return self.filter(state=Assignment.State.ACTIVE, lease_until__gt=timezone.now())


class Assignment(Row):
    """A lease. Every write names the assignment and its ``epoch``; a later lease of the case has a higher epoch, so that a
    writer who was away finds out. ``client`` is the opaque name of the browser tab that holds it."""

    class State(models.TextChoices):
        ACTIVE = "active"
        RELEASED = "released"
        SUBMITTED = "submitted"
        EXPIRED = "expired"

    case = models.ForeignKey("annotation.Case", on_delete=models.CASCADE, related_name="assignments")
    reader = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="assignments")
    lease_until = models.DateTimeField()
    epoch = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    client = models.CharField(max_length=64, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["-epoch"]
        constraints = [
            models.UniqueConstraint(fields=["case", "epoch"], name="assignment_epoch_once"),
            models.UniqueConstraint(fields=["case"], condition=Q(state="active"), name="assignment_one_active"),
            models.CheckConstraint(condition=Q(state__in=["active", "released", "submitted", "expired"]), name="assignment_state_known"),
        ]

    @property
    def is_live(self) -> bool:
        return self.state == self.State.ACTIVE and self.lease_until > timezone.now()

    def __str__(self) -> str:
        return str(self.pk)
