"""A study: what was imaged of one subject in one visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class StudyQuerySet(models.QuerySet["Study"]):
    def visible_to(self, user: User) -> StudyQuerySet:
        return self.filter(project__in=projects_where(user, "image.view"), subject__withdrawn_at=None)

    def reported_to(self, user: User) -> StudyQuerySet:
        """Studies of which this person may know how they came in, without seeing an image."""
        return self.filter(project__in=projects_where(user, "intake.view"))


class Study(Row):
    """``study_instance_uid`` is Columna's own; ``study_date`` is shifted; ``description`` holds words of the safe vocabulary only.

    ``characteristics`` are what tells small groups apart: age band, sex, scanner, month (shifted).
    ``expected`` is how many instances the source says the study has, asked at ``asked_at``; ``ended_at`` and ``ended_by`` say that it is
    whole, and how that is known. An instance that comes later opens it again.
    """

    class EndedBy(models.TextChoices):
        IDLE = "idle", "nothing came for a while"
        COUNT = "count", "as many instances as the source has"
        COMMITMENT = "commitment", "the source had them committed"
        PULL = "pull", "the pull of it ended"

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="studies")
    subject = models.ForeignKey("storage.Subject", on_delete=models.CASCADE, related_name="studies")
    study_instance_uid = models.CharField(max_length=64)
    study_date = models.DateField(null=True, blank=True)
    description = models.CharField(max_length=200, blank=True)
    characteristics = models.JSONField(default=dict, blank=True)
    expected = models.PositiveIntegerField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=16, blank=True, choices=EndedBy.choices)
    last_received_at = models.DateTimeField(null=True, db_index=True)

    objects = StudyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "studies"
        ordering = ["-last_received_at"]
        constraints = [models.UniqueConstraint(fields=["project", "study_instance_uid"], name="study_uid_once")]

    def __str__(self) -> str:
        return str(self.pk)
