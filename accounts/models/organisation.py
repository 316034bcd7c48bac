"""A hospital, university or company."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models.user import User


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def visible_to(self, user: User) -> OrganisationQuerySet:
        """Superusers see all; others their own and those of their projects."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        own = models.Q(pk=user.organisation_id)
        return self.filter(own | models.Q(projects__in=user.memberships.values("project"))).distinct()


class Organisation(Row):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
