"""A label schema: the structures that can be labelled, as data with a version."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class LabelSchema(Row):
    """``digest`` is the SHA-256 of the schema's canonical JSON (RFC 8785): two servers with the same digest mean the same values.

    ``layers`` are its layers in drawing order. Overlaps are possible between layers and never inside one.
    """

    name = models.SlugField()
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    layers = models.JSONField(default=list)

    class Meta:
        ordering = ["name", "-version"]
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="label_schema_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
