"""How wide the spinal canal is at a level, from its mask: the area of a cut square to its course. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Affine = NDArray[np.float64]
COURSE_MM = 15.0
"""How far along the canal its direction is taken from, to either side."""
CUT_MM = 3.0
"""How thick a cut is: its volume over its thickness is the area (Cavalieri)."""


class NoCanal(ValueError):
    """The mask says too little of the canal here, or its sides lie outside the images."""


@dataclass(frozen=True)
class Cut:
    """``area`` in mm², ``depth`` in mm from front to back at the middle, ``spread`` the standard deviation of the area that the slices alone give."""

    area: float
    depth: float
    spread: float


class Canal:
    """The voxels of a canal as points of the patient. ``mask`` bool [slice, row, column], ``affine`` 4 × 4 → mm LPS."""

    def __init__(self, mask: Mask, affine: Affine) -> None:
        where = np.argwhere(mask)
        self._points = where @ affine[:3, :3].T + affine[:3, 3]
        self._outer = (where == 0).any(axis=1) | (where == np.array(mask.shape) - 1).any(axis=1)
        sizes = np.abs(affine[:3, :3])
        self._across = float(sizes[0].max())
        self._voxel = float(abs(np.linalg.det(affine[:3, :3])))

    def cut(self, height: float) -> Cut:
        """Return the cut whose middle lies at ``height`` (mm towards the head). Raises :class:`NoCanal`."""
        near = np.abs(self._points[:, 2] - height) <= COURSE_MM
        if near.sum() < 50 or np.ptp(self._points[near, 2]) < 1.6 * COURSE_MM:
            raise NoCanal("The canal ends here.")
        around = self._points[near]
        along = self._course(around)
        middle = around[np.abs(around[:, 2] - height) <= CUT_MM].mean(axis=0)
        inside = np.abs((around - middle) @ along) <= CUT_MM / 2
        if self._outer[near][inside].any():
            raise NoCanal("The canal is cut by the edge of the images here.")
        cut = around[inside]
        area = len(cut) * self._voxel / CUT_MM
        centre = np.abs(cut[:, 0] - middle[0]) <= max(self._across, 2.0)
        depth = float(np.ptp(cut[centre, 1])) if centre.any() else 0.0
        return Cut(area, depth, 0.41 * self._across * depth)

    def narrowest(self, low: float, high: float) -> Cut:
        """Return the smallest of the cuts between two heights, a millimetre and a half apart."""
        return min((self.cut(float(height)) for height in np.arange(low, high + 0.1, 1.5)), key=lambda cut: cut.area)

    @staticmethod
    def _course(points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the unit vector along which the canal runs: a line through the middles of its horizontal layers."""
        bins = np.floor(points[:, 2] / 3.0).astype(int)
        bins -= bins.min()
        count = np.bincount(bins)
        layers = np.flatnonzero(count)
        middles = np.stack([np.bincount(bins, points[:, axis])[layers] / count[layers] for axis in range(3)], axis=1)
        slopes = [np.polyfit(middles[:, 2], middles[:, axis], 1)[0] if len(middles) > 2 else 0.0 for axis in (0, 1)]
        along = np.array([*slopes, 1.0])
        return np.asarray(along / np.linalg.norm(along))
