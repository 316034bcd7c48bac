"""A cheap look at a frame: could there be text in it? Only then the slow reader is asked.

Drawn text differs from anatomy in one thing that noise cannot imitate: its strokes hold exactly the same value along their
length and stand out on both sides. A few such strokes close together make a place worth reading; a frame without them is passed
on in about two milliseconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""Rows from, columns from, rows to, columns to (half open)."""

_CONTRAST = 0.06
"""Share of the frame's own range by which a stroke stands out from what is four pixels beside it."""
_REACH = 4
_TILE = 16
_SHARED_INK = 0.25
_FINE = 300
_INK, _INK_FACTOR, _NEIGHBOURS, _MOST_INKS = 12, 5, 16, 40
_STROKES = 6
"""Stroke pixels in a tile, with its neighbours, that make it worth reading."""


def grey(frame: NDArray[Any]) -> NDArray[Any]:
    """Return one plane [row, column]: of colour the brightest channel, in which coloured text stands out as well."""
    return frame.max(axis=2) if frame.ndim == 3 else frame


def may_hold_text(frame: NDArray[Any]) -> list[Box]:
    """Return places worth reading, joined where they touch. ``frame`` is [row, column] or [row, column, RGB]."""
    plane = grey(frame)
    if min(plane.shape) < 3 * _REACH:
        return []
    if plane.dtype.itemsize == 1:
        plane = plane.astype(np.int16)
    elif plane.dtype == np.uint16:
        plane = plane.astype(np.int32)
    sample = plane[::4, ::4]
    low, high = (float(value) for value in np.percentile(sample, (0.5, 99.5)))
    limit = max(2.0, _CONTRAST * (high - low))
    strokes = np.zeros(plane.shape, bool)
    standing = np.zeros(plane.shape, bool)
    for turned in (False, True):
        run, stands = _stems(plane.T if turned else plane, limit)
        strokes |= run.T if turned else run
        standing |= stands.T if turned else stands
    if high - low > _FINE:
        strokes |= _ink(plane, standing)
    return _places(plane, strokes)


def _stems(plane: NDArray[Any], limit: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark what stands out to both sides, all brighter or all darker; and of that the middle of three equal pixels below each other."""
    stands = np.zeros(plane.shape, bool)
    inner = plane[:, _REACH:-_REACH]
    left = inner - plane[:, : -2 * _REACH]
    right = inner - plane[:, 2 * _REACH :]
    stands[:, _REACH:-_REACH] = ((left > limit) & (right > limit)) | ((left < -limit) & (right < -limit))
    run = np.zeros(plane.shape, bool)
    same = plane[1:, :] == plane[:-1, :]
    run[1:-1] = same[1:] & same[:-1]
    run &= stands
    return run, stands


def _ink(plane: NDArray[Any], standing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark pixels that stand out and hold a value that far more of them hold than hold the values next to it: an ink."""
    values = plane[standing]
    if len(values) < _INK:
        return np.zeros(plane.shape, bool)
    lowest = int(values.min())
    counts = np.bincount((values - lowest).astype(np.int64))
    sums = np.concatenate([[0], np.cumsum(counts)])
    index = np.arange(len(counts))
    first, last = np.maximum(index - _NEIGHBOURS, 0), np.minimum(index + _NEIGHBOURS + 1, len(counts))
    usual = (sums[last] - sums[first] - counts) / np.maximum(last - first - 1, 1)
    inks = np.flatnonzero((counts >= _INK) & (counts > _INK_FACTOR * (usual + 1))) + lowest
    if not len(inks) or len(inks) > _MOST_INKS:
        return np.zeros(plane.shape, bool)
    return standing & np.isin(plane, inks)


def _places(plane: NDArray[Any], strokes: NDArray[np.bool_]) -> list[Box]:
    rows, columns = strokes.shape
    tall, wide = -(-rows // _TILE), -(-columns // _TILE)
    padded = np.zeros((tall * _TILE, wide * _TILE), bool)
    padded[:rows, :columns] = strokes
    counts = padded.reshape(tall, _TILE, wide, _TILE).sum(axis=(1, 3))
    around = np.zeros((tall + 2, wide + 2), int)
    around[1:-1, 1:-1] = counts
    near = sum(around[i : i + tall, j : j + wide] for i in range(3) for j in range(3))
    hot = (near >= _STROKES) & (counts >= 2)
    if not hot.any():
        return []
    return [box for box in _joined(hot, rows, columns) if _one_ink(plane, strokes, box)]


def _one_ink(plane: NDArray[Any], strokes: NDArray[np.bool_], box: Box) -> bool:
    """Whether the strokes of a place look drawn: in fine grey steps equal runs are proof enough, in 256 of them they must share values."""
    part = np.s_[box[0] : box[2], box[1] : box[3]]
    values, counts = np.unique(plane[part][strokes[part]], return_counts=True)
    if len(values) == 0:
        return False
    if int(plane.max()) - int(plane.min()) > _FINE:
        return True
    return bool(np.sort(counts)[-2:].sum() >= _SHARED_INK * counts.sum())


def _joined(hot: NDArray[np.bool_], rows: int, columns: int) -> list[Box]:
    """Return one box per group of touching tiles, two tiles wider on every side so that whole words are read."""
    from scipy import ndimage

    labels, _ = ndimage.label(ndimage.binary_dilation(hot, iterations=1), structure=np.ones((3, 3)))
    boxes = []
    for found in ndimage.find_objects(labels):
        top, bottom, left, right = found[0].start, found[0].stop, found[1].start, found[1].stop
        boxes.append(
            (
                max(0, (top - 1) * _TILE),
                max(0, (left - 2) * _TILE),
                min(rows, (bottom + 1) * _TILE),
                min(columns, (right + 2) * _TILE),
            )
        )
    return boxes
