"""A sampled grid in space, boxes of it, and body-fixed coordinates on a box, all by broadcasting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

Box = tuple[slice, slice, slice]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Grid:
    """``affine`` (4x4) takes [slice, row, column, 1] to LPS mm; ``shape`` is (slices, rows, columns)."""

    affine: NDArray[np.float64]
    shape: tuple[int, int, int]

    @property
    def whole(self) -> Box:
        return tuple(slice(0, n) for n in self.shape)  # type: ignore[return-value]  # a grid has three axes

    def box(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> Box | None:
        """Return the slices that hold the world box, or None when it lies outside."""
        corners = np.array([[x, y, z, 1.0] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
        index = (np.linalg.inv(self.affine) @ corners.T)[:3]
        start = np.maximum(np.floor(index.min(axis=1)).astype(int), 0)
        stop = np.minimum(np.ceil(index.max(axis=1)).astype(int) + 1, self.shape)
        if np.any(stop <= start):
            return None
        return tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))  # type: ignore[return-value]  # three axes

    def around(self, points: NDArray[np.float64], margin: float) -> Box | None:
        """Return the box that holds ``points`` [n, 3] and ``margin`` mm around them."""
        return self.box(points.min(axis=0) - margin, points.max(axis=0) + margin)

    def local(self, box: Box, origin: NDArray[np.float64], rotation: NDArray[np.float64]) -> tuple[Floats, Floats, Floats]:
        """Return (u, v, w) in mm of the box's voxel centres in the frame whose axes are the columns of ``rotation``."""
        turned = rotation.T @ self.affine[:3, :3]
        offset = rotation.T @ (self.affine[:3, 3] - origin)
        axes = [np.arange(s.start, s.stop, dtype=np.float64) for s in box]
        out = []
        for k in range(3):
            i = (turned[k, 0] * axes[0] + offset[k]).astype(np.float32)[:, None, None]
            j = (turned[k, 1] * axes[1]).astype(np.float32)[None, :, None]
            m = (turned[k, 2] * axes[2]).astype(np.float32)[None, None, :]
            out.append(i + j + m)
        return out[0], out[1], out[2]

    def world(self, box: Box) -> tuple[Floats, Floats, Floats]:
        return self.local(box, np.zeros(3), np.eye(3))


@dataclass(frozen=True)
class Texture:
    """A random field fixed in the world, so that every grid over one person sees the same structure."""

    values: Floats
    pitch: float

    @classmethod
    def draw(cls, rng: np.random.Generator, pitch: float, size: int = 32) -> Texture:
        return cls(rng.standard_normal((size, size, size)).astype(np.float32), pitch)

    def at(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Return values of about unit spread; the field repeats every ``size * pitch`` mm."""
        where = np.stack([np.broadcast_to(c / self.pitch, np.broadcast_shapes(x.shape, y.shape, z.shape)) for c in (x, y, z)])
        return map_coordinates(self.values, where, order=1, mode="grid-wrap", prefilter=False) * np.float32(1.7)
