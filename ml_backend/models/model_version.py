"""A model version: weights, what they were learned from, and how good they are on sealed patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import Project, User


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def visible_to(self, user: User) -> ModelVersionQuerySet:
        """Models of projects where this person may look at models, and the built-in ones for whoever has such a project."""
        projects = projects_where(user, "model.view")
        built_in = Q(project=None) if projects.exists() else Q(pk__in=[])
        return self.filter(Q(project__in=projects) | built_in)

    def built_in(self) -> ModelVersionQuerySet:
        return self.filter(project=None)

    def champions(self) -> ModelVersionQuerySet:
        return self.filter(state=ModelVersion.State.CHAMPION)

    def usable_in(self, project: Project) -> ModelVersionQuerySet:
        """The project's own and the built-in ones."""
        return self.filter(Q(project=project) | Q(project=None))


class ModelVersion(Row):
    """``weights_digest`` is the SHA-256 of the safetensors file, a blob. ``project`` is null for the built-in model.

    ``report`` holds the sealed-test figures, the gate's verdict and how the weights came about. A champion proposes; a
    candidate waits for a decision; a refused one was worse than what it should replace; a retired one can be taken back.
    """

    class State(models.TextChoices):
        CANDIDATE = "candidate"
        CHAMPION = "champion"
        REFUSED = "refused"
        RETIRED = "retired"

    project = models.ForeignKey("accounts.Project", null=True, on_delete=models.CASCADE, related_name="model_versions")
    name = models.CharField(max_length=64)
    weights_digest = models.CharField(max_length=64)
    config = models.JSONField(default=dict)
    dataset_version = models.ForeignKey("datasets.Version", null=True, on_delete=models.PROTECT, related_name="model_versions")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    report = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.CANDIDATE)
    promoted_at = models.DateTimeField(null=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="model_name_once"),
            models.UniqueConstraint(fields=["name"], condition=Q(project=None), name="model_built_in_name_once"),
            models.UniqueConstraint(fields=["project"], condition=Q(state="champion"), name="model_one_champion"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="champion", project=None), name="model_one_built_in_champion"),
            models.CheckConstraint(condition=Q(state__in=["candidate", "champion", "refused", "retired"]), name="model_state_known"),
        ]

    @property
    def is_built_in(self) -> bool:
        return self.project_id is None

    def __str__(self) -> str:
        return self.name
