"""Which part of a large CT a proposal is about: what opens first is made round it."""

from __future__ import annotations

from collections.abc import Callable

from annotation.models import Revision
from annotation.services.revision import revision_mask
from storage.dicom.spine_region import Box, mask_box
from storage.models import Stack
from storage.services.region import region_is_worth, region_make


def revision_regions(*, revision: Revision, progress: Callable[[float, str], None] | None = None) -> int:
    """Make the regions of the large CTs that a revision marks anything in; return how many there are. Call it outside any transaction."""
    study = revision.annotation.case.study_id
    stacks = Stack.objects.current().ready().filter(series__study=study, series__study__subject__withdrawn_at=None).select_related("series")
    made = 0
    for stack in stacks:
        around = _box(revision, stack) if region_is_worth(stack=stack) else None
        if around is not None and region_make(stack=stack, around=around, progress=progress) is not None:
            made += 1
    return made


def _box(revision: Revision, stack: Stack) -> Box | None:
    """Return the box round everything that is marked in any layer."""
    boxes = [mask_box(revision_mask(revision=revision, stack=stack, layer=layer) > 0) for layer in revision.content["layers"]]
    found = [box for box in boxes if box is not None]
    if not found:
        return None
    spans = [
        (min(span[0] for span in sides), max(span[1] for span in sides)) for sides in ([b.rows for b in found], [b.columns for b in found])
    ]
    return Box(spans[0], spans[1])
