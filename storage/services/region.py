"""Making the region of a large CT that opens first: the part of every slice round the spine, lossless, on the stack's own grid."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from config.errors import Missing
from storage.models import Blob, Stack, StackRegion
from storage.object_store import store
from storage.services import manifest
from storage.services.blob import blob_put, blob_read
from storage.services.stack import stack_geometry

if TYPE_CHECKING:
    from storage.dicom.geometry import Geometry
    from storage.dicom.spine_region import Box

LARGE_BYTES = 32 * 2**20
"""Decoded 16-bit voxels from which a stack is worth a region: 512 × 512 × 64 and more."""
_WORTH = 0.6
"""A region that is more of a slice than this saves too little."""
_COARSE_MM, _COARSE_SLICES = 5.0, 96
_MARGIN_MM, _LEAST_MARGIN_MM = 30.0, 10.0
"""Room left round a proposal's mask, and how little of it an older region must leave to do."""
_BATCH, _WRITERS = 32, 4


def region_is_worth(*, stack: Stack) -> bool:
    """Whether the stack is a CT volume so large that it opens as a region first."""
    size = stack.rows * stack.columns * stack.slice_count * 2
    return stack.kind == Stack.Kind.VOLUME and stack.series.modality == "CT" and size >= LARGE_BYTES


def region_make(*, stack: Stack, around: Box | None = None, progress: Callable[[float, str], None] | None = None) -> StackRegion | None:
    """Make the region of a large CT and return it; None when the stack is not large, no spine is found or little would be saved.

    ``around`` is the box of a proposal's mask: a region that leaves it room is kept, else one is made round it. Without it the spine
    is looked for in the body's own shape. Frames are made from the display frames, one at a time. Call it outside any transaction.
    """
    geometry = stack_geometry(stack=stack)
    if geometry is None or not region_is_worth(stack=stack):
        return None
    current = stack.regions.first()
    frames = manifest.stack_manifest(stack=stack).frames
    if around is None:
        if current is not None:
            return current
        box, source = _of_body(stack, geometry, frames), StackRegion.Source.BODY
    else:
        if current is not None and _box_of(current).holds(around.grown(_LEAST_MARGIN_MM, geometry)):
            return current
        box, source = around.grown(_MARGIN_MM, geometry), StackRegion.Source.PROPOSAL
    if box is None or box.share(geometry) > _WORTH:
        return None
    content = _content(stack, box, frames, progress or (lambda fraction, note: None))
    digest = blob_put(data=manifest.manifest_bytes(content), media_type=manifest.MEDIA_TYPE).digest
    rows = {"rows": list(box.rows), "columns": list(box.columns), "source": source}
    if around is None and (newer := stack.regions.first()) is not None:
        return newer
    made, _ = StackRegion.objects.get_or_create(stack=stack, digest=digest, defaults=rows)
    return made


def region_frames(*, stack: Stack, digest: str) -> tuple[manifest.FrameEntry, ...]:
    """Return the frames of one region of a stack. Raises :class:`config.errors.Missing` (``no_such_region``)."""
    return manifest.manifest_read(region_get(stack=stack, digest=digest).digest).frames


def region_get(*, stack: Stack, digest: str) -> StackRegion:
    found = stack.regions.filter(digest=digest).first()
    if found is None:
        raise Missing("This stack has no such region. Open the case again, or load the whole.", code="no_such_region")
    return found


def _box_of(region: StackRegion) -> Box:
    from storage.dicom.spine_region import Box

    return Box((region.rows[0], region.rows[1]), (region.columns[0], region.columns[1]))


def _of_body(stack: Stack, geometry: Geometry, frames: tuple[manifest.FrameEntry, ...]) -> Box | None:
    """Look for the spine in every few slices, at a few millimetres a voxel."""
    import numpy as np

    from storage.dicom.htj2k import decode_frame
    from storage.dicom.spine_region import spine_box

    slices = json.loads(blob_read(digest=stack.manifest_digest))["slices"]
    along = max(1, stack.slice_count // _COARSE_SLICES)
    across = [max(1, int(_COARSE_MM / spacing)) for spacing in geometry.spacing[1:]]
    planes = []
    for index in range(0, len(frames), along):
        pixels = decode_frame(blob_read(digest=frames[index].digest))[:: across[0], :: across[1]]
        if pixels.ndim != 2:
            return None
        planes.append(pixels.astype(np.float32) * slices[index]["rescaleSlope"] + slices[index]["rescaleIntercept"])
    return spine_box(np.stack(planes), (along, across[0], across[1]), geometry)


def _content(stack: Stack, box: Box, frames: tuple[manifest.FrameEntry, ...], progress: Callable[[float, str], None]) -> dict[str, Any]:
    from storage.dicom.htj2k import MEDIA_TYPE, decode_frame, encode_frame

    listed: list[dict[str, Any]] = []
    blobs: list[Blob] = []
    objects = store()
    with ThreadPoolExecutor(max_workers=_WRITERS) as pool:  # the disk syncs while the next frames are encoded
        for start in range(0, len(frames), _BATCH):
            waiting = []
            for frame in frames[start : start + _BATCH]:
                part = decode_frame(blob_read(digest=frame.digest))[slice(*box.rows), slice(*box.columns)]
                encoded = encode_frame(part)
                waiting.append((encoded, pool.submit(objects.put, encoded.data)))
            for encoded, put in waiting:
                digest = put.result()
                blobs.append(Blob(digest=digest, size=len(encoded.data), media_type=MEDIA_TYPE))
                listed.append({"frameDigest": digest, "length": len(encoded.data), "levels": list(encoded.levels)})
            progress(len(listed) / (len(frames) + 1), f"{len(listed)} of {len(frames)} frames")
    Blob.objects.bulk_create(blobs, ignore_conflicts=True, batch_size=200)
    return {
        "stack": str(stack.pk),
        "rows": list(box.rows),
        "columns": list(box.columns),
        "bytes": sum(item["length"] for item in listed),
        "wholeBytes": sum(frame.length for frame in frames),
        "slices": listed,
        "preview": "",
    }
