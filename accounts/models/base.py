"""What every row of Columna has."""

from __future__ import annotations

import uuid

from django.db import models


class Row(models.Model):
    """An id that cannot be guessed or counted, and the time of its making."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        abstract = True
