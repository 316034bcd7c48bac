"""The outbox: what happened, written in the transaction in which it happened."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """A fact that upper rooms may act on. ``payload`` holds Columna's own ids only. ``config/events.py`` maps kinds to jobs."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    dispatched_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering = ["id"]
