"""Endplates and measurements that an annotation's masks imply, for a reader to take or leave. Writes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.geometry.ladder import LAYER, ladder_from_segments
from annotation.geometry.plates import BodyPlates, body_plates, measurements_propose
from annotation.models import Annotation
from annotation.services.planes import planes_read
from annotation.services.slices import slice_keys
from storage.dicom.geometry import Geometry
from storage.models import Stack


def plates_propose(*, annotation: Annotation) -> dict[str, Any]:
    """Return {"seq", "stack", "ladder", "bodies": [{"id", "name", "sagittal", "coronal"}], "measurements": [items without id]}.

    Taken from the volume that shows most bodies, the finest of those. ``ladder`` is the annotation's, or the one that its masks imply
    while nobody has numbered anything; bodies are its bodies, plates in mm LPS. ``stack`` is null when no mask shows a body.
    Reads every slice of the layer ``instances``: call it outside any transaction.
    """
    best: tuple[int, float] = (0, 0.0)
    answer: dict[str, Any] = {"seq": annotation.seq, "stack": None, "ladder": annotation.ladder, "bodies": [], "measurements": []}
    for stack in annotation.case.stacks.all():
        if not stack.geometry:
            continue
        geometry = Geometry.from_json(stack.geometry)
        labels = _labels(annotation, stack)
        ladder = annotation.ladder if annotation.ladder.get("bodies") else _implied(annotation, labels, geometry)
        found = body_plates(labels, geometry.affine, ladder["bodies"])
        rank = (len(found), -float(np.prod(geometry.spacing)))
        if found and rank > best:
            best = rank
            items = [{**item, "stack": str(stack.pk)} for item in measurements_propose(found)]
            answer |= {"stack": str(stack.pk), "ladder": ladder, "bodies": [_shown(body) for body in found], "measurements": items}
    return answer


def _labels(annotation: Annotation, stack: Stack) -> NDArray[np.uint8]:
    keys = slice_keys(stack)
    planes = planes_read(annotation=annotation, places=[((LAYER, key), stack) for key in keys])
    return np.stack([planes[LAYER, key] for key in keys])


def _implied(annotation: Annotation, labels: NDArray[np.uint8], geometry: Geometry) -> dict[str, Any]:
    categories = dict(annotation.case.protocol.schema.structures.values_list("code", "category"))
    centres = {}
    for number in np.unique(labels[labels > 0]).tolist():
        middle = geometry.affine[:3, :3] @ np.argwhere(labels == number).mean(axis=0) + geometry.affine[:3, 3]
        centres[number] = (float(middle[0]), float(middle[1]), float(middle[2]))
    return ladder_from_segments(annotation.segments, categories, centres)


def _shown(body: BodyPlates) -> dict[str, Any]:
    coronal = None
    if body.coronal:
        coronal = {"upper": [body.front(end) for end in body.coronal.upper], "lower": [body.front(end) for end in body.coronal.lower]}
    sagittal = {"upper": [body.side(end) for end in body.sagittal.upper], "lower": [body.side(end) for end in body.sagittal.lower]}
    return {"id": body.id, "name": body.name, "sagittal": sagittal, "coronal": coronal}
