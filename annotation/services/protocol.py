"""Making protocols."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import Project, User
from accounts.services.audit import audit_record
from annotation.models import Protocol
from annotation.models.protocol import ReadingMode
from annotation.services.label_schema import schema_ensure
from config.errors import Invalid

DEFAULT_CATEGORIES = ("vertebra", "sacrum", "disc", "canal", "cord", "implant")
DEFAULT_RECIPE = {"tasks": ["segmentation", "levels", "grading", "measurement"], "numbering": "warn"}
DEFAULT_HANGING = {
    "MR": [["sagittal", "T2"], ["sagittal", "T1"], ["axial", "T2"]],
    "CT": [["sagittal", ""], ["axial", ""], ["coronal", ""]],
}


def protocol_create(
    *,
    project: Project,
    actor: User | None,
    name: str = "Spine segmentation and levels",
    structures: list[str] | None = None,
    recipe: dict[str, Any] | None = None,
    hanging: dict[str, Any] | None = None,
    reading_mode: str = ReadingMode.AI_FIRST,
) -> Protocol:
    """Return the project's protocol of this name, made if there is none; the defaults fit the segmentation of a whole spine.

    ``structures`` are codes of spine-core 1; an unknown one, or an unknown reading mode, raises :class:`Invalid`.
    """
    schema = schema_ensure()
    if reading_mode not in ReadingMode.values:
        raise Invalid(f"{reading_mode!r} is not a reading mode; choose from {', '.join(ReadingMode.values)}.")
    codes = list(schema.structures.values_list("code", flat=True))
    if structures is None:
        structures = list(schema.structures.filter(category__in=DEFAULT_CATEGORIES).values_list("code", flat=True))
    unknown = sorted(set(structures) - set(codes))
    if unknown:
        raise Invalid(f"{', '.join(unknown)}: not in the schema {schema}.", code="unknown_value", state={"structures": codes})
    with transaction.atomic():
        defaults = {
            "schema": schema,
            "structures": structures,
            "recipe": recipe if recipe is not None else DEFAULT_RECIPE,
            "hanging": hanging if hanging is not None else DEFAULT_HANGING,
            "reading_mode": reading_mode,
        }
        protocol, new = Protocol.objects.get_or_create(project=project, name=name, defaults=defaults)
        if new:
            audit_record(actor=actor, verb="protocol.create", object=protocol, project=project, detail={"mode": str(reading_mode)})
    return protocol
