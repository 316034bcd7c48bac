"""What is known of the line to a source: who called whom last, and how it went; and the associations that are open now."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

SILENT_AFTER = timedelta(seconds=45)
"""An association whose listener has not said for this long that it lives is gone with its listener."""


class SourceContact(models.Model):
    """One row per source. ``echoed`` is a C-ECHO of the source here, ``checked`` one of ours to it (or a QIDO-RS question)."""

    source = models.OneToOneField("storage.Source", on_delete=models.CASCADE, primary_key=True, related_name="contact")
    echoed_at = models.DateTimeField(null=True)
    called_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    refused_code = models.CharField(max_length=64, blank=True)
    checked_at = models.DateTimeField(null=True)
    checked_ok = models.BooleanField(null=True)
    checked_code = models.CharField(max_length=64, blank=True)
    checked_milliseconds = models.PositiveIntegerField(null=True)
    certificate_sha256 = models.CharField(max_length=64, blank=True)
    certificate_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.source_id)


class OpenAssociationQuerySet(models.QuerySet["OpenAssociation"]):
    def alive(self) -> OpenAssociationQuerySet:
        return self.filter(seen_at__gt=timezone.now() - SILENT_AFTER)


class OpenAssociation(models.Model):
    """An association that is open now; ``listener`` names the process that holds it, which renews ``seen_at``."""

    source = models.ForeignKey("storage.Source", on_delete=models.CASCADE, related_name="associations")
    listener = models.CharField(max_length=64, db_index=True)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    objects = OpenAssociationQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)
