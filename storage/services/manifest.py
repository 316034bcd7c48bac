"""A stack's manifest: all a viewer needs before the first frame. It is a blob, so it never changes and can be kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from config.errors import Conflict
from storage.services.blob import blob_read

if TYPE_CHECKING:
    from storage.models import Stack
    from storage.services.stack import SliceRef, StackFrame

MEDIA_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class FrameEntry:
    """Where a display frame lies. ``levels`` are the bytes after which each resolution is complete, lowest first."""

    digest: str
    length: int
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What serving needs of a manifest, parsed once per process."""

    frames: tuple[FrameEntry, ...]
    preview: str


def slice_entry(ref: SliceRef, *, sop_instance_uid: str, frame: FrameEntry, slope: float, intercept: float) -> dict[str, Any]:
    return {
        "key": ref.key,
        "index": ref.index,
        "instance": ref.instance_id,
        "frame": ref.frame,
        "sopInstanceUID": sop_instance_uid,
        "position": list(ref.position) if ref.position else None,
        "frameDigest": frame.digest,
        "length": frame.length,
        "levels": list(frame.levels),
        "rescaleSlope": slope,
        "rescaleIntercept": intercept,
    }


def manifest_content(
    stack: Stack, first: StackFrame, *, slices: list[dict[str, Any]], windows: list[dict[str, Any]], preview: str
) -> dict[str, Any]:
    """Return the manifest as JSON. Rescale on top is that of the first slice; each slice repeats its own."""
    series = stack.series
    spacing = pixel_spacing(first)
    return {
        "stack": str(stack.pk),
        "series": str(series.pk),
        "modality": series.modality,
        "kind": stack.kind,
        "plane": stack.plane,
        "rows": stack.rows,
        "columns": stack.columns,
        "frameOfReferenceUID": series.frame_of_reference_uid or None,
        "geometry": stack.geometry,
        "notVolumeReason": stack.not_volume_reason or None,
        "pixelSpacing": list(spacing[0]) if spacing else None,
        "pixelSpacingSource": spacing[1] if spacing else None,
        "photometric": "RGB" if first.pixels.ndim == 3 else first.format.photometric,
        "samples": 3 if first.pixels.ndim == 3 else 1,
        "bitsStored": 8 if first.pixels.ndim == 3 else first.format.bits_stored,
        "signed": first.pixels.dtype.kind == "i",
        "rescaleSlope": first.slope,
        "rescaleIntercept": first.intercept,
        "windows": windows,
        "slices": slices,
        "preview": preview,
    }


def pixel_spacing(frame: StackFrame) -> tuple[tuple[float, float], str] | None:
    """Return ((between rows, between columns) in mm, the attribute that says so); None when the image is not calibrated.

    ImagerPixelSpacing is measured at the detector: lengths from it are magnified, and the attribute's name says so.
    """
    from storage.dicom.display import frame_groups, numbers

    for group in frame_groups(frame.dataset, frame.ref.frame, "PixelMeasuresSequence"):
        for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
            values = numbers(group.get(keyword))
            if len(values) == 2 and min(values) > 0:
                return (values[0], values[1]), keyword
    return None


def manifest_bytes(content: dict[str, Any]) -> bytes:
    """Return the one spelling of a manifest: sorted keys, no spaces, UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


@lru_cache(maxsize=64)
def manifest_read(digest: str) -> Manifest:
    """Return the parsed manifest with this digest. Kept per process: a blob never changes."""
    content = json.loads(blob_read(digest=digest))
    frames = tuple(FrameEntry(item["frameDigest"], item["length"], tuple(item["levels"])) for item in content["slices"])
    return Manifest(frames, content["preview"])


def stack_manifest(*, stack: Stack) -> Manifest:
    """Return the manifest of a stack. Raises :class:`config.errors.Conflict` (``stack_not_ready``) while frames are being made."""
    if not stack.manifest_digest:
        raise Conflict("The display frames of this stack are still being made. Try again in a moment.", code="stack_not_ready")
    return manifest_read(stack.manifest_digest)
