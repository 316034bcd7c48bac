"""What a reading still lacks, or has wrong: the same answer live and before submitting."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.geometry.grades import missing_of
from annotation.geometry.ladder import LAYER
from annotation.geometry.numbering import NORMAL, numbering_check, sequence
from annotation.models import Annotation
from annotation.services.form import forms_for
from annotation.services.planes import planes_read
from annotation.services.slices import slice_keys
from storage.dicom.geometry import Geometry
from storage.models import Stack

_CHAIN = sequence({**NORMAL, "thoracic": 13, "lumbar": 6})


def annotation_check(*, annotation: Annotation, with_masks: bool = False) -> dict[str, Any]:
    """Return {"numbering": findings, "missing_grades": [{form, site}], "required_grades": those of them that the protocol
    requires, "blocks": whether the numbering keeps it from being submitted}.

    ``with_masks`` also holds the ladder against the masks of the case's volumes (heights, discs, islands): it reads every slice
    of the layer ``instances``, so it is asked for and not done at every stroke.
    """
    facts = ladder_facts(annotation=annotation) if with_masks else {}
    findings = numbering_check(annotation.ladder, facts)
    recipe = annotation.case.protocol.recipe
    graded = "grading" in recipe.get("tasks", [])
    forms = forms_for(annotation.case)
    missing = missing_of(forms, annotation.ladder, annotation.grades) if graded else []
    required = {code: form for code, form in forms.items() if code in recipe.get("required", [])}
    ladder = annotation.ladder if annotation.ladder.get("bodies") else _implied(annotation)
    owed = missing_of(required, ladder, annotation.grades)
    blocks = recipe.get("numbering") == "block" and any(finding["severity"] == "error" for finding in findings)
    return {"numbering": findings, "missing_grades": missing, "required_grades": owed, "blocks": blocks}


def _implied(annotation: Annotation) -> dict[str, Any]:
    """Return as much of a ladder as the segments say while nobody has numbered: the names, not the heights."""
    below = {
        str(entry["structure"]).removeprefix("IVD_"): entry["id"] for entry in annotation.segments if str(entry["structure"])[:4] == "IVD_"
    }
    named = [entry for entry in annotation.segments if entry["layer"] == LAYER and entry["structure"] in _CHAIN]
    named.sort(key=lambda entry: _CHAIN.index(entry["structure"]))
    bodies = [{"id": f"b{entry['id']}", "name": entry["structure"], "disc": below.get(entry["structure"])} for entry in named]
    return {"bodies": bodies}


def ladder_facts(*, annotation: Annotation) -> dict[str, dict[str, Any]]:
    """Return body id → {"height", "disc_height", "islands"} from the masks, in mm towards the head. Reads blobs."""
    bodies = annotation.ladder.get("bodies", [])
    if not any(body["segment"] or body["disc"] for body in bodies):
        return {}
    sums: dict[int, NDArray[np.float64]] = {}
    islands: dict[int, int] = {}
    for stack in annotation.case.stacks.all():
        if stack.geometry:
            _measure(annotation, stack, sums, islands, {body["segment"] for body in bodies})
    heights = {number: float(total[0] / total[1]) for number, total in sums.items() if total[1]}
    facts: dict[str, dict[str, Any]] = {}
    for body in bodies:
        known = {"height": heights.get(body["segment"]), "disc_height": heights.get(body["disc"]), "islands": islands.get(body["segment"])}
        facts[body["id"]] = {name: value for name, value in known.items() if value is not None}
    return facts


def _measure(
    annotation: Annotation, stack: Stack, sums: dict[int, NDArray[np.float64]], islands: dict[int, int], bodies: set[int | None]
) -> None:
    from scipy import ndimage

    keys = slice_keys(stack)
    planes = planes_read(annotation=annotation, places=[((LAYER, key), stack) for key in keys])
    mask = np.stack([planes[LAYER, key] for key in keys])
    affine = Geometry.from_json(stack.geometry or {}).affine
    for number in np.unique(mask[mask > 0]).tolist():
        where = np.argwhere(mask == number)
        total = float((where @ affine[2, :3] + affine[2, 3]).sum())
        sums[number] = sums.get(number, np.zeros(2)) + np.array([total, len(where)])
        if number in bodies:
            parts, _ = ndimage.label(mask == number, structure=np.ones((3, 3, 3)))
            sizes = np.bincount(parts.ravel())[1:]
            islands[number] = max(islands.get(number, 0), int((sizes >= 0.05 * sizes.max()).sum()))
