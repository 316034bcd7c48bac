"""A surface: the triangles of one layer of an annotation or a revision on one stack, made once."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class Surface(Row):
    """``key`` is the SHA-256 of what it was made from (grid, layer, digests of the slices), so a drawing that returns to a state has its surface.

    ``blob`` is the digest of the packed meshes. Of a draft only the newest few are kept; a ``frozen`` one belongs to a revision.
    """

    annotation = models.ForeignKey("annotation.Annotation", on_delete=models.CASCADE, related_name="surfaces")
    stack = models.ForeignKey("storage.Stack", on_delete=models.CASCADE, related_name="surfaces")
    layer = models.CharField(max_length=32)
    key = models.CharField(max_length=64)
    blob = models.CharField(max_length=64)
    frozen = models.BooleanField(default=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["annotation", "stack", "layer", "key"], name="surface_once")]

    def __str__(self) -> str:
        return f"{self.layer} {self.key[:12]}"
