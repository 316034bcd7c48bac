"""Where a voxel is: the one place in Python where frames of reference change.

Arrays are [slice, row, column]; points are (x, y, z) in mm, patient LPS (DICOM PS3.3 C.7.6.2.1.1). The twin is
``frontend/src/geometry/``; both run ``tests/contract/geometry.json``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = tuple[float, float, float]
_TOLERANCE = 1e-3
_OBLIQUE_BELOW = 0.75
"""A normal whose largest component is below this (more than 41 degrees off every axis) belongs to no anatomical plane."""


def _vector(values: Iterable[float]) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z


def plane_of(normal: ArrayLike) -> str:
    """Return ``sagittal``, ``coronal``, ``axial`` or ``oblique`` for a slice normal in LPS."""
    size = np.abs(np.asarray(normal, dtype=float))
    axis = int(size.argmax())
    return "oblique" if size[axis] < _OBLIQUE_BELOW else ("sagittal", "coronal", "axial")[axis]


@dataclass(frozen=True)
class Geometry:
    """A regular grid without shear.

    ``origin`` is the centre of voxel [0, 0, 0] in mm LPS. ``row_direction`` is the unit vector along a row (growing column
    index), ``column_direction`` along a column (growing row index): the two triples of ImageOrientationPatient. ``spacing`` is
    (between slices, between rows, between columns) in mm. Slices grow along ``normal`` = row × column, so that every grid is
    right-handed. Raises ``ValueError`` when directions are not orthonormal, a spacing is not positive or a side is empty.
    """

    origin: Vector
    row_direction: Vector
    column_direction: Vector
    spacing: Vector
    shape: tuple[int, int, int]

    def __post_init__(self) -> None:
        row, column = np.array(self.row_direction), np.array(self.column_direction)
        values = np.concatenate([row, column, np.array(self.origin), np.array(self.spacing)])
        if not np.isfinite(values).all():
            raise ValueError("A geometry holds finite numbers only.")
        if abs(row @ row - 1) > _TOLERANCE or abs(column @ column - 1) > _TOLERANCE or abs(row @ column) > _TOLERANCE:
            raise ValueError(f"The directions {self.row_direction} and {self.column_direction} are not orthonormal.")
        if min(self.spacing) <= 0 or min(self.shape) < 1:
            raise ValueError(f"Spacing {self.spacing} and shape {self.shape} must be positive.")

    @cached_property
    def normal(self) -> Vector:
        """Unit vector along growing slice index, mm LPS."""
        return _vector(np.cross(self.row_direction, self.column_direction))

    @cached_property
    def affine(self) -> NDArray[np.float64]:
        """4 × 4 float64: [slice, row, column, 1] → (x, y, z, 1) in mm LPS."""
        matrix = np.eye(4)
        matrix[:3, 0] = np.array(self.normal) * self.spacing[0]
        matrix[:3, 1] = np.array(self.column_direction) * self.spacing[1]
        matrix[:3, 2] = np.array(self.row_direction) * self.spacing[2]
        matrix[:3, 3] = self.origin
        return matrix

    @cached_property
    def _inverse(self) -> NDArray[np.float64]:
        return np.asarray(np.linalg.inv(self.affine))

    def to_world(self, index: ArrayLike) -> NDArray[np.float64]:
        """Return (..., 3) points in mm LPS for (..., 3) indices [slice, row, column]; fractions are allowed."""
        return np.asarray(np.asarray(index, dtype=float) @ self.affine[:3, :3].T + self.affine[:3, 3])

    def to_index(self, point: ArrayLike) -> NDArray[np.float64]:
        """Return (..., 3) fractional indices [slice, row, column] for (..., 3) points in mm LPS."""
        return np.asarray(np.asarray(point, dtype=float) @ self._inverse[:3, :3].T + self._inverse[:3, 3])

    @property
    def plane(self) -> str:
        return plane_of(self.normal)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the numbers rounded to 1 µm (origin, spacing) and 1e-6 (directions): equal grids have equal digests."""
        parts = ["columna-geometry-1", *(str(side) for side in self.shape)]
        parts += [_rounded(value, 1e3) for value in (*self.origin, *self.spacing)]
        parts += [_rounded(value, 1e6) for value in (*self.row_direction, *self.column_direction)]
        return hashlib.sha256(",".join(parts).encode()).hexdigest()

    def nifti_affine(self) -> NDArray[np.float64]:
        """4 × 4 float64: (column, row, slice, 1) of the array transposed to [column, row, slice] → mm RAS, as NIfTI-1 asks."""
        matrix = self.affine[:, [2, 1, 0, 3]].copy()
        matrix[:2] *= -1
        return matrix

    def to_json(self) -> dict[str, Any]:
        return {
            "origin": list(self.origin),
            "rowDirection": list(self.row_direction),
            "columnDirection": list(self.column_direction),
            "spacing": list(self.spacing),
            "shape": list(self.shape),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Geometry:
        slices, rows, columns = (int(side) for side in value["shape"])
        return cls(
            origin=_vector(value["origin"]),
            row_direction=_vector(value["rowDirection"]),
            column_direction=_vector(value["columnDirection"]),
            spacing=_vector(value["spacing"]),
            shape=(slices, rows, columns),
        )

    @classmethod
    def from_nifti(cls, affine: ArrayLike, shape: tuple[int, int, int]) -> tuple[Geometry, bool]:
        """Return the grid of a NIfTI array [i, j, k] read as [column, row, slice], and whether its slices must be reversed.

        ``affine`` is 4 × 4, (i, j, k, 1) → mm RAS; ``shape`` is (i, j, k). A left-handed array is turned round along k, so that
        slices grow along the normal. Raises ``ValueError`` for a sheared affine.
        """
        matrix = np.asarray(affine, dtype=float).copy()
        matrix[:2] *= -1
        steps = [float(np.linalg.norm(matrix[:3, axis])) for axis in range(3)]
        if min(steps) <= 0:
            raise ValueError("The affine has an empty axis.")
        row, column, along = (matrix[:3, axis] / steps[axis] for axis in range(3))
        normal = np.cross(row, column)
        if abs(abs(normal @ along) - 1) > _TOLERANCE:
            raise ValueError("The affine is sheared; resample the volume to a straight grid first.")
        reverse = bool(normal @ along < 0)
        origin = matrix[:3, 3] + (along * steps[2] * (shape[2] - 1) if reverse else 0)
        geometry = cls(_vector(origin), _vector(row), _vector(column), (steps[2], steps[1], steps[0]), (shape[2], shape[1], shape[0]))
        return geometry, reverse


def _rounded(value: float, scale: float) -> str:
    """Round half away from zero, as the TypeScript twin does; never write a minus before zero."""
    scaled = value * scale
    whole = int(abs(scaled) + 0.5)
    return str(-whole if scaled < 0 and whole else whole)
