"""A chunk: one slice of one layer of an annotation, as it stands now."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class Chunk(Row):
    """``data`` is gzip over uint8 segment ids, row-major, rows × columns of the stack; ``digest`` the SHA-256 of the bytes inside.

    ``slice_key`` is the instance's blob digest and frame number, so a chunk outlives the stack it was painted on.
    ``counts`` says how many pixels each segment id has: {"3": 812}.
    """

    annotation = models.ForeignKey("annotation.Annotation", on_delete=models.CASCADE, related_name="chunks")
    stack = models.ForeignKey("storage.Stack", on_delete=models.CASCADE, related_name="chunks")
    layer = models.CharField(max_length=32)
    slice_key = models.CharField(max_length=80)
    data = models.BinaryField()
    digest = models.CharField(max_length=64)
    counts = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["annotation", "layer", "slice_key"], name="chunk_once")]

    def __str__(self) -> str:
        return f"{self.layer} {self.slice_key}"
