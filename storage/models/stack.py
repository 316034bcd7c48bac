"""A stack: one geometry, the thing that can be labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.abilities import projects_where
from accounts.models.base import Row
from storage.models.stack_region import StackRegion

if TYPE_CHECKING:
    from accounts.models import User


class StackQuerySet(models.QuerySet["Stack"]):
    def visible_to(self, user: User) -> StackQuerySet:
        return self.filter(project__in=projects_where(user, "image.view"), series__study__subject__withdrawn_at=None)

    def current(self) -> StackQuerySet:
        """Stacks of the newest revision of their series."""
        return self.filter(is_current=True)

    def with_region(self) -> StackQuerySet:
        """Each stack with ``region_digest``: the digest of its newest region, or None."""
        newest = StackRegion.objects.filter(stack=models.OuterRef("pk")).order_by("-created_at")
        return self.annotate(region_digest=models.Subquery(newest.values("digest")[:1]))

    def ready(self) -> StackQuerySet:
        """Stacks whose manifest and display frames are there."""
        return self.exclude(ready_at=None)


class Stack(Row):
    """Slices of one series that share one grid, in order. A row is never changed once its slices are written.

    ``slices`` is a list of ``{"instance": id, "digest": blob sha256, "frame": from 1, "position": [x, y, z] mm LPS or null}``;
    ``slices_digest`` is the SHA-256 over digests and frames. ``geometry`` is :class:`storage.dicom.geometry.Geometry` as JSON,
    null when the stack is not a volume, and then ``not_volume_reason`` says why.
    """

    class Kind(models.TextChoices):
        VOLUME = "volume"
        STACK = "stack"
        SINGLE = "single"
        CINE = "cine"

    class Plane(models.TextChoices):
        SAGITTAL = "sagittal"
        AXIAL = "axial"
        CORONAL = "coronal"
        OBLIQUE = "oblique"
        PROJECTION = "projection"
        UNKNOWN = "unknown"

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="stacks")
    series = models.ForeignKey("storage.Series", on_delete=models.CASCADE, related_name="stacks")
    ordinal = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    plane = models.CharField(max_length=16, choices=Plane.choices, default=Plane.UNKNOWN)
    rows = models.PositiveIntegerField()
    columns = models.PositiveIntegerField()
    slice_count = models.PositiveIntegerField()
    slices = models.JSONField(default=list)
    slices_digest = models.CharField(max_length=64)
    geometry = models.JSONField(null=True, blank=True)
    geometry_digest = models.CharField(max_length=64, blank=True)
    not_volume_reason = models.CharField(max_length=200, blank=True)
    flags = models.JSONField(default=dict, blank=True)
    revision = models.PositiveIntegerField(default=1)
    is_current = models.BooleanField(default=True, db_index=True)
    manifest_digest = models.CharField(max_length=64, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)

    objects = StackQuerySet.as_manager()

    class Meta:
        ordering = ["series", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["series", "slices_digest"], name="stack_slices_once"),
            models.CheckConstraint(condition=models.Q(kind__in=["volume", "stack", "single", "cine"]), name="stack_kind_known"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
