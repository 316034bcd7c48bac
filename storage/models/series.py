"""A series: the instances that the scanner made together, in one project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class SeriesQuerySet(models.QuerySet["Series"]):
    def visible_to(self, user: User) -> SeriesQuerySet:
        return self.filter(project__in=projects_where(user, "image.view"), study__subject__withdrawn_at=None)

    def awaiting_assembly(self) -> SeriesQuerySet:
        """Series with instances that no assembly has seen."""
        return self.filter(received__gt=F("assembled"))


class Series(Row):
    """``received`` counts stored instances, ``assembled`` how many of them the last assembly saw.

    ``report`` says what de-identification did to each element of the first instance: [tag, VR, action], never a value.
    ``revision`` grows with each assembly that changed the stacks: a slice that comes late makes a new revision and breaks nothing.
    """

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="series")
    study = models.ForeignKey("storage.Study", on_delete=models.CASCADE, related_name="series")
    series_instance_uid = models.CharField(max_length=64)
    modality = models.CharField(max_length=16, db_index=True)
    description = models.CharField(max_length=200, blank=True)
    body_part = models.CharField(max_length=32, blank=True)
    frame_of_reference_uid = models.CharField(max_length=64, blank=True)
    number = models.IntegerField(null=True, blank=True)
    report = models.JSONField(default=list, blank=True)
    revision = models.PositiveIntegerField(default=0)
    received = models.PositiveIntegerField(default=0)
    assembled = models.PositiveIntegerField(default=0)
    last_received_at = models.DateTimeField(null=True, db_index=True)
    assembled_at = models.DateTimeField(null=True)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "series"
        ordering = ["-last_received_at"]
        constraints = [models.UniqueConstraint(fields=["project", "series_instance_uid"], name="series_uid_once")]

    def __str__(self) -> str:
        return str(self.pk)
