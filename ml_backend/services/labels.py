"""What a revision teaches: class volumes from segment ids, and what it leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from annotation.models import Revision, Structure
from annotation.services.revision import revision_mask
from annotation.services.slices import slice_keys

if TYPE_CHECKING:
    from storage.models import Stack

CLASS_OF = {"vertebra": 1, "disc": 2, "canal": 3, "cord": 3, "thecal": 3, "sacrum": 4}
"""Category of a structure → class of the network. Other categories are not taught."""
IGNORE = 255


@dataclass(frozen=True)
class TaughtClasses:
    """``classes`` uint8 [slice, row, column]: the class, 0, or 255 where nobody has said anything; ``present`` the classes marked."""

    classes: NDArray[np.uint8]
    present: frozenset[int]


def _touched(revision: Revision) -> set[tuple[str, int]]:
    """Return (layer, id) of segments a person stands for: not merely proposed, or changed by a voxel or more."""
    changed = {(s["layer"], s["id"]) for s in revision.figures.get("segments", []) if s.get("voxels_changed")}
    named = {(s["layer"], s["id"]) for s in revision.content["segments"] if s["status"] != "proposed"}
    return changed | named


def taught_classes(*, revision: Revision, stack: Stack) -> TaughtClasses:
    """Return what a submitted reading says on a stack.

    A proposed segment that the reader left alone is no statement: its voxels are ignored. So are slices on which nothing at
    all is marked, because nobody knows whether anybody looked.
    """
    schema = revision.annotation.case.protocol.schema_id
    category = dict(Structure.objects.filter(schema=schema).values_list("code", "category"))
    touched = _touched(revision)
    classes = np.zeros((len(slice_keys(stack)), stack.rows, stack.columns), np.uint8)
    marked = np.zeros(len(classes), bool)
    for layer in revision.content["layers"]:
        ids = revision_mask(revision=revision, stack=stack, layer=layer)
        marked |= ids.any(axis=(1, 2))
        table = np.zeros(256, np.uint8)
        for segment in revision.content["segments"]:
            kind = CLASS_OF.get(category[segment["structure"]], 0)
            if segment["layer"] == layer and kind:
                table[segment["id"]] = kind if (layer, segment["id"]) in touched else IGNORE
        found = table[ids]
        empty = classes == 0
        classes[empty] = found[empty]
    classes[~marked] = IGNORE
    return TaughtClasses(classes, frozenset(int(k) for k in np.unique(classes) if 0 < k < IGNORE))
