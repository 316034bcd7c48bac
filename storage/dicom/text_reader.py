"""Reading text in a frame with rapidocr, whose models are inside its wheel: no network, nothing downloaded.

What is read is not kept: only where it stands. Hits of a single character are left alone, so side markers (L, R) survive.
"""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.dicom.text_filter import Box, grey

_UPSCALE = 2
_LARGE = 1200
"""Frames with a longer side than this are read as they are."""
_SURE, _SURE_OF_TWO = 0.5, 0.8
_MARGIN = 3


@lru_cache(maxsize=1)
def _engine(process: int) -> Any:
    """Make the reader once per process; it takes about half a second and 0.3 GB."""
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def text_boxes(frame: NDArray[Any], *, sure: float = _SURE) -> list[Box]:
    """Return where text of two characters or more stands. ``sure`` is how certain (0 to 1) the reader must be."""
    picture = eight_bits(frame)
    rows, columns = picture.shape[:2]
    if min(rows, columns) < 8:
        return []
    return [_wider(box, rows, columns) for box in _read(picture, sure)]


def eight_bits(frame: NDArray[Any]) -> NDArray[np.uint8]:
    if frame.dtype == np.uint8:
        return frame
    plane = grey(frame).astype(np.float32)
    low, high = np.percentile(plane[::2, ::2], (0.2, 99.8))
    high = max(float(high), float(low) + 1)
    return np.asarray(np.clip((plane - low) * (255 / (high - low)), 0, 255), np.uint8)


def _read(part: NDArray[np.uint8], sure: float) -> list[Box]:
    import cv2

    scale = 1 if max(part.shape[:2]) > _LARGE else _UPSCALE
    border = 16
    picture: NDArray[Any] = part if part.ndim == 3 else np.repeat(part[:, :, None], 3, axis=2)
    if scale > 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    picture = cv2.copyMakeBorder(np.ascontiguousarray(picture), border, border, border, border, cv2.BORDER_REPLICATE)
    answer = _engine(os.getpid())(picture)
    if answer is None or answer.boxes is None:
        return []
    boxes = []
    for corners, text, score in zip(answer.boxes, answer.txts, answer.scores, strict=True):
        characters = sum(character.isalnum() for character in text)
        if characters < 2 or score < (sure if characters > 2 else max(sure, _SURE_OF_TWO)):
            continue
        points = (np.asarray(corners, float) - border) / scale
        left, top = np.floor(points.min(axis=0)).astype(int)
        right, bottom = np.ceil(points.max(axis=0)).astype(int)
        boxes.append((max(0, int(top)), max(0, int(left)), min(part.shape[0], int(bottom)), min(part.shape[1], int(right))))
    return [box for box in boxes if box[2] > box[0] and box[3] > box[1]]


def _wider(box: Box, rows: int, columns: int) -> Box:
    return max(0, box[0] - _MARGIN), max(0, box[1] - _MARGIN), min(rows, box[2] + _MARGIN), min(columns, box[3] + _MARGIN)
