"""A cheap look at a frame: could there be text in it? Only then the slow reader is asked.

What a device draws differs from what it measures in one thing that noise cannot imitate: ink. Strokes stand out on both sides within
two pixels of their edge, hold exactly one value along their length, and many strokes close together hold the same one. A place
with enough of such ink is worth reading; a frame without is passed on in one to two milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""Rows from, columns from, rows to, columns to (half open)."""

_CONTRAST = 0.06
"""Share of the frame's own range by which a stroke stands out."""
_CLIPPED = 0.25
"""The same for the lowest and the highest value of a frame, which clipping gives to many pixels without any ink."""
_REACH = 4
_WALK = 60_000
"""Pixels looked at in one go: as many as buffers of 128 KiB hold beside the edges."""
_WIDEST = 6
"""The widest stroke in pixels; wider ones are found in the frame reduced three times."""
_TILE = 16
_FINE = 300
"""A frame that uses more values than this has so many that equal ones hardly meet by chance. A wide range alone does not say so: what was
8 bits once and was scaled since, as many MR images were, still holds 256 values, and its anatomy has runs of equal ones everywhere."""
_INK_FINE, _INK_COARSE = 4, 7
"""Pixels of one ink in three by three tiles that make the place worth reading."""
_FEW = 200
"""Pixels that can be counted one by one in less time than an array is made ready."""
_ALMOST, _CLOUD = 12, 0.35
_REDUCED = 3
_LARGE_SIDE = 192
_LINE_INK, _LINE_LOW, _LINE_HIGH, _LINE_LONG = 10, 5, 64, 2.0
"""A written line: pixels of one ink, its least and greatest height, and how many times longer than high it is (one letter is not)."""


@dataclass(frozen=True)
class Place:
    """A box worth reading. ``lines`` are boxes in it where the ink alone proves that a line was written, read or not."""

    box: Box
    lines: tuple[Box, ...] = ()


def grey(frame: NDArray[Any]) -> NDArray[Any]:
    """Return one plane [row, column]: of colour the brightest channel, in which coloured text stands out as well."""
    return frame.max(axis=2) if frame.ndim == 3 else frame


def may_hold_text(frame: NDArray[Any]) -> list[Place]:
    """Return places worth reading. ``frame`` is [row, column] or [row, column, RGB], of any integer type."""
    plane = grey(frame)
    if min(plane.shape) < 3 * _REACH:
        return []
    lowest, highest = int(plane.min()), int(plane.max())
    plane = _roomy(plane, highest + max(2, highest - lowest))
    spread = _spread(plane[::4, ::4], lowest, highest)
    found = _places(plane, plane, lowest, highest, spread)
    if max(plane.shape) >= _LARGE_SIDE and min(plane.shape) >= 3 * _REACH * _REDUCED:
        found += _places(np.ascontiguousarray(plane[1::_REDUCED, 1::_REDUCED]), plane, lowest, highest, spread)
    return found


def _roomy(plane: NDArray[Any], largest: int) -> NDArray[Any]:
    """Return the plane in one piece, of a type that holds ``largest`` as well: itself where it can, for a copy costs as much as a look."""
    if plane.dtype == np.uint8:
        kind: Any = np.uint16
    elif plane.dtype in (np.uint16, np.int16) and plane.dtype.isnative and largest <= np.iinfo(plane.dtype).max:
        kind = plane.dtype
    else:
        kind = np.int32
    return np.ascontiguousarray(plane, kind)


def _spread(sample: NDArray[Any], lowest: int, highest: int) -> int:
    """Return the range that 99 % of the sample lie in."""
    ends = int(0.005 * (sample.size - 1)), int(0.995 * (sample.size - 1))
    if highest - lowest < 1 << 16:
        below = np.cumsum(np.bincount(sample.ravel().astype(np.int32) - lowest))
        first, last = np.searchsorted(below, ends, side="right")
    else:
        first, last = np.sort(sample, axis=None)[list(ends)]
    return int(last) - int(first)


def _values_used(plane: NDArray[Any], lowest: int, highest: int) -> int:
    """Return how many different values the plane holds."""
    if highest - lowest < 1 << 16:
        return int(np.count_nonzero(np.bincount(plane.ravel().astype(np.int32) - lowest)))
    return len(np.unique(plane))


def _places(plane: NDArray[Any], whole: NDArray[Any], lowest: int, highest: int, spread: int) -> list[Place]:
    """Look at ``plane``, which is ``whole`` or that reduced; of the reduced only strokes count that are flat in the whole."""
    limit, clipped = max(2, round(_CONTRAST * spread)), max(2, round(_CLIPPED * spread))
    fine = highest - lowest > _FINE  # may still turn out to be an illusion, which is only looked at where something stands out
    scale = 1 if plane is whole else _REDUCED
    enough = _INK_FINE if fine else _INK_COARSE
    strokes = []
    for across in (0, 1):
        rows, columns = _standing(plane, across, limit)
        if scale > 1:
            rows, columns = _flat(whole, rows, columns)
        values = plane[rows, columns].astype(np.int32)
        if len(values):
            often = np.bincount(values - lowest)[values - lowest] * 2 >= enough
            rows, columns, values = rows[often], columns[often], values[often]
        strokes.append(np.stack([rows, columns, values]))
    together = np.concatenate([stroke[2] for stroke in strokes]) - lowest
    if len(together) < enough or (counts := np.bincount(together)).max() < enough:
        return []
    if not _may_be_dense([stroke[:, counts[stroke[2] - lowest] >= enough - 1] for stroke in strokes], enough):
        return []
    if fine and _values_used(whole, lowest, highest) <= _FINE:
        fine, enough = False, _INK_COARSE
    for across, stroke in enumerate(strokes):
        rows, columns, values = stroke = stroke[:, counts[stroke[2] - lowest] >= enough - 1]
        limits = np.where((values == lowest) | (values == highest), clipped, limit)
        strokes[across] = stroke[:, _sharp(plane, rows, columns, values, across, limits)]
    return _inked(plane, np.concatenate(strokes, axis=1), lowest, highest, scale, enough, fine)


def _may_be_dense(strokes: list[NDArray[np.int32]], enough: int) -> bool:
    """Whether three by three tiles could hold enough of one ink, before its edges are looked at; of many strokes that is not asked."""
    if sum(stroke.shape[1] for stroke in strokes) > _FEW:
        return True
    tiles: dict[int, list[tuple[int, int]]] = {}
    for stroke in strokes:
        for row, column, value in zip(*stroke.tolist(), strict=True):
            tiles.setdefault(value, []).append((row // _TILE, column // _TILE))
    return any(
        sum(abs(row - other) <= 1 and abs(column - beside) <= 1 for other, beside in places) >= enough
        for places in tiles.values()
        if len(places) >= enough
        for row, column in set(places)
    )


def _standing(plane: NDArray[Any], across: int, limit: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of the pixels that equal the one before them along a stroke and stand out, from two or four beside them, to
    both sides alike.

    The plane is walked as one line, some rows at a time, in buffers that stay in the processor's cache: what is two beside a pixel is
    two rows or two columns away in that line, and the edges, where it would be on the other side, are dropped at the end.
    """
    wide = plane.shape[1]
    line = plane.reshape(-1)
    step, before = (wide, 1) if across == 0 else (1, wide)
    least, most, other = (np.empty(_WALK + 6 * step, plane.dtype) for _ in range(3))
    stands, mask = np.empty(_WALK, bool), np.empty(_WALK, bool)
    found = []
    for start in range(_REACH * wide if across == 0 else wide, len(line) - _REACH * step, _WALK):
        count = min(_WALK, len(line) - _REACH * step - start)
        middle = line[start : start + count]
        one, two = line[start - 4 * step : start + 2 * step + count], line[start - 2 * step : start + 4 * step + count]
        low, top, edge = least[: len(one)], most[: len(one)], other[:count]
        marked, marks = stands[:count], mask[:count]
        np.minimum(one, two, out=low)
        np.maximum(one, two, out=top)
        np.maximum(low[:count], low[6 * step :], out=edge)
        np.add(edge, limit, out=edge)
        np.less(edge, middle, out=marked)  # brighter
        np.minimum(top[:count], top[6 * step :], out=edge)
        np.add(middle, limit, out=low[:count])
        np.less(low[:count], edge, out=marks)  # darker
        marked |= marks
        np.equal(middle, line[start - before : start - before + count], out=marks)
        marked &= marks
        found.append(np.flatnonzero(marked) + start)
    rows, columns = np.divmod(np.concatenate(found) if found else np.empty(0, np.intp), wide)
    inside = columns > 0 if across == 0 else (columns >= _REACH) & (columns < wide - _REACH)
    return rows[inside], columns[inside]


def _flat(whole: NDArray[Any], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Keep those pixels of the reduced frame around which three by three of the whole are equal."""
    row, column = np.minimum(rows * _REDUCED + 1, whole.shape[0] - 2), np.minimum(columns * _REDUCED + 1, whole.shape[1] - 2)
    value = whole[row, column]
    equal = np.ones(len(rows), bool)
    for down, right in ((-1, -1), (-1, 1), (1, -1), (1, 1), (0, 1), (1, 0)):
        equal &= whole[row + down, column + right] == value
    return rows[equal], columns[equal]


def _sharp(
    plane: NDArray[Any],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    values: NDArray[np.int32],
    across: int,
    limits: NDArray[np.intp],
) -> NDArray[np.bool_]:
    """Whether a pixel's run of equal values across the stroke ends on both sides in an edge of two pixels at most, both up or both down."""
    last = plane.shape[across] - 1
    place = rows if across == 0 else columns
    steps = []
    for side in (-1, 1):
        step, open_ = np.zeros(len(values), np.int32), np.ones(len(values), bool)
        near = _beside(plane, rows, columns, across, np.minimum(np.maximum(place + side, 0), last))
        for distance in range(1, _WIDEST + 1):
            far = _beside(plane, rows, columns, across, np.minimum(np.maximum(place + side * (distance + 1), 0), last))
            ends = open_ & (near != values)
            one, two = values - near, values - far
            step[ends] = np.where(np.abs(one) > np.abs(two), one, two)[ends]
            open_ &= ~ends
            if not open_.any():
                break
            near = far
        steps.append(step)
    before, after = steps
    return np.asarray(((before > limits) & (after > limits)) | ((before < -limits) & (after < -limits)))


def _beside(
    plane: NDArray[Any], rows: NDArray[np.intp], columns: NDArray[np.intp], across: int, place: NDArray[np.intp]
) -> NDArray[np.int32]:
    return np.asarray(plane[place, columns] if across == 0 else plane[rows, place], np.int32)


def _inked(plane: NDArray[Any], strokes: NDArray[np.int32], lowest: int, highest: int, scale: int, enough: int, fine: bool) -> list[Place]:
    """Return where one ink is dense: pixels of the same value, counted in three by three tiles. ``strokes`` is [row, column, value]."""
    tall, wide = -(-plane.shape[0] // _TILE), -(-plane.shape[1] // _TILE)
    rows, columns, values = strokes
    if len(values) < enough:
        return []
    inks, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    inks_kept = np.flatnonzero(counts >= enough)
    if not len(inks_kept):
        return []
    number = np.full(len(inks), -1)
    number[inks_kept] = np.arange(len(inks_kept))
    layer = number[which]
    chosen = layer >= 0
    tile = (rows[chosen] // _TILE) * wide + columns[chosen] // _TILE
    counted = np.bincount(layer[chosen] * (tall * wide) + tile, minlength=len(inks_kept) * tall * wide).reshape(-1, tall, wide)
    padded = np.pad(counted, ((0, 0), (1, 1), (1, 1)))
    near = np.sum([padded[:, i : i + tall, j : j + wide] for i in range(3) for j in range(3)], axis=0)
    dense = (near >= enough) & (counted > 0)
    for layer_of, ink in enumerate(inks[inks_kept]):
        if not fine and ink in (lowest, highest) and dense[layer_of].any():
            dense[layer_of] &= near[layer_of] >= _CLOUD * _nearly(plane, int(ink), tall, wide)
    return [Place(_scaled(box, scale), _lines(strokes, box, scale) if fine else ()) for box in _joined(dense.any(axis=0), *plane.shape)]


def _nearly(plane: NDArray[Any], ink: int, tall: int, wide: int) -> NDArray[np.intp]:
    """Count, in three by three tiles, the pixels that almost have the value of an ink: many round clipped anatomy, few round letters."""
    off = np.abs(plane.astype(np.int32) - ink)
    almost = np.zeros((tall * _TILE, wide * _TILE), bool)
    almost[: plane.shape[0], : plane.shape[1]] = (off > 0) & (off <= _ALMOST)
    padded = np.pad(almost.reshape(tall, _TILE, wide, _TILE).sum(axis=(1, 3)), 1)
    return np.asarray(np.sum([padded[i : i + tall, j : j + wide] for i in range(3) for j in range(3)], axis=0))


def _lines(strokes: NDArray[np.int32], box: Box, scale: int) -> tuple[Box, ...]:
    """Return the written lines among the strokes of a place, across and down the page."""
    from scipy import ndimage

    top, left, bottom, right = box
    rows, columns, values = strokes[:, (strokes[0] >= top) & (strokes[0] < bottom) & (strokes[1] >= left) & (strokes[1] < right)]
    _inks, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    same = counts[which] >= _INK_FINE - 1
    drawn = np.zeros((bottom - top, right - left), bool)
    drawn[rows[same] - top, columns[same] - left] = True
    lines = []
    for down in (False, True):
        page = drawn.T if down else drawn
        labels, count = ndimage.label(ndimage.binary_dilation(page, np.ones((5, 13), bool)))
        for number, part in enumerate(ndimage.find_objects(labels), 1) if count else ():
            at = np.argwhere(page[part] & (labels[part] == number))
            (first_row, first), (last_row, last) = at.min(axis=0), at.max(axis=0)
            height, width = last_row - first_row + 1, last - first + 1
            if len(at) < _LINE_INK or not _LINE_LOW <= height <= _LINE_HIGH or width < _LINE_LONG * height:
                continue
            line = (part[0].start + first_row, part[1].start + first, part[0].start + last_row + 1, part[1].start + last + 1)
            lines.append(_line_box(line, int(height), down, top, left, scale))
    return tuple(lines)


def _line_box(line: tuple[Any, ...], height: int, down: bool, top: int, left: int, scale: int) -> Box:
    """Return the box of a line in the frame, wider by a letter at its ends and a third above and below, where round strokes have no runs."""
    first_row, first, last_row, last = (int(value) for value in line)
    high, wide = max(3, height // 3), max(4, height)
    box = (first_row - high, first - wide, last_row + high, last + wide)
    if down:
        box = (box[1], box[0], box[3], box[2])
    return tuple((value + origin) * scale for value, origin in zip(box, (top, left, top, left), strict=True))  # type: ignore[return-value]


def _scaled(box: Box, scale: int) -> Box:
    return box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale


def _joined(hot: NDArray[np.bool_], rows: int, columns: int) -> list[Box]:
    """Return one box per group of touching tiles, a tile wider above and below and two at the sides so that whole words are read."""
    from scipy import ndimage

    if not hot.any():
        return []
    labels, _ = ndimage.label(ndimage.binary_dilation(hot), structure=np.ones((3, 3)))
    boxes = []
    for found in ndimage.find_objects(labels):
        top, bottom, left, right = found[0].start, found[0].stop, found[1].start, found[1].stop
        boxes.append(
            (max(0, top * _TILE - 8), max(0, (left - 1) * _TILE), min(rows, bottom * _TILE + 8), min(columns, (right + 1) * _TILE))
        )
    return boxes
