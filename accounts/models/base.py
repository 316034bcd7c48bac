"""What every row of Columna has."""

from __future__ import annotations

import uuid
from typing import Any, TypeVar

from django.db import models


class Row(models.Model):
    """An id that cannot be guessed or counted, and the time of its making."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        abstract = True


Rows = TypeVar("Rows", bound="models.QuerySet[Any]")


def rows_of(manager: models.Manager[Any], kind: type[Rows]) -> Rows:
    """Return the rows behind a related manager as the QuerySet that their model has, with its adjectives: ``rows_of(case.reviews, ReviewQuerySet)``.

    Django makes the related manager from the model's own at run time, where no type checker sees it.
    """
    found = manager.all()
    if not isinstance(found, kind):
        raise TypeError(f"{type(found).__name__} is no {kind.__name__}.")
    return found
