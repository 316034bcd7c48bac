"""Text out of pixels: blank what lies outside ultrasound regions, and every text that is found (PS3.15 E.3.1).

Which frames are read is a rule: kinds of image that carry text by nature always, every other frame when a cheap look says that
it may hold some. Frames without text stay as they came, bit for bit and in their encoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from storage.dicom import sop_classes
from storage.dicom.devices import rules_for, text_of
from storage.dicom.identity import Elements
from storage.dicom.parse import Parsed
from storage.dicom.pixel_bytes import PixelShape
from storage.dicom.pixels import PixelError, iterate_frames
from storage.dicom.profile import Profile, Waiver
from storage.dicom.reasons import Rejected
from storage.dicom.text_filter import Box, may_hold_text
from storage.dicom.text_reader import text_at, text_boxes

_ALWAYS = frozenset({"US", "IVUS", "SC", "OT", "XA", "RF", "CR", "DX", "RG", "PX", "IO", "XC", "ES", "GM", "SM", "DOC"})
_CAPTURES = frozenset({"SC", "OT", "XC", "ES", "GM", "DOC"})
_LOSSY = frozenset({f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 81, 91, 203)})
_SCREEN = re.compile(r"SCREEN|SECONDARY|REPORT|DOSE|POSTER|CAPTURE", re.IGNORECASE)
_NEVER = frozenset(
    {"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7", "1.2.840.10008.5.1.4.1.1.481.2", "1.2.840.10008.5.1.4.1.1.30"}
)
_CHUNK = 16


@dataclass(frozen=True)
class CleanPixels:
    """``frames`` is None when nothing had to be blanked; else [frame, row, column] or [frame, row, column, RGB], little endian.

    ``decoded`` says that colour became RGB on the way; ``rules`` are the names of the device rules that were followed.
    """

    frames: NDArray[Any] | None
    boxes: int = 0
    decoded: bool = False
    rules: tuple[str, ...] = ()


def clean_pixels(
    parsed: Parsed, shape: PixelShape, *, sop_class: str, modality: str, native: bytes | memoryview | None, profile: Profile, waiver: Waiver
) -> CleanPixels:
    """Return the pixels without text. ``native`` are the stored pixels when they are not compressed.

    Boxes of the waiver are blanked anyway. Raises :class:`Rejected`: ``undecodable_pixels`` when text could not be ruled out,
    ``report_screen`` for what the catalogue of devices holds, ``text_in_pixels`` where the profile wants captures to be seen by a person.
    """
    if sop_class in _NEVER:
        return CleanPixels(None)
    if shape.bits_allocated not in (8, 16):
        raise Rejected("undecodable_pixels")
    secondary = sop_classes.is_secondary_capture(sop_class) or _is_screen(parsed.elements)
    rules = rules_for(parsed.elements, modality, secondary=secondary) if profile.device_rules and profile.clean_pixel_data else []
    if any(rule.do == "hold" for rule in rules) and "report_screen" not in waiver.codes:
        raise Rejected("report_screen", [{"tag": "(7FE0,0010)", "finding": next(rule.name for rule in rules if rule.do == "hold")}])
    regions = _regions(parsed.dataset) if modality in ("US", "IVUS") else []
    always = modality in _ALWAYS or secondary or _is_lossy(parsed) or any(rule.do == "read" for rule in rules)
    capture = secondary or modality in _CAPTURES or (modality in ("US", "IVUS") and not regions)
    fixed = list(waiver.boxes) + [box for rule in rules for box in rule.boxes_in(shape.rows, shape.columns)]
    decoded = native is None or shape.photometric == "YBR_FULL_422"
    luminance = not decoded and shape.photometric.startswith("YBR")
    chunks, changed, boxes = [], False, 0
    for original in _chunks(parsed, shape, None if decoded else native):
        chunk: NDArray[Any] = original
        outside = _outside(regions, chunk.shape[1], chunk.shape[2]) if regions and profile.clean_pixel_data else None
        if outside is not None:
            chunk = _blank(chunk, [], outside, "" if decoded else shape.photometric)
        found = _text(chunk[..., 0] if luminance else chunk, always=always) if profile.clean_pixel_data else []
        if found and capture and profile.captures == "hold" and not waiver.codes & {"text_in_pixels", "report_screen"}:
            raise Rejected(
                "text_in_pixels", [{"tag": "(7FE0,0010)", "finding": f"text in {len(found)} {'place' if len(found) == 1 else 'places'}"}]
            )
        found += fixed
        boxes += len(found)
        if found:
            chunk = _blank(chunk, found, None, "" if decoded and chunk.ndim == 4 else shape.photometric)
        changed = changed or bool(found) or outside is not None
        chunks.append(chunk)
    done = tuple(rule.name for rule in rules)
    return CleanPixels(np.concatenate(chunks) if changed else None, boxes, decoded, done)


def _is_screen(elements: Elements) -> bool:
    """Whether the image type speaks of a picture of a screen; what has a place in the patient is none, whatever it derives from."""
    parts = text_of(elements, 0x00080008).split("\\")
    if _SCREEN.search("\\".join(parts[2:])):
        return True
    return parts[:2] == ["DERIVED", "SECONDARY"] and "OTHER" in parts and 0x00200032 not in elements


def _is_lossy(parsed: Parsed) -> bool:
    """Whether the pixels went through a lossy compression at any time: ink has no exact value there, so the filter cannot see it."""
    return parsed.transfer_syntax in _LOSSY or text_of(parsed.elements, 0x00282110) == "01"


def _chunks(parsed: Parsed, shape: PixelShape, native: bytes | memoryview | None) -> Iterator[NDArray[Any]]:
    """Yield the frames some at a time, as [frame, row, column] or [frame, row, column, channel]."""
    if native is not None:
        kind = np.dtype(f"<{'i' if shape.signed else 'u'}{shape.bits_allocated // 8}")
        pixels = np.frombuffer(native, kind)[: shape.frames * shape.rows * shape.columns * shape.samples]
        planes: NDArray[Any]
        if shape.samples > 1 and shape.planar == 1:
            planes = pixels.reshape(shape.frames, shape.samples, shape.rows, shape.columns).transpose(0, 2, 3, 1)
        elif shape.samples > 1:
            planes = pixels.reshape(shape.frames, shape.rows, shape.columns, shape.samples)
        else:
            planes = pixels.reshape(shape.frames, shape.rows, shape.columns)
        for first in range(0, shape.frames, _CHUNK):
            yield planes[first : first + _CHUNK]
        return
    waiting: list[NDArray[Any]] = []
    try:
        for frame in iterate_frames(readable(parsed)):
            waiting.append(frame)
            if len(waiting) == _CHUNK:
                yield np.stack(waiting)
                waiting = []
    except PixelError:
        raise Rejected("undecodable_pixels") from None
    if waiting:
        yield np.stack(waiting)


def readable(parsed: Parsed) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(parsed.transfer_syntax)
    for tag in parsed.dataset.group_dataset(0x0028).keys() | {0x7FE00010}:
        if tag in parsed.dataset:
            dataset[tag] = parsed.dataset.get_item(tag)
    for tag in (0x00080016, 0x00080060):
        if tag in parsed.dataset:
            dataset[tag] = parsed.dataset.get_item(tag)
    return dataset


def _text(chunk: NDArray[Any], *, always: bool) -> list[Box]:
    """Return the boxes of text anywhere in a chunk; a film is read by its brightest and darkest projection, and frame by frame where ink is."""
    found: list[Box] = []
    if always and len(chunk) == 1:
        return text_boxes(chunk[0])
    if always:
        found = text_boxes(chunk.max(axis=0)) + text_boxes(chunk.min(axis=0))
    for frame in chunk:
        found += text_at(frame, may_hold_text(frame))
    return found


def _regions(dataset: Dataset) -> list[Box]:
    """Return the ultrasound regions (0018,6011) as boxes; corners are inclusive there."""
    if 0x00186011 not in dataset:
        return []
    boxes = []
    for item in dataset[0x00186011].value or []:
        corners = [item.get(tag) for tag in (0x0018601A, 0x00186018, 0x0018601E, 0x0018601C)]
        if all(corner is not None and corner.value is not None for corner in corners):
            top, left, bottom, right = (int(corner.value) for corner in corners)
            boxes.append((top, left, bottom + 1, right + 1))
    return boxes


def _outside(regions: list[Box], rows: int, columns: int) -> NDArray[np.bool_]:
    outside = np.ones((rows, columns), bool)
    for top, left, bottom, right in regions:
        outside[max(0, top) : bottom, max(0, left) : right] = False
    return outside


def _blank(chunk: NDArray[Any], boxes: list[Box], outside: NDArray[np.bool_] | None, photometric: str) -> NDArray[Any]:
    chunk = chunk.copy()
    fill: Any = chunk.max() if photometric == "MONOCHROME1" else chunk.min()
    if chunk.ndim == 4:
        fill = np.array([0, 128, 128], chunk.dtype) if photometric.startswith("YBR") else 0
    for top, left, bottom, right in boxes:
        chunk[:, top:bottom, left:right] = fill
    if outside is not None:
        chunk[:, outside] = fill
    return chunk
