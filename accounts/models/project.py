"""A project: its name, its organisation, its members. All other rooms hang on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models.user import User


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: User) -> ProjectQuerySet:
        """Projects in which this person has any role. The one rule that every other room's ``visible_to`` builds on."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        return self.filter(pk__in=user.memberships.values("project"))


class Project(Row):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="projects")

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
