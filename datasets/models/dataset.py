"""A dataset: what versions are frozen of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def visible_to(self, user: User) -> DatasetQuerySet:
        """Datasets of projects where this person may look at datasets; never the system's own training sets."""
        return self.filter(project__in=projects_where(user, "dataset.view"), is_system=False)


class Dataset(Row):
    """``tier`` says how it is asked for; ``is_system`` marks a project's training set, which is never listed, lent or exported."""

    class Tier(models.TextChoices):
        OPEN = "open", "Open: anyone who accepts the licence"
        REGISTERED = "registered", "Registered: anyone with a verified identity"
        CONTROLLED = "controlled", "Controlled: the board decides"

    project = models.ForeignKey("accounts.Project", on_delete=models.PROTECT, related_name="datasets")
    slug = models.SlugField(unique=True, max_length=80)
    name = models.CharField(max_length=200)
    licence = models.CharField(max_length=64, blank=True)
    tier = models.CharField(max_length=16, choices=Tier.choices, default=Tier.CONTROLLED)
    description = models.TextField(blank=True)
    duo = models.JSONField(default=list)
    is_system = models.BooleanField(default=False)
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="datasets")

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=models.Q(is_system=True), name="dataset_one_training_set"),
            models.CheckConstraint(condition=models.Q(tier__in=["open", "registered", "controlled"]), name="dataset_tier_known"),
        ]

    def __str__(self) -> str:
        return self.slug
