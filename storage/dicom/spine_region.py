"""Where in the body the spine is, found without a model: enough to say which part of a large CT to open first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from storage.dicom.geometry import Geometry

_AIR, _BONE = -300, 180
"""HU: the body is denser than the one, cancellous and cortical bone than the other."""
_MIDLINE_MM = 60.0
_SIDE_MM, _FRONT_MM, _BACK_MM = 65.0, 65.0, 80.0
"""From the middle of the spine's bone: half a vertebra with its transverse processes and ribs' heads; its body; the spinous process."""
_LEAST_SLABS = 0.6
_SLABS = 48


@dataclass(frozen=True, slots=True)
class Box:
    """A part of every slice: rows and columns [first, last + 1) of the whole grid."""

    rows: tuple[int, int]
    columns: tuple[int, int]

    def grown(self, mm: float, geometry: Geometry) -> Box:
        """Return the box with so much more on every side, within the grid."""
        more = (round(mm / geometry.spacing[1]), round(mm / geometry.spacing[2]))
        _, rows, columns = geometry.shape
        return Box(
            (max(0, self.rows[0] - more[0]), min(rows, self.rows[1] + more[0])),
            (max(0, self.columns[0] - more[1]), min(columns, self.columns[1] + more[1])),
        )

    def holds(self, other: Box) -> bool:
        return all(mine[0] <= its[0] and its[1] <= mine[1] for mine, its in ((self.rows, other.rows), (self.columns, other.columns)))

    def share(self, geometry: Geometry) -> float:
        """Return how much of a slice it is, 0 to 1."""
        _, rows, columns = geometry.shape
        return (self.rows[1] - self.rows[0]) * (self.columns[1] - self.columns[0]) / (rows * columns)


def mask_box(mask: NDArray[np.bool_]) -> Box | None:
    """Return the smallest box that holds every marked voxel of [slice, row, column], or None when there is none."""
    rows, columns = (np.flatnonzero(mask.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    return Box((int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1)) if rows.size else None


def spine_box(values: NDArray[np.float32], steps: tuple[int, int, int], geometry: Geometry) -> Box | None:
    """Return the box round the spine in a CT of a trunk or neck, or None when it is not found with confidence.

    ``values`` are HU [slice, row, column] of every ``steps``-th voxel of ``geometry``. Slab by slab along the body, the spine is the
    bone near the midline in the back half of the body; the box holds it in all slabs with room for arches, processes and
    the canal. What is left out is reachable by loading the whole, so a doubtful answer is None.
    """
    found = _middles(values, steps, geometry)
    if found is None:
        return None
    middle, extents = found
    low = middle.min(axis=0) - np.array([_SIDE_MM, _FRONT_MM])
    high = middle.max(axis=0) + np.array([_SIDE_MM, _BACK_MM])
    corners = np.array([[x, y] for x in (low[0], high[0]) for y in (low[1], high[1])])
    spans = []
    for axis, direction in ((1, geometry.column_direction), (2, geometry.row_direction)):
        size = geometry.shape[axis]
        if abs(direction[2]) > 0.5:
            spans.append((0, size))
            continue
        along = [(corner - extents) @ np.array(direction[:2]) / geometry.spacing[axis] for corner in corners]
        spans.append((max(0, int(np.floor(min(along)))), min(size, int(np.ceil(max(along))) + 1)))
    if any(last - first < 8 for first, last in spans):
        return None
    return Box(spans[0], spans[1])


def _middles(
    values: NDArray[np.float32], steps: tuple[int, int, int], geometry: Geometry
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the middle of the spine's bone (x, y) in mm LPS for each slab along the body, smoothed, and (x, y) of the grid's origin."""
    body = _body(values)
    if body is None:
        return None
    grid = np.argwhere(body) * np.array(steps)
    points = geometry.to_world(grid)
    bone = (values > _BONE)[body]
    z = points[:, 2]
    slab = np.minimum(((z - z.min()) / max(np.ptp(z), 1e-6) * _SLABS).astype(int), _SLABS - 1)
    found = np.full((_SLABS, 2), np.nan)
    for number in range(_SLABS):
        here = slab == number
        inside = points[here]
        if len(inside) < 20:
            continue
        x = (np.quantile(inside[:, 0], 0.02) + np.quantile(inside[:, 0], 0.98)) / 2
        front, back = np.quantile(inside[:, 1], 0.02), np.quantile(inside[:, 1], 0.98)
        hard = inside[bone[here]]
        near = hard[(np.abs(hard[:, 0] - x) < _MIDLINE_MM) & (hard[:, 1] > front + 0.4 * (back - front))]
        if len(near) >= 3:
            found[number] = np.median(near[:, :2], axis=0)
    there = ~np.isnan(found[:, 0])
    if there.mean() < _LEAST_SLABS:
        return None
    return ndimage.median_filter(found[there], size=(5, 1), mode="nearest"), np.array(geometry.origin[:2])


def _body(values: NDArray[np.float32]) -> NDArray[np.bool_] | None:
    """Return the largest connected part denser than air: no table, no arms beside it. None when nothing is there."""
    dense = ndimage.binary_opening(values > _AIR, iterations=1)
    labels, count = ndimage.label(dense)
    if not count:
        return None
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax())
