"""Reading text in a frame with rapidocr, whose models are inside its wheel: no network, nothing downloaded.

What is read is not kept: only where it stands. Hits of a single character are left alone, so side markers (L, R) survive.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.dicom.text_filter import Box, Place, grey

_UPSCALE, _UPSCALE_CROP = 2, 3
_LARGE, _SMALL_CROP = 1200, 160
"""Frames with a longer side than the first are read as they are; crops with a shorter one than the second three times as large."""
_SURE, _SURE_OF_TWO, _SURE_IN_ANATOMY, _WEAK = 0.5, 0.8, 0.65, 0.05
_FAINT, _SEEN = 0.25, 0.5
_BORDER, _GLANCE = 16, 1.5
_GAP = 1.5
"""What stands in line with text, this many letter heights from it, is text as well, however badly it can be read."""
_MARGIN = 3
_AROUND = 12
_MOST_CROPS, _MOST_AREA = 10, 0.5
_SMALLEST = 32


@lru_cache(maxsize=1)
def _engine(process: int) -> Any:
    """Make the reader once per process; it takes about half a second and 0.3 GB."""
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.text_score": _WEAK,
            "Det.limit_type": "min",
            "Det.limit_side_len": _SMALLEST,  # else every crop is blown up to 736 pixels first
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def text_boxes(frame: NDArray[Any], *, sure: float = _SURE) -> list[Box]:
    """Read a whole frame and return where text of two characters or more stands. ``sure`` is how certain (0 to 1) the reader must be."""
    picture = eight_bits(frame)
    rows, columns = picture.shape[:2]
    if min(rows, columns) < 8:
        return []
    scale = 1 if max(rows, columns) > _LARGE else _UPSCALE
    return [_wider(box, rows, columns) for box in _read(picture, sure, scale)]


def text_at(frame: NDArray[Any], places: Sequence[Place]) -> list[Box]:
    """Read only the places that :func:`storage.dicom.text_filter.may_hold_text` found, and return where text stands.

    A line that the ink alone proves is text whether it can be read or not.
    """
    if not places:
        return []
    rows, columns = frame.shape[:2]
    found = [_wider(line, rows, columns) for place in places for line in place.lines]
    crops = _merged([_grown(place.box, rows, columns) for place in places])
    area = sum((bottom - top) * (right - left) for top, left, bottom, right in crops)
    if len(crops) > _MOST_CROPS or area > _MOST_AREA * rows * columns:
        return found + (text_boxes(frame, sure=_SURE_IN_ANATOMY) if found or _looks_written(eight_bits(frame)) else [])
    for top, left, bottom, right in crops:
        part = _stretched(frame[top:bottom, left:right])
        for box in _read_crop(part) if found or _looks_written(part) else ():
            found.append(_wider((box[0] + top, box[1] + left, box[2] + top, box[3] + left), rows, columns))
    return found


def _looks_written(part: NDArray[np.uint8]) -> bool:
    """Whether the reader's eye, without its understanding, sees anything like a line of text; a quarter of the cost of reading."""
    answer = _engine(os.getpid())(_framed(part, _GLANCE), use_det=True, use_cls=False, use_rec=False, box_thresh=_FAINT)
    return answer is not None and answer.boxes is not None and len(answer.boxes) > 0


def _framed(part: NDArray[np.uint8], scale: float) -> NDArray[Any]:
    """Return a picture [row, column, RGB] enlarged and with a border, as the reader likes it."""
    import cv2

    picture: NDArray[Any] = part if part.ndim == 3 else np.repeat(part[:, :, None], 3, axis=2)
    if scale > 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(np.ascontiguousarray(picture), _BORDER, _BORDER, _BORDER, _BORDER, cv2.BORDER_REPLICATE)


def _read_crop(part: NDArray[np.uint8]) -> list[Box]:
    """Read a crop as it lies; a tall one turned to either side as well, for text that runs up or down."""
    high, wide = part.shape[:2]
    scale = _UPSCALE_CROP if min(high, wide) < _SMALL_CROP else _UPSCALE
    found = _read(part, _SURE_IN_ANATOMY, scale)
    if high > 1.2 * wide and wide <= _SMALL_CROP:
        for box in _read(np.ascontiguousarray(np.rot90(part)), _SURE_IN_ANATOMY, scale):
            found.append((box[1], wide - box[2], box[3], wide - box[0]))
        for box in _read(np.ascontiguousarray(np.rot90(part, 3)), _SURE_IN_ANATOMY, scale):
            found.append((high - box[3], box[0], high - box[1], box[2]))
    return found


def _stretched(part: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a crop with its own range stretched over 8 bits, so that faint text in it is read as well."""
    return eight_bits(part.astype(np.uint16) if part.dtype == np.uint8 and part.ndim == 2 else part)


def eight_bits(frame: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the frame as [row, column] or [row, column, RGB] of 8 bits, its own range stretched over them."""
    if frame.dtype == np.uint8:
        return frame
    plane = grey(frame).astype(np.float32)
    low, high = np.percentile(plane[::2, ::2], (0.2, 99.8))
    high = max(float(high), float(low) + 1)
    return np.asarray(np.clip((plane - low) * (255 / (high - low)), 0, 255), np.uint8)


def _read(part: NDArray[np.uint8], sure: float, scale: int) -> list[Box]:
    answer = _engine(os.getpid())(_framed(part, scale), use_det=True, use_cls=True, use_rec=True, box_thresh=_SEEN)
    if answer is None or answer.boxes is None:
        return []
    sure_boxes: list[Box] = []
    weak_boxes: list[Box] = []
    for corners, text, score in zip(answer.boxes, answer.txts, answer.scores, strict=True):
        characters = sum(character.isalnum() for character in text)
        points = (np.asarray(corners, float) - _BORDER) / scale
        left, top = np.floor(points.min(axis=0)).astype(int)
        right, bottom = np.ceil(points.max(axis=0)).astype(int)
        box = (max(0, int(top)), max(0, int(left)), min(part.shape[0], int(bottom)), min(part.shape[1], int(right)))
        if box[2] <= box[0] or box[3] <= box[1]:
            continue
        is_sure = (characters > 2 and score >= sure) or (characters == 2 and score >= max(sure, _SURE_OF_TWO))
        (sure_boxes if is_sure else weak_boxes).append(box)
    return _with_neighbours(sure_boxes, weak_boxes)


def _with_neighbours(boxes: list[Box], weak: list[Box]) -> list[Box]:
    """Add what was found in line with text and near it: the rest of a name of which only a part could be read."""
    todo = list(boxes)
    while todo:
        box = todo.pop()
        near = [other for other in weak if _in_line(box, other)]
        weak = [other for other in weak if other not in near]
        boxes += near
        todo += near
    return boxes


def _in_line(one: Box, other: Box) -> bool:
    high, wide = one[2] - one[0], one[3] - one[1]
    down = high > wide
    (a, b), (c, d) = ((one[1], one[3]), (other[1], other[3])) if down else ((one[0], one[2]), (other[0], other[2]))
    (e, f), (g, h) = ((one[0], one[2]), (other[0], other[2])) if down else ((one[1], one[3]), (other[1], other[3]))
    letter = b - a
    return min(b, d) - max(a, c) >= 0.5 * min(letter, d - c) and max(e, g) - min(f, h) <= _GAP * letter


def _wider(box: Box, rows: int, columns: int) -> Box:
    return max(0, box[0] - _MARGIN), max(0, box[1] - _MARGIN), min(rows, box[2] + _MARGIN), min(columns, box[3] + _MARGIN)


def _grown(box: Box, rows: int, columns: int) -> Box:
    return max(0, box[0] - _AROUND), max(0, box[1] - _AROUND), min(rows, box[2] + _AROUND), min(columns, box[3] + _AROUND)


def _merged(boxes: Sequence[Box]) -> list[Box]:
    """Join boxes that overlap until none do."""
    waiting, done = list(boxes), []
    while waiting:
        box = waiting.pop()
        touching = [other for other in waiting if _overlap(box, other)]
        if not touching:
            done.append(box)
            continue
        waiting = [other for other in waiting if other not in touching]
        together = [box, *touching]
        waiting.append((min(b[0] for b in together), min(b[1] for b in together), max(b[2] for b in together), max(b[3] for b in together)))
    return done


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
