"""What a reading cost and changed, in numbers: for the effort ledger, never part of a revision's digest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np

from annotation.models import Annotation
from annotation.services.effort import effort_of
from annotation.services.reveal import after_reveal
from annotation.services.revision import revision_plane
from annotation.services.slices import plane_unpack

IDLE_SECONDS = 60
"""A pause longer than this is not work."""


def figures_of(*, annotation: Annotation) -> dict[str, Any]:
    """Return {"operations", "active_seconds", "slices_touched", "voxels_changed", "segments": [{id, layer, structure, status,
    voxels_changed}], "effort": what the browser measured}; for a reading that was blind first also "after_reveal", what its reader
    changed after seeing the proposal.

    ``active_seconds`` is by the server's clock: the time between operations that follow each other within :data:`IDLE_SECONDS`; a
    longer pause counts as none. ``voxels_changed`` counts voxels that differ from what the reading derives from, given to the segment that has them now
    and to the one that lost them.
    """
    changed: dict[tuple[str, int], int] = {}
    total = touched = 0
    derived = annotation.derived_from
    for chunk in annotation.chunks.select_related("stack"):
        rows, columns = chunk.stack.rows, chunk.stack.columns
        now = plane_unpack(bytes(chunk.data), rows, columns, chunk.digest)
        before = revision_plane(derived, chunk.layer, chunk.slice_key, rows, columns) if derived else None
        if before is None:
            before = np.zeros_like(now)
        different = now != before
        touched += bool(different.any())
        total += int(different.sum())
        for side in (now[different], before[different]):
            for value, count in enumerate(np.bincount(side, minlength=1)):
                if value and count:
                    changed[chunk.layer, value] = changed.get((chunk.layer, value), 0) + int(count)
    return {
        "operations": annotation.seq,
        "effort": effort_of(annotation.effort),
        **({"after_reveal": after_reveal(annotation)} if annotation.blind else {}),
        "active_seconds": active_seconds(list(annotation.operations.order_by("seq").values_list("created_at", flat=True))),
        "slices_touched": touched,
        "voxels_changed": total,
        "segments": [
            {
                "id": entry["id"],
                "layer": entry["layer"],
                "structure": entry["structure"],
                "status": entry["status"],
                "voxels_changed": changed.get((entry["layer"], entry["id"]), 0),
            }
            for entry in annotation.segments
        ],
    }


def active_seconds(times: Sequence[datetime]) -> int:
    """Return how long somebody worked whose acts came at these times, in order: pauses over :data:`IDLE_SECONDS` left out."""
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    return round(sum(pause for pause in pauses if 0 <= pause <= IDLE_SECONDS))
