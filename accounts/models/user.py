"""A person who signs in."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person. What they may do comes from their memberships (:mod:`accounts.abilities`), never from Django's own groups."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)  # type: ignore[assignment]
    display_name = models.CharField(max_length=120, blank=True)
    organisation = models.ForeignKey("accounts.Organisation", null=True, blank=True, on_delete=models.PROTECT, related_name="users")

    def __str__(self) -> str:
        return self.display_name or self.username
