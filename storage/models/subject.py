"""A subject: a patient of whom nothing is left but a pseudonym."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.abilities import projects_where
from accounts.models.base import Row
from accounts.models.project import Project

if TYPE_CHECKING:
    from accounts.models import User


class SubjectQuerySet(models.QuerySet["Subject"]):
    def visible_to(self, user: User) -> SubjectQuerySet:
        return self.filter(project__in=projects_where(user, "image.view"), withdrawn_at=None)

    def of(self, user: User) -> SubjectQuerySet:
        """Subjects of projects in which this person has any role, the withdrawn ones too; abilities are asked for separately."""
        return self.filter(project__in=Project.objects.visible_to(user))


class Subject(Row):
    """``patient_key`` is the keyed hash of issuer and PatientID under the project's key; ``fold`` under the site's key.

    Both are made once at intake; the patient's own identity is only in :class:`storage.models.IdentityVault`.
    """

    class Fold(models.TextChoices):
        SEALED = "sealed"
        VALIDATION = "validation"
        TRAIN = "train"

    class Consent(models.TextChoices):
        UNKNOWN = "unknown"
        GIVEN = "given"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="subjects")
    pseudonym = models.CharField(max_length=32)
    patient_key = models.CharField(max_length=64)
    fold = models.CharField(max_length=16, choices=Fold.choices)
    consent = models.CharField(max_length=16, choices=Consent.choices, default=Consent.UNKNOWN)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = SubjectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "pseudonym"], name="subject_pseudonym_once"),
            models.UniqueConstraint(fields=["project", "patient_key"], name="subject_patient_key_once"),
            models.CheckConstraint(condition=models.Q(fold__in=["sealed", "validation", "train"]), name="subject_fold_known"),
        ]

    def __str__(self) -> str:
        return self.pseudonym
