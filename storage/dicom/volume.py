"""What an imported volume becomes: stored values with a rescale, and a mask on exactly the same grid. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.dicom.geometry import Geometry
from storage.dicom.nifti import Plane, VolumeError, acquisition_plane, nifti_array, nifti_load, orient

_CORNER_TOLERANCE = 0.05
"""How far, in voxels, the corners of a mask's grid may lie from its image's: headers are rounded, grids are not moved."""


@dataclass(frozen=True)
class Stored:
    """Stored values and what makes values of them: ``value = pixels * slope + intercept``. ``exact`` when nothing was rounded."""

    pixels: NDArray[Any]
    slope: float
    intercept: float
    exact: bool


@dataclass(frozen=True)
class Volume:
    """An image [slice, row, column] with its grid, None when the slices have no place in space; ``plane`` is how it was cut."""

    stored: Stored
    geometry: Geometry | None
    plane: Plane
    notes: tuple[str, ...] = ()


def store_values(values: NDArray[Any], *, shallow: bool = False) -> Stored:
    """Return whole numbers that fit 16 bits as they are; everything else in 65,536 even steps over its range.

    ``shallow`` lets 8 bits be 8 bits, which radiographs may be and CT and MR may not (PS3.3 C.8.2.1, C.8.3.1). Rounding is at most half a step: range / 131,070. Values that are not finite become the lowest finite one.
    """
    if values.dtype.kind == "f":
        finite = np.isfinite(values)
        if not finite.any():
            raise VolumeError("no_values", "The volume holds no finite value.")
        if not finite.all():
            values = np.where(finite, values, values[finite].min())
    low, high = values.min(), values.max()
    whole = values.dtype.kind in "iu" or bool((values == np.rint(values)).all())
    if whole:
        for kind in (np.uint8, np.int16, np.uint16) if shallow else (np.int16, np.uint16):
            if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
                return Stored(values.astype(kind), 1.0, 0.0, True)
    slope, intercept = _short_slope(float(low), float(high))
    pixels = np.clip(np.rint((values.astype(np.float64) - intercept) / slope), 0, 65535).astype(np.uint16)
    return Stored(pixels, slope, intercept, False)


def _short_slope(low: float, high: float) -> tuple[float, float]:
    """Return slope and intercept whose decimal strings have at most 16 characters and still span [low, high]."""
    intercept = float(f"{low:.9e}")
    slope = float(f"{max(high - intercept, 1e-30) / 65535 * (1 + 1e-9):.9e}")
    return slope, intercept


def read_nifti(data: bytes, *, modality: str, plane: Plane | None = None) -> Volume:
    """Return the image of a NIfTI-1 file, its slices in ``plane`` (None: as it was probably acquired)."""
    image = nifti_load(data)
    array = nifti_array(image)
    notes = ("no_orientation",) if not int(image.header["qform_code"]) and not int(image.header["sform_code"]) else ()
    chosen = plane or acquisition_plane(image.affine, array.shape, modality)
    turn, geometry = orient(image.affine, array.shape, chosen)
    stored = store_values(turn.apply(array))
    return Volume(stored, geometry, chosen, notes if stored.exact else (*notes, "values_rounded"))


def read_nifti_mask(data: bytes, volume: Volume) -> NDArray[np.int64]:
    """Return the mask [slice, row, column] on the volume's grid: axes swapped and reversed, never interpolated.

    Raises :class:`VolumeError`: ``mask_shape_mismatch``, ``mask_geometry_mismatch``, ``mask_values_not_whole``.
    """
    image = nifti_load(data)
    array = nifti_array(image)
    turn, geometry = orient(image.affine, array.shape, volume.plane)
    mask = turn.apply(array)
    if mask.shape != volume.stored.pixels.shape:
        sizes = " and ".join(" × ".join(map(str, shape)) for shape in (mask.shape, volume.stored.pixels.shape))
        raise VolumeError("mask_shape_mismatch", f"Mask and image differ in size ({sizes} slices, rows, columns).")
    if volume.geometry is not None and corner_distance(geometry, volume.geometry) > _CORNER_TOLERANCE:
        raise VolumeError(
            "mask_geometry_mismatch", "Mask and image lie on different grids in space. Resample the mask to the image's grid first."
        )
    return whole_numbers(mask)


def corner_distance(one: Geometry, other: Geometry) -> float:
    """Return how far apart the farthest of the eight corners are, in voxels of ``other``. Both have the same shape."""
    last = np.array(other.shape) - 1
    corners = np.array([[a, b, c] for a in (0, last[0]) for b in (0, last[1]) for c in (0, last[2])])
    return float(np.abs(other.to_index(one.to_world(corners)) - corners).max())


def whole_numbers(mask: NDArray[Any]) -> NDArray[np.int64]:
    if mask.dtype.kind == "f" and not (np.isfinite(mask).all() and (mask == np.rint(mask)).all()):
        raise VolumeError("mask_values_not_whole", "The mask holds values that are not whole numbers. It may be a probability map.")
    return mask.astype(np.int64)


def mapped_mask(mask: NDArray[np.int64], values: Mapping[str, str | None]) -> tuple[NDArray[np.uint8], dict[str, str]]:
    """Return the mask as uint8 and what its values mean. 0 is background; a value mapped to None becomes background.

    Values keep their numbers when all fit 1..255, else they are numbered anew. Raises :class:`VolumeError`
    (``mask_unknown_values``) for a value that the importer did not name, and ``mask_empty`` when nothing is left.
    """
    present = [int(value) for value in np.unique(mask) if value != 0]
    unknown = [value for value in present if str(value) not in values]
    if unknown:
        listed = ", ".join(map(str, unknown[:10]))
        raise VolumeError("mask_unknown_values", f"The mask holds values that were not named: {listed}. Name them, or map them to null.")
    kept = {value: name for value in present if (name := values[str(value)]) is not None}
    if not kept:
        raise VolumeError("mask_empty", "The mask is empty.")
    numbers = {value: value for value in kept} if min(kept) > 0 and max(kept) <= 255 else {value: n for n, value in enumerate(kept, 1)}
    if len(numbers) > 255:
        raise VolumeError("too_many_values", "The mask holds more than 255 different values.")
    out = np.zeros(mask.shape, np.uint8)
    for value, number in numbers.items():
        out[mask == value] = number
    return out, {str(number): kept[value] for value, number in numbers.items()}
