"""An operation: one act of one author, in the order it was done."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class Operation(Row):
    """The log is append-only; the database refuses to change or delete a row. ``header`` is the act as it was sent, with what the
    server adds so that it can be taken back (``was``); ``body`` the patches of its slices, one after the other.

    ``digest`` is the SHA-256 over what the operation means: the same ``op_id`` with another meaning is refused.
    """

    class Kind(models.TextChoices):
        PATCH = "patch"
        SEGMENTS = "segments"
        LADDER = "ladder"
        MEASUREMENTS = "measurements"
        GRADES = "grades"

    annotation = models.ForeignKey("annotation.Annotation", on_delete=models.CASCADE, related_name="operations")
    seq = models.PositiveIntegerField()
    op_id = models.UUIDField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    undoes = models.UUIDField(null=True)
    header = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    digest = models.CharField(max_length=64)
    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="operations")

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["annotation", "op_id"], name="operation_once"),
            models.UniqueConstraint(fields=["annotation", "seq"], name="operation_seq_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["patch", "segments", "ladder", "measurements", "grades"]), name="operation_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
