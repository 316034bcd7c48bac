"""An instance: one de-identified DICOM object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class InstanceQuerySet(models.QuerySet["Instance"]):
    def visible_to(self, user: User) -> InstanceQuerySet:
        return self.filter(project__in=projects_where(user, "image.view"), series__study__subject__withdrawn_at=None)


class Instance(Row):
    """The blob holds the de-identified bytes. ``source_key`` is the keyed hash of the bytes that were received: equal keys are duplicates.

    ``layout`` is what assembly needs to know of each frame (:class:`storage.dicom.layout.Layout` as JSON); ``report`` is what
    de-identification did: profile, version, counts per action, boxes blanked.
    """

    project = models.ForeignKey(
        "accounts.Project", on_delete=models.CASCADE, related_name="instances", db_index=False
    )  # the constraint's index begins with it
    series = models.ForeignKey("storage.Series", on_delete=models.CASCADE, related_name="instances")
    source = models.ForeignKey(
        "storage.Source", null=True, on_delete=models.SET_NULL, related_name="instances", db_index=False
    )  # asked for beside a study only
    batch = models.ForeignKey("storage.ImportBatch", null=True, on_delete=models.SET_NULL, related_name="instances")
    sop_instance_uid = models.CharField(max_length=64)
    sop_class_uid = models.CharField(max_length=64)
    blob = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="instances")
    number_of_frames = models.PositiveIntegerField(default=1)
    pixel_digest = models.CharField(max_length=64, blank=True)
    source_key = models.CharField(max_length=64)
    layout = models.JSONField(default=dict)
    report = models.JSONField(default=dict)

    objects = InstanceQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["project", "sop_instance_uid"], name="instance_uid_once")]

    def __str__(self) -> str:
        return str(self.pk)
