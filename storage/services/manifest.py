"""A stack's manifest: all a viewer needs before the first frame. It is a blob, so it never changes and can be kept."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydicom.multival import MultiValue

from config.errors import Conflict
from storage.services.blob import blob_read

if TYPE_CHECKING:
    from pydicom import Dataset

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


def slice_facts(frame: StackFrame, *, is_in_grid: bool) -> dict[str, Any]:
    """Return what a slice says for itself: rescale, sign, and, where no grid says it for all, its directions (x, y, z) LPS."""
    facts: dict[str, Any] = {
        "rescaleSlope": frame.slope,
        "rescaleIntercept": frame.intercept,
        "signed": frame.pixels.dtype.kind == "i",
    }
    if not is_in_grid and (directions := plane_directions(frame)):
        facts["rowDirection"], facts["columnDirection"] = directions
    return facts


def slice_entry(ref: SliceRef, facts: dict[str, Any], *, sop_instance_uid: str, frame: FrameEntry) -> dict[str, Any]:
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
        **facts,
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
        "regions": ultrasound_regions(first.dataset) if series.modality in ("US", "IVUS") else None,
        "patientOrientation": patient_orientation(first),
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


def plane_directions(frame: StackFrame) -> tuple[list[float], list[float]] | None:
    """Return the directions of a row and of a column, (x, y, z) LPS of length one (C.7.6.2.1.1); None when none is stated."""
    from storage.dicom.display import frame_groups, numbers

    for group in frame_groups(frame.dataset, frame.ref.frame, "PlaneOrientationSequence"):
        values = numbers(group.get("ImageOrientationPatient"))
        if len(values) == 6:
            row, column = values[:3], values[3:]
            sides = math.hypot(*row), math.hypot(*column)
            if min(sides) > 0.5:
                return [part / sides[0] for part in row], [part / sides[1] for part in column]
    return None


def patient_orientation(frame: StackFrame) -> list[str] | None:
    """Return the sides of the body that a row and a column run to, as in ["L", "F"] (C.7.6.1.1.1); None when not stated in A, P, R, L, H, F."""
    stated = frame.dataset.get("PatientOrientation")
    values = [str(part).strip().upper() for part in stated] if isinstance(stated, MultiValue | list) else []
    return values if len(values) == 2 and all(re.fullmatch("[APRLHF]{1,3}", value) for value in values) else None


_CENTIMETRES = 3
"""Physical units of an ultrasound region (PS3.3 C.8.5.5.1.15): centimetres; the others are no lengths."""


def ultrasound_regions(dataset: Dataset) -> list[dict[str, Any]]:
    """Return the parts of an ultrasound picture in which lengths are known: {"box": [left, top, right, bottom] in pixels, ends
    included, "spacing": [between rows, between columns] in mm} (PS3.3 C.8.5.5). Regions of flow, time or dB are left out."""
    from storage.dicom.display import numbers

    found = []
    for region in dataset.get("SequenceOfUltrasoundRegions") or []:
        box = [region.get(f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
        units = (region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection"))
        deltas = [*numbers(region.get("PhysicalDeltaY")), *numbers(region.get("PhysicalDeltaX"))]
        if None not in box and units == (_CENTIMETRES, _CENTIMETRES) and len(deltas) == 2 and all(deltas):
            found.append({"box": [int(side) for side in box], "spacing": [round(abs(delta) * 10, 6) for delta in deltas]})
    return found


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
