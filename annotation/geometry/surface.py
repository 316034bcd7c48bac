"""The surface of a structure: triangles around the voxels of one segment id, in mm LPS.

Marching cubes (Lewiner et al. 2003, as in scikit-image) over a slightly blurred crop, then Taubin's smoothing (1995), which takes off the
steps of thick slices without shrinking the body.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FINEST = 1.25
"""mm: finer grids are averaged down to about this (0.7 mm becomes 1.4) before the surface is taken, which is what keeps the triangles few."""
_PAD, _BLUR = 2, 0.7
_PASSES, _SHRINK, _SWELL = 12, 0.5, -0.53
_LARGEST = 65535


@dataclass(frozen=True)
class Mesh:
    """``points`` float32 (n, 3) in mm LPS; ``triangles`` uint32 (m, 3), counter-clockwise seen from outside."""

    segment: int
    points: NDArray[np.float32]
    triangles: NDArray[np.uint32]

    @property
    def volume(self) -> float:
        """Enclosed mm³, by the divergence theorem; positive when the triangles face outwards."""
        a, b, c = (self.points[self.triangles[:, corner]].astype(np.float64) for corner in range(3))
        return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def surfaces_of(mask: NDArray[np.uint8], affine: NDArray[np.float64], spacing: tuple[float, float, float]) -> Iterator[Mesh]:
    """Yield a mesh per segment id, in order, of a mask [slice, row, column].

    ``affine`` is 4 × 4, [slice, row, column, 1] → mm LPS; ``spacing`` mm between slices, rows and columns.
    """
    from scipy import ndimage

    steps = [max(1, round(FINEST / side)) for side in spacing]
    for segment, box in enumerate(ndimage.find_objects(mask), start=1):
        if box is not None:
            yield _surface(segment, mask[box] == segment, [part.start for part in box], steps, affine)


def _surface(segment: int, inside: NDArray[np.bool_], start: list[int], steps: list[int], affine: NDArray[np.float64]) -> Mesh:
    from scipy import ndimage
    from skimage.measure import marching_cubes

    field = _coarse(inside, steps)
    blurred = ndimage.gaussian_filter(field, _BLUR)
    field = blurred if blurred.max() > 0.5 else field  # what is one voxel thin would vanish
    level = 0.5 if field.max() > 0.5 else float(field.max()) / 2
    points, triangles, _, _ = marching_cubes(field, level)
    # a coarse voxel's centre lies in the middle of the fine ones that it is the mean of
    index = (points - _PAD) * steps + (np.array(steps) - 1) / 2 + start
    world = index @ affine[:3, :3].T + affine[:3, 3]
    mesh = Mesh(segment, _smoothed(world, triangles).astype(np.float32), triangles.astype(np.uint32))
    return mesh if mesh.volume >= 0 else Mesh(segment, mesh.points, np.ascontiguousarray(mesh.triangles[:, ::-1]))


def _coarse(inside: NDArray[np.bool_], steps: list[int]) -> NDArray[np.float32]:
    """Return the share of each coarse voxel that is inside, with empty voxels all around."""
    rest = [-side % step for side, step in zip(inside.shape, steps, strict=True)]
    whole = np.pad(inside.astype(np.float32), [(0, more) for more in rest])
    shape = [part for side, step in zip(whole.shape, steps, strict=True) for part in (side // step, step)]
    return np.pad(whole.reshape(shape).mean(axis=(1, 3, 5)), _PAD).astype(np.float32)


def _smoothed(points: NDArray[np.float64], triangles: NDArray[np.int32]) -> NDArray[np.float64]:
    """Move each point towards its neighbours' mean and a little more back, several times (Taubin 1995)."""
    from scipy import sparse

    first, second = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).T
    ones = np.ones(len(first))
    joined = sparse.csr_matrix((ones, (first, second)), shape=(len(points), len(points)))
    joined = ((joined + joined.T) > 0).astype(np.float64)
    mean = sparse.diags(1 / np.maximum(joined.sum(axis=1).A1, 1)) @ joined
    for _ in range(_PASSES):
        for share in (_SHRINK, _SWELL):
            points = points + share * (mean @ points - points)
    return points


def quantise(points: NDArray[np.float32]) -> tuple[NDArray[np.uint16], NDArray[np.float64], NDArray[np.float64]]:
    """Return (steps uint16 (n, 3), offset (3,) mm, scale (3,) mm a step): ``offset + steps * scale`` is within half a step of each point."""
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    scale = np.maximum((high - low) / _LARGEST, 1e-9)
    return np.rint((points - low) / scale).astype(np.uint16), low, scale
