"""A region of a stack: the part of every slice round the spine, as frames of its own that a viewer opens first."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class StackRegion(Row):
    """``digest`` names the blob that lists its frames. ``rows`` and ``columns`` are [first, last + 1) of the stack's own grid.

    A region never changes; when a better one is made the older stays for those who are reading it. The newest comes first.
    """

    class Source(models.TextChoices):
        BODY = "body"
        PROPOSAL = "proposal"

    stack = models.ForeignKey("storage.Stack", on_delete=models.CASCADE, related_name="regions")
    digest = models.CharField(max_length=64)
    rows = models.JSONField()
    columns = models.JSONField()
    source = models.CharField(max_length=16, choices=Source.choices)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["stack", "digest"], name="stack_region_once")]

    def __str__(self) -> str:
        return self.digest[:12]
