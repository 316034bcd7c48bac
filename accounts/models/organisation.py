"""A hospital, university or company."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class Organisation(Row):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name
