"""How much came in, per source and minute."""

from __future__ import annotations

from django.db import models


class IntakeTally(models.Model):
    """Counters behind the intake page; one row per source and minute."""

    source = models.ForeignKey("storage.Source", on_delete=models.CASCADE, related_name="tallies")
    minute = models.DateTimeField(db_index=True)
    received = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    duplicate = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    received_bytes = models.BigIntegerField(default=0)
    microseconds = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "minute"], name="intake_tally_minute_once")]
