"""Text out of pixels: blank what lies outside ultrasound regions, and every text that is found (PS3.15 E.3.1).

Which frames are read is a rule: kinds of image that carry text by nature always, every other frame when a cheap look says that
it may hold some. Frames without text stay as they came, bit for bit and in their encoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from storage.dicom import sop_classes
from storage.dicom.parse import Parsed
from storage.dicom.pixel_bytes import PixelShape
from storage.dicom.pixels import PixelError, iterate_frames
from storage.dicom.reasons import Rejected
from storage.dicom.text_filter import Box, may_hold_text
from storage.dicom.text_reader import text_at, text_boxes

_ALWAYS = frozenset({"US", "IVUS", "SC", "OT", "XA", "RF", "CR", "DX", "RG", "PX", "IO", "XC", "ES", "GM", "SM", "DOC"})
_SCREEN = re.compile(r"SCREEN|SECONDARY|REPORT|DOSE|POSTER|CAPTURE", re.IGNORECASE)
_NEVER = frozenset(
    {"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7", "1.2.840.10008.5.1.4.1.1.481.2", "1.2.840.10008.5.1.4.1.1.30"}
)
_CHUNK = 16


@dataclass(frozen=True)
class CleanPixels:
    """``frames`` is None when nothing had to be blanked; else [frame, row, column] or [frame, row, column, RGB], little endian."""

    frames: NDArray[Any] | None
    boxes: int


def clean_pixels(
    parsed: Parsed, shape: PixelShape, *, sop_class: str, modality: str, native: bytes | None, extra: Sequence[Box] = ()
) -> CleanPixels:
    """Return the pixels without text. ``native`` are the stored pixels when they are not compressed; ``extra`` boxes are blanked anyway.

    Raises :class:`Rejected` (``undecodable_pixels``) when compressed pixels cannot be decoded: text in them could not be ruled out.
    """
    if sop_class in _NEVER or shape.bits_allocated not in (8, 16):
        return CleanPixels(None, 0)
    regions = _regions(parsed.dataset) if modality in ("US", "IVUS") else []
    always = modality in _ALWAYS or sop_classes.is_secondary_capture(sop_class) or _is_screen(parsed.dataset)
    chunks, changed, boxes = [], False, 0
    for original in _chunks(parsed, shape, native):
        chunk: NDArray[Any] = original
        found = _text(chunk, always=always) + list(extra)
        outside = _outside(regions, chunk.shape[1], chunk.shape[2]) if regions else None
        boxes += len(found)
        if found or outside is not None:
            chunk = _blank(chunk, found, outside, shape.photometric)
            changed = True
        chunks.append(chunk)
    return CleanPixels(np.concatenate(chunks) if changed else None, boxes)


def _is_screen(dataset: Dataset) -> bool:
    value = dataset.get_item(0x00080008).value if 0x00080008 in dataset else b""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
    parts = text.split("\\")
    return bool(_SCREEN.search("\\".join(parts[2:]))) or (parts[:1] == ["DERIVED"] and parts[1:2] == ["SECONDARY"] and "OTHER" in text)


def _chunks(parsed: Parsed, shape: PixelShape, native: bytes | None) -> Iterator[NDArray[Any]]:
    """Yield the frames some at a time, as [frame, row, column] or [frame, row, column, channel]."""
    if native is not None:
        kind = np.dtype(f"<{'i' if shape.signed else 'u'}{shape.bits_allocated // 8}")
        if shape.photometric == "YBR_FULL_422":
            raise Rejected("undecodable_pixels")
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
    """Return the boxes of text anywhere in a chunk; a film is read by its brightest and darkest projection."""
    if always:
        if len(chunk) == 1:
            return text_boxes(chunk[0])
        return text_boxes(chunk.max(axis=0)) + text_boxes(chunk.min(axis=0))
    found: list[Box] = []
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
