"""A request to learn who a subject was: one person asks with a reason, another approves, then it is opened once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class IdentityRequestQuerySet(models.QuerySet["IdentityRequest"]):
    def visible_to(self, user: User) -> IdentityRequestQuerySet:
        return self.filter(project__in=projects_where(user, "identity.reveal"))


class IdentityRequest(Row):
    """The database itself refuses an approval by the person who asked."""

    class State(models.TextChoices):
        ASKED = "asked"
        APPROVED = "approved"
        REFUSED = "refused"
        OPENED = "opened"

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    subject = models.ForeignKey("storage.Subject", on_delete=models.CASCADE, related_name="identity_requests")
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=16, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)

    objects = IdentityRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("asked_by")), name="identity_request_two_people"
            ),
        ]
