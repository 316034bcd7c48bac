"""Making datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from accounts.services.audit import audit_record
from config.errors import Conflict
from datasets.models import Dataset

if TYPE_CHECKING:
    from accounts.models import Project, User


def dataset_create(
    *, project: Project, slug: str, name: str, licence: str, tier: str, description: str, duo: list[str], user: User
) -> Dataset:
    """Return a new dataset. A slug that is taken, by whatever project, raises :class:`Conflict`: names are never reused."""
    with transaction.atomic():
        fields = {"name": name, "licence": licence, "tier": tier, "description": description, "duo": duo, "created_by": user}
        dataset, new = Dataset.objects.get_or_create(slug=slug, defaults={"project": project, **fields})
        if not new:
            raise Conflict("This name is taken. Choose another slug.", code="slug_taken")
        audit_record(actor=user, verb="dataset.create", object=dataset, project=project)
    return dataset


def dataset_for_training(*, project: Project) -> Dataset:
    """Return the project's training set, which the system alone freezes versions of; made if there is none."""
    defaults = {"slug": f"{project.slug}-training"[:80], "name": f"Training set of {project.name}"[:200]}
    return Dataset.objects.get_or_create(project=project, is_system=True, defaults=defaults)[0]
