"""A blob: bytes named by their SHA-256."""

from __future__ import annotations

from django.db import models


class Blob(models.Model):
    """The row says that the object store holds the bytes; it is written after them. Blobs never change."""

    digest = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.digest
