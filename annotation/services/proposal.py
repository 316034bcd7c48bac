"""What a model thinks of a case: an immutable revision, and never an answer."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotation.geometry.grades import grades_apply
from annotation.geometry.ladder import LAYER
from annotation.geometry.reading import Reading, Rules, reading_apply
from annotation.geometry.refusal import Refused
from annotation.models import Annotation, Case, Revision
from annotation.models.annotation import AuthorKind
from annotation.services.flags import uncertainty_flagged
from annotation.services.form import forms_of
from annotation.services.revision import content_digest, content_of, masks_freeze
from config.errors import Conflict, Invalid
from storage.models import Stack
from storage.services.blob import blob_put


def proposal_create(
    *,
    case: Case,
    model_version: UUID,
    masks: dict[str, dict[str, NDArray[np.uint8]]],
    segments: list[dict[str, Any]],
    uncertainty: dict[str, Any],
    grades: list[dict[str, Any]] | None = None,
) -> Revision:
    """Freeze a model's masks as a revision, make it the case's proposal, and return it. The same again gives the same revision.

    ``masks`` is {stack id: {layer: uint8 [slice, row, column] of segment ids}}; ``segments`` says what the ids are (their
    status becomes ``proposed``); ``uncertainty`` is JSON that the viewer reads (numpy numbers and arrays are written as
    lists) and to which rule flags are added; ``grades`` are answers it thinks of, [{"form", "structure": code of a vertebra, "part": what
    follows the body in a site ("/disc/left"), "value", "modifiers"?, "confidence"?, "reason"?, "figures"?}], hollow until a person sets them;
    confidence, reason and figures come to lie under ``grades`` in the uncertainty. A sealed case raises :class:`Conflict` (``sealed``): its
    readers never get a proposal; so does one whose stacks have changed meanwhile (``superseded``): a late answer never replaces a newer
    one. Call it outside any transaction.
    """
    if case.is_sealed:
        raise Conflict("The case belongs to the sealed fold and gets no proposal.", code="sealed")
    stacks = {str(stack.pk): stack for stack in Stack.objects.filter(pk__in=masks.keys(), series__study=case.study_id)}
    if set(map(str, masks)) != set(stacks):
        raise Invalid("The proposal names a stack that is not of this case's study.", code="unknown_stack")
    table = segments_checked(case=case, segments=[{**entry, "status": "proposed"} for entry in segments])
    layers, chunks = masks_freeze({str(stack_id): by_layer for stack_id, by_layer in masks.items()}, stacks)
    check_chunk_ids(table, layers, chunks)
    hollow = _hollow(case, table, grades or [])
    flagged = uncertainty_flagged(uncertainty, masks, table, stacks)
    if evidence := _evidence(table, grades or []):
        flagged["grades"] = evidence
    sureness = blob_put(data=json.dumps(flagged, default=_plain, allow_nan=False, sort_keys=True).encode(), media_type="application/json")
    annotation, _ = Annotation.objects.get_or_create(
        case=case,
        author_kind=AuthorKind.MODEL,
        model_version=model_version,
        defaults={"project_id": case.project_id, "segments": table, "state": Annotation.State.SUBMITTED},
    )
    content = content_of(annotation=annotation, reading=Reading(table, grades=hollow), layers=layers, stacks=stacks.values())
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=case.pk)
        if Stack.objects.current().filter(pk__in=stacks).count() != len(stacks):
            raise Conflict("The case has newer stacks than the proposal was made on.", code="superseded")
        revision = revision_add(
            annotation=annotation, kind=Revision.Kind.PROPOSAL, content=content, chunks=chunks, uncertainty=sureness.digest
        )
        Case.objects.filter(pk=case.pk).update(proposal_revision=revision)
        Case.objects.filter(pk=case.pk, state=Case.State.NEW).update(state=Case.State.PROPOSED)
    return revision


def _bodies(segments: list[dict[str, Any]]) -> dict[str, str]:
    return {entry["structure"]: f"b{entry['id']}" for entry in segments if entry["layer"] == LAYER}


def _evidence(segments: list[dict[str, Any]], grades: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return why each cell is proposed, {form: {site: {"value", "confidence", "reason", "figures"}}}, for those that say so."""
    bodies, found = _bodies(segments), dict[str, dict[str, Any]]()
    for cell in grades:
        if "reason" in cell and cell["structure"] in bodies:
            site = f"{bodies[cell['structure']]}{cell.get('part', '')}"
            found.setdefault(cell["form"], {})[site] = {name: cell.get(name) for name in ("value", "confidence", "reason", "figures")}
    return found


def _hollow(case: Case, segments: list[dict[str, Any]], grades: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the proposed cells by form and site. A body is called by its segment, as the ladder that masks imply does."""
    bodies = _bodies(segments)
    sent = [
        {"form": cell["form"], "site": f"{bodies[cell['structure']]}{cell.get('part', '')}", "value": cell["value"], "status": "proposed"}
        | ({"modifiers": cell["modifiers"]} if cell.get("modifiers") else {})
        for cell in grades
        if cell["structure"] in bodies
    ]
    try:
        return grades_apply({}, {"set": sent}, forms=forms_of(case.protocol), bodies=set(bodies.values()), author="", at="")[0]
    except Refused as refused:
        raise Invalid(refused.message, code=refused.code, state=refused.state) from None


def segments_checked(*, case: Case, segments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the table of segments, sorted, as an operation would make it. Unknown structures raise ``unknown_value``."""
    protocol = case.protocol
    every = list(protocol.schema.structures.values_list("code", "layer", "category"))
    schema = {code: layer for code, layer, _ in every}
    rules = Rules(schema, schema, {code: category for code, _, category in every}, lambda *_: True)
    try:
        reading, _ = reading_apply(Reading(), {"kind": "segments", "set": segments}, rules)
    except Refused as refused:
        raise (Invalid if refused.bad else Conflict)(refused.message, code=refused.code, state=refused.state) from None
    return reading.segments


def check_chunk_ids(segments: list[dict[str, Any]], layers: dict[str, dict[str, str]], chunks: dict[str, Any]) -> None:
    """Raise ``unknown_value`` when a mask holds an id that no segment of its layer has."""
    for layer, slices in layers.items():
        held = {int(value) for digest in slices.values() for value in chunks[digest]["counts"]}
        unknown = sorted(held - {entry["id"] for entry in segments if entry["layer"] == layer})
        if unknown:
            raise Conflict("A mask holds ids that are in no segment.", code="unknown_value", state={"values": unknown, "layer": layer})


def revision_add(*, annotation: Annotation, kind: str, content: dict[str, Any], chunks: dict[str, Any], uncertainty: str = "") -> Revision:
    """Return the annotation's newest revision if it says the same, else a new one with the next number. Call it in a transaction."""
    digest = content_digest(content)
    Annotation.objects.select_for_update().get(pk=annotation.pk)
    last = annotation.revisions.order_by("-number").first()
    if last is not None and last.digest == digest and last.uncertainty == uncertainty:
        return last
    number = last.number + 1 if last else 1
    return Revision.objects.create(
        annotation=annotation, number=number, digest=digest, seq=0, kind=kind, content=content, chunks=chunks, uncertainty=uncertainty
    )


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"An uncertainty holds JSON and numpy numbers; a {type(value).__name__} is neither.")
