"""Who pulled what."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class Receipt(Row):
    """A pull that was announced: its signed text is the puller's ``RECEIPT.json``."""

    version = models.ForeignKey("datasets.Version", on_delete=models.PROTECT, related_name="receipts")
    person = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="receipts")
    content = models.JSONField(default=dict)
    signature = models.CharField(max_length=128)


class Download(models.Model):
    """One answer with bytes of a version's file. ``first`` is the offset it started at."""

    at = models.DateTimeField(auto_now_add=True)
    version = models.ForeignKey("datasets.Version", on_delete=models.PROTECT, related_name="downloads")
    person = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="downloads")
    digest = models.CharField(max_length=64)
    first = models.BigIntegerField()
    size = models.BigIntegerField()
