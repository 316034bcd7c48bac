"""From "vertebra" and "disc" to this vertebra and that disc: splitting a semantic mask along the spine.

Heuristic, for imported masks that name categories only. Bodies are told apart by the discs between them; where posterior
elements touch, or float free, a voxel goes to the body it is nearest to through the mask, else through space.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

Labels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
FROM_L5_UP = ("L5", "L4", "L3", "L2", "L1", *(f"T{n}" for n in range(12, 0, -1)), *(f"C{n}" for n in range(7, 0, -1)))
"""Vertebrae from the lowest upward, where the lowest one marked is taken for L5."""
_SPECK = 0.05
"""A component smaller than this share of the largest is no disc or body of its own."""
_CORE_MM = 12.0
"""How far from the line through the discs' centres a body's core reaches."""


def bodies_and_discs(vertebrae: Mask, discs: Mask, affine: NDArray[np.float64]) -> tuple[Labels, Labels]:
    """Return two uint8 label volumes [slice, row, column]: vertebrae 1, 2, … from the lowest upward; discs by the number of the
    vertebra above them, so that 1 is the disc below vertebra 1.

    ``affine`` is 4 × 4, [slice, row, column, 1] → mm LPS, from which up is known. Masks of one shape, bool.
    """
    centres, disc_parts = _parts(discs, affine)
    if len(centres) >= 2:
        gaps = _between(vertebrae, centres, affine)
        present = np.unique(gaps[gaps > 0])
        above = [int(np.searchsorted(present, number + 1)) + 1 for number in range(1, len(centres) + 1)]
    else:
        heights, gaps = _parts(vertebrae, affine)
        present = np.arange(1, len(heights) + 1)
        above = [sum(height[2] < centre[2] for height in heights) + 1 for centre in centres]
    body_labels = np.concatenate(([0], np.searchsorted(present, np.arange(1, int(gaps.max(initial=0)) + 1)) + 1)).astype(np.uint8)[gaps]
    disc_labels = np.array([0, *above], dtype=np.uint8)[disc_parts]
    return body_labels, disc_labels


def level_codes(count: int) -> Iterator[tuple[int, str]]:
    """Return (number, vertebra code) upward from L5. Raises ``ValueError`` when there are more than up to C1."""
    if count > len(FROM_L5_UP):
        raise ValueError(f"{count} vertebrae do not fit between C1 and L5.")
    return zip(range(1, count + 1), FROM_L5_UP, strict=False)


def _centre(mask: Mask, affine: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(affine[:3, :3] @ np.argwhere(mask).mean(axis=0) + affine[:3, 3])


def _parts(mask: Mask, affine: NDArray[np.float64]) -> tuple[list[NDArray[np.float64]], NDArray[np.int64]]:
    """Return the centres (mm LPS) of a mask's components from the lowest upward, and the labels; specks join the nearest."""
    labels, count = ndimage.label(mask)
    if not count:
        return [], labels.astype(np.int64)
    sizes = np.bincount(labels.ravel())[1:]
    keep = [number for number in range(1, count + 1) if sizes[number - 1] >= _SPECK * sizes.max()]
    centres = {number: _centre(labels == number, affine) for number in keep}
    order = sorted(keep, key=lambda number: centres[number][2])
    table = np.zeros(count + 1, dtype=np.int64)
    table[order] = np.arange(1, len(order) + 1)
    return [centres[number] for number in order], _fill(table[labels], mask, affine)


def _fill(labels: NDArray[np.int64], mask: Mask, affine: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give every voxel of the mask that has no label the label of the nearest one, in mm."""
    lost = mask & (labels == 0)
    if not lost.any() or not labels.any():
        return labels
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    nearest = ndimage.distance_transform_edt(labels == 0, sampling=spacing, return_distances=False, return_indices=True)
    result = labels.copy()
    result[lost] = labels[tuple(nearest[:, lost])]
    return result


def _between(vertebrae: Mask, centres: list[NDArray[np.float64]], affine: NDArray[np.float64]) -> NDArray[np.int64]:
    """Label bodies by the gap between discs in which their core lies: 1 is the gap below the lowest disc."""
    line = np.array([2 * centres[0] - centres[1], *centres, 2 * centres[-1] - centres[-2]])
    where = np.argwhere(vertebrae)
    points = where @ affine[:3, :3].T + affine[:3, 3]
    along, away = _project(points, line)
    core = (away < _CORE_MM) & (np.abs(along % 1 - 0.5) < 0.25)
    markers = np.zeros(vertebrae.shape, dtype=np.int64)
    markers[tuple(where[core].T)] = along[core].astype(np.int64) + 1
    sizes = np.bincount(markers.ravel(), minlength=len(line))[1:]
    for number in np.flatnonzero(sizes < 4 * _SPECK * sizes.max()) + 1:
        markers[markers == number] = 0
    return _fill(watershed(np.zeros(vertebrae.shape, dtype=np.uint8), markers, mask=vertebrae).astype(np.int64), vertebrae, affine)


def _project(points: NDArray[np.float64], line: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each point its place along a polyline (segment number and fraction) and its distance from it, in mm."""
    best = np.full(len(points), np.inf)
    along = np.zeros(len(points))
    for number, (start, end) in enumerate(pairwise(line)):
        step = end - start
        part = np.clip((points - start) @ step / (step @ step), 0, 0.999)
        distance = np.linalg.norm(points - (start + part[:, None] * step), axis=1)
        nearer = distance < best
        best[nearer], along[nearer] = distance[nearer], number + part[nearer]
    return along, best
