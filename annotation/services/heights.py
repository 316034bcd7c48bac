"""Which vertebral bodies of a reading are lower than they should be, from its masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from annotation.geometry.endplate import NoBody
from annotation.geometry.heights import OPEN_BELOW, Heights, body_heights, reductions
from annotation.geometry.ladder import LAYER
from annotation.geometry.numbering import NORMAL, sequence
from annotation.models import Annotation
from annotation.services.planes import planes_read
from annotation.services.slices import slice_keys
from storage.dicom.geometry import Geometry
from storage.models import Stack

_CHAIN = [name for name in sequence({**NORMAL, "thoracic": 13, "lumbar": 6}) if name[0] in "CTL"]


def heights_of(*, annotation: Annotation) -> list[dict[str, Any]]:
    """Return every vertebra from the skull down: {"segment", "structure", "front_mm", "middle_mm", "back_mm", "ratio", "opens"}.

    Measured on the volume with most voxels of the body. Millimetres and ratio are None where no body can be measured; such a body
    opens too. Reads blobs: call it outside any transaction.
    """
    entries = [entry for entry in annotation.segments if entry["layer"] == LAYER and entry["structure"] in _CHAIN]
    entries.sort(key=lambda entry: _CHAIN.index(entry["structure"]))
    best: dict[int, tuple[int, Heights | None]] = {}
    for stack in annotation.case.stacks.all():
        if stack.geometry:
            _measure(annotation, stack, {entry["id"] for entry in entries}, best)
    heights = [best.get(entry["id"], (0, None))[1] for entry in entries]
    ratios = reductions(heights)
    return [
        {
            "segment": entry["id"],
            "structure": entry["structure"],
            "front_mm": found and round(found.front, 1),
            "middle_mm": found and round(found.middle, 1),
            "back_mm": found and round(found.back, 1),
            "ratio": ratio,
            "opens": ratio is None or ratio < OPEN_BELOW,
        }
        for entry, found, ratio in zip(entries, heights, ratios, strict=True)
    ]


def _measure(annotation: Annotation, stack: Stack, wanted: set[int], best: dict[int, tuple[int, Heights | None]]) -> None:
    keys = slice_keys(stack)
    planes = planes_read(annotation=annotation, places=[((LAYER, key), stack) for key in keys])
    mask = np.stack([planes[LAYER, key] for key in keys])
    affine = Geometry.from_json(stack.geometry or {}).affine
    for number, voxels in enumerate(np.bincount(mask.ravel(), minlength=256).tolist()):
        if number not in wanted or voxels <= best.get(number, (0, None))[0]:
            continue
        try:
            best[number] = (voxels, body_heights(mask == number, affine))
        except NoBody:
            best.setdefault(number, (voxels, None))
