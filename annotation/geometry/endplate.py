"""Endplates from masks: a straight line through the upper and the lower rim of a vertebral body, in one plane of the patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.geometry.lines import Point

_BODY_HEIGHT = 0.6
"""Columns lower than this share of the tallest are arch and processes, not body."""
_DISC_HEIGHT = 0.2
"""The same for a disc, which is a wedge: only its frayed ends are left out."""
_LEAST_LENGTH = 2.0
"""How many times as long as high a disc's shadow is at least; else it is no one disc."""
_INNER = 0.1
"""Share of the body left out at either end, where rims and osteophytes bend the plate."""
_ROUNDS = 3


class NoBody(ValueError):
    """The mask has too little of a body to fit a plate to."""


@dataclass(frozen=True)
class Plates:
    """Each plate as two points (forward, up), the smaller forward first; in the sagittal plane (posterior, anterior)."""

    upper: tuple[Point, Point]
    lower: tuple[Point, Point]


def endplates(mask: NDArray[np.bool_], affine: NDArray[np.float64], *, plane: str = "sagittal") -> Plates:
    """Return the endplates of one vertebra.

    ``mask`` is bool [slice, row, column]; ``affine`` 4 × 4 [slice, row, column, 1] → mm LPS. The body is the widest run of tall
    columns of the mask's shadow on the plane; a line is fitted to its upper and its lower rim, and far points are dropped. The
    shadow is then turned upright by what was found, and measured again. Raises :class:`NoBody`.
    """
    flat, step, rise = _shadow(mask, affine, plane)
    centre = flat.mean(axis=0)
    angle = 0.0
    for _ in range(_ROUNDS):
        turn = _turn(angle)
        upper, lower = _upright((flat - centre) @ turn, step, rise)
        angle += float(np.arctan((_slope(upper) + _slope(lower)) / 2))
    back = turn.T
    return Plates(_turned(upper, back, centre), _turned(lower, back, centre))


def disc_plates(mask: NDArray[np.bool_], affine: NDArray[np.float64]) -> Plates:
    """Return the upper and the lower rim of one disc in the sagittal plane, as the plates of the bodies above and below it.

    ``mask`` and ``affine`` as for :func:`endplates`. A disc is long and low, and the lowest one lies far from level: it is laid down
    by its long axis first. Raises :class:`NoBody`, also for what is not long enough to be one disc.
    """
    flat, step, rise = _shadow(mask, affine, "sagittal")
    centre = flat.mean(axis=0)
    spread, axes = np.linalg.eigh(np.cov((flat - centre).T))
    if spread[1] < _LEAST_LENGTH**2 * spread[0]:
        raise NoBody("The mask is not long and low as a disc is.")
    forward, up = axes[:, 1] * np.sign(axes[0, 1])
    turn = _turn(float(np.arctan2(up, forward)))
    upper, lower = _upright((flat - centre) @ turn, step, rise, least=_DISC_HEIGHT)
    return Plates(_turned(upper, turn.T, centre), _turned(lower, turn.T, centre))


Line = tuple[Point, Point]


def _shadow(mask: NDArray[np.bool_], affine: NDArray[np.float64], plane: str) -> tuple[NDArray[np.float64], float, float]:
    """Return a mask's shadow on a plane as points (n, 2) of forward and up in mm, with the width of a column and a voxel's height."""
    where = np.argwhere(mask)
    if len(where) < 30:
        raise NoBody(f"{len(where)} voxels are too few for a body.")
    points = where @ affine[:3, :3].T + affine[:3, 3]
    forward = -points[:, 1] if plane == "sagittal" else points[:, 0]
    sizes = np.abs(affine[:3, :3])
    return np.stack([forward, points[:, 2]], axis=1), 1.25 * float(sizes[1 if plane == "sagittal" else 0].max()), float(sizes[2].max())


def _turn(angle: float) -> NDArray[np.float64]:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _slope(line: Line) -> float:
    (a, b), (c, d) = line
    return (d - b) / (c - a)


def _turned(line: Line, back: NDArray[np.float64], centre: NDArray[np.float64]) -> Line:
    (a, b), (c, d) = (np.array(line) @ back + centre).tolist()
    return (a, b), (c, d)


def _upright(flat: NDArray[np.float64], step: float, rise: float, least: float = _BODY_HEIGHT) -> tuple[Line, Line]:
    """Return the upper and the lower line of points (n, 2) whose body stands nearly upright."""
    start = flat[:, 0].min() - step / 2
    column = np.floor((flat[:, 0] - start) / step).astype(int)
    top, bottom = _rims(column, flat[:, 1], int(column.max()) + 1)
    first, last = _body(top - bottom, least)
    trim = max(1, round(_INNER * (last - first)))
    inside = np.arange(first + trim, last - trim)
    inside = inside[~np.isnan(top[inside])]
    if inside.size < 3:
        raise NoBody("The body is too narrow on this plane.")
    x = start + (inside + 0.5) * step
    ends = (float(start + first * step), float(start + last * step))
    return _line(x, top[inside] + rise / 2, ends), _line(x, bottom[inside] - rise / 2, ends)


def _rims(column: NDArray[np.int64], up: NDArray[np.float64], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the highest and the lowest point of each column but for its outermost hundredths; nan where a column is empty."""
    top, bottom = np.full(count, np.nan), np.full(count, np.nan)
    order = np.argsort(column, kind="stable")
    edges = np.searchsorted(column[order], np.arange(count + 1))
    for index in range(count):
        heights = up[order[edges[index] : edges[index + 1]]]
        if heights.size:
            bottom[index], top[index] = np.percentile(heights, (2, 98))
    return top, bottom


def _body(heights: NDArray[np.float64], least: float) -> tuple[int, int]:
    """Return the widest run [first, last) of columns that are tall enough."""
    known = np.flatnonzero(~np.isnan(heights))
    filled = np.interp(np.arange(heights.size), known, heights[known])
    tall = filled >= least * np.percentile(filled, 90)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], tall.astype(int), [0]))))
    runs = edges.reshape(-1, 2)
    if not len(runs):
        raise NoBody("The mask has no body.")
    first, last = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    return int(first), int(last)


def _line(x: NDArray[np.float64], y: NDArray[np.float64], ends: tuple[float, float]) -> Line:
    slope, level = np.polyfit(x, y, 1)
    off = np.abs(y - (slope * x + level))
    keep = off <= 3 * np.median(off) + 1e-6
    if keep.sum() >= max(3, x.size // 2):
        slope, level = np.polyfit(x[keep], y[keep], 1)
    return (ends[0], float(slope * ends[0] + level)), (ends[1], float(slope * ends[1] + level))
