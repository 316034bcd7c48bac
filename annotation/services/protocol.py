"""Making protocols."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import Project, User
from accounts.services.audit import audit_record
from annotation.models import Protocol
from annotation.models.protocol import ReadingMode
from annotation.services.form import forms_all
from annotation.services.label_schema import schema_ensure
from config.errors import Conflict, Invalid

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


SETTINGS = ("reading_mode", "readers", "review")


def protocol_words(protocol: Protocol) -> dict[str, Any]:
    """Return under which settings a reading was made, for its figures."""
    return {"id": str(protocol.pk), "version": protocol.version, **{name: getattr(protocol, name) for name in SETTINGS}}


def protocol_change(*, protocol: Protocol, actor: User, version: int, **changes: Any) -> Protocol:
    """Change how cases are read from now on and return the protocol with its next version number.

    ``changes`` are any of reading_mode, readers (1 to 3), review, forms (codes in use) and required (codes whose every cell must
    be answered). What was submitted before keeps the settings it was read under in its figures. ``version`` is the one that was
    seen: another raises :class:`Conflict` ``stale_protocol`` with the settings as they are; an unknown form raises :class:`Invalid`.
    """
    recipe = {**protocol.recipe, **{name: changes.pop(name) for name in ("forms", "required") if name in changes}}
    unknown = sorted({*recipe.get("forms", []), *recipe.get("required", [])} - set(forms_all()))
    if unknown:
        raise Invalid(f"{', '.join(unknown)}: no such form.", code="unknown_value", state={"forms": list(forms_all())})
    unused = sorted(set(recipe.get("required", [])) - set(recipe.get("forms", recipe.get("required", []))))
    if unused:
        raise Invalid(f"{', '.join(unused)}: a form that is required is also in use.", code="unused_form")
    before = {**protocol_words(protocol), "recipe": protocol.recipe}
    after = {name: changes[name] for name in SETTINGS if name in changes}
    with transaction.atomic():
        moved = Protocol.objects.filter(pk=protocol.pk, version=version).update(**after, recipe=recipe, version=version + 1)
        if not moved:
            protocol.refresh_from_db()
            state = {**protocol_words(protocol), "recipe": protocol.recipe}
            raise Conflict("Somebody changed this protocol meanwhile. Look at it again.", code="stale_protocol", state=state)
        protocol.refresh_from_db()
        detail = {"before": before, "after": {**protocol_words(protocol), "recipe": protocol.recipe}}
        audit_record(actor=actor, verb="protocol.change", object=protocol, project=protocol.project, detail=detail)
    return protocol
