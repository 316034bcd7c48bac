"""A de-identification profile: what is kept, cleaned and removed, as data with a version."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class DeidentificationProfile(Row):
    """``options`` is the JSON of :class:`storage.dicom.profile.Profile`; ``digest`` is the SHA-256 of its canonical form.

    A row is never changed: a new version takes its place. ``project`` null is the profile that Columna ships.
    """

    project = models.ForeignKey(
        "accounts.Project", null=True, blank=True, on_delete=models.CASCADE, related_name="deidentification_profiles"
    )
    name = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    options = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    is_current = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name", "version"], name="deidentification_profile_version_once"),
            models.UniqueConstraint(fields=["project"], condition=models.Q(is_current=True), name="deidentification_profile_one_current"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
