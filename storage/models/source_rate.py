"""How far a source has used up its rate."""

from __future__ import annotations

from django.db import models


class SourceRate(models.Model):
    """One row per source and running machine. ``clock`` names a clock that only runs forward (since that machine's start), ``until`` is the
    second on it at which everything taken so far is paid for: the later, the less may come now."""

    source = models.ForeignKey("storage.Source", on_delete=models.CASCADE, related_name="rates")
    clock = models.CharField(max_length=64)
    until = models.FloatField(default=0.0)
    seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "clock"], name="source_rate_clock_once")]

    def __str__(self) -> str:
        return str(self.pk)
