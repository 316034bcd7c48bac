"""A person who signs in."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as BaseUserManager
from django.db import models

from accounts.models.membership import Role


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: User) -> UserQuerySet:
        """Superusers see everybody; operators see the people of their organisations and projects; everybody sees themselves."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        managed = user.memberships.filter(role=Role.OPERATOR)
        own = models.Q(pk=user.pk)
        same_house = models.Q(organisation__in=managed.values("project__organisation"))
        return self.filter(own | same_house | models.Q(memberships__project__in=managed.values("project"))).distinct()


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]  # made at run time
    """Django's own, with the adjectives."""


class User(AbstractUser):
    """A person. What they may do comes from their memberships (:mod:`accounts.abilities`), never from Django's own groups."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)  # type: ignore[assignment]
    display_name = models.CharField(max_length=120, blank=True)
    must_change_password = models.BooleanField(default=False)
    organisation = models.ForeignKey("accounts.Organisation", null=True, blank=True, on_delete=models.PROTECT, related_name="users")

    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.display_name or self.username
