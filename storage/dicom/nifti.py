"""NIfTI-1 in and out: the grid of any orthogonal orientation, turned index-exactly to [slice, row, column] in LPS.

No voxel is interpolated on the way: axes are swapped and reversed, nothing else.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import nibabel as nib
import numpy as np
from numpy.typing import ArrayLike, NDArray

from storage.dicom.geometry import Geometry

Plane = Literal["sagittal", "axial", "coronal"]
PLANES: tuple[Plane, ...] = ("sagittal", "coronal", "axial")
"""In the order of the LPS axis that the slices are stacked along: x, y, z."""
_DISPLAY: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "sagittal": ((1, 1), (2, -1)),
    "coronal": ((0, 1), (2, -1)),
    "axial": ((0, 1), (1, 1)),
}
"""(axis, sign) in LPS of the row and of the column direction, as radiologists look at each plane."""
MAX_VOXELS = 1 << 31


class VolumeError(Exception):
    """A volume that cannot be taken in. ``code`` names why; the message holds no file name and no value of the header but sizes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Turn:
    """How an array [i, j, k] becomes [slice, row, column]: ``axes`` are its axes in that order, ``flips`` which run backwards."""

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    def apply(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return a view: no voxel is copied or changed."""
        turned = array.transpose(self.axes)
        return turned[tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)]


def orient(affine: ArrayLike, shape: tuple[int, int, int], plane: Plane) -> tuple[Turn, Geometry]:
    """Return how to turn an array with this NIfTI affine (4 × 4, (i, j, k, 1) → mm RAS) so that its slices lie in ``plane``, and its grid.

    Raises :class:`VolumeError`: ``sheared_affine`` when the axes are not at right angles, ``bad_affine`` when there is no grid.
    """
    matrix = np.asarray(affine, dtype=float)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix[:3, :3])) < 1e-9:
        raise VolumeError("bad_affine", "The header places the voxels nowhere: its affine is singular or not finite.")
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix
    owner = _axis_of_world(lps)
    along = PLANES.index(plane)
    (row_axis, row_sign), (column_axis, column_sign) = _DISPLAY[plane]
    axes = (owner[along], owner[column_axis], owner[row_axis])
    column_flip = lps[column_axis, axes[1]] * column_sign < 0
    row_flip = lps[row_axis, axes[2]] * row_sign < 0
    column = lps[:3, axes[1]] * (-1 if column_flip else 1)
    row = lps[:3, axes[2]] * (-1 if row_flip else 1)
    slice_flip = bool(np.cross(row, column) @ lps[:3, axes[0]] < 0)
    turn = Turn(axes, (slice_flip, bool(column_flip), bool(row_flip)))
    return turn, _grid(lps, shape, turn)


def _axis_of_world(lps: NDArray[np.float64]) -> list[int]:
    """Return for x, y and z the array axis that runs along it most; each array axis belongs to one."""
    owner = [-1, -1, -1]
    for axis, (world, _) in enumerate(nib.orientations.io_orientation(lps)):
        if np.isnan(world):
            raise VolumeError("bad_affine", "The header places the voxels nowhere: one of its axes has no direction.")
        owner[int(world)] = axis
    return owner


def _grid(lps: NDArray[np.float64], shape: tuple[int, int, int], turn: Turn) -> Geometry:
    origin = lps[:3, 3].copy()
    steps = []
    for axis, flip in zip(turn.axes, turn.flips, strict=True):
        step = lps[:3, axis]
        origin += step * (shape[axis] - 1) if flip else 0
        steps.append(-step if flip else step)
    sizes = [float(np.linalg.norm(step)) for step in steps]
    units = [step / size for step, size in zip(steps, sizes, strict=True)]
    if max(abs(units[0] @ units[1]), abs(units[0] @ units[2]), abs(units[1] @ units[2])) > 1e-3:
        raise VolumeError("sheared_affine", "The voxel axes are not at right angles. Resample image and mask to a straight grid first.")
    try:
        return Geometry(
            origin=(float(origin[0]), float(origin[1]), float(origin[2])),
            row_direction=(float(units[2][0]), float(units[2][1]), float(units[2][2])),
            column_direction=(float(units[1][0]), float(units[1][1]), float(units[1][2])),
            spacing=(sizes[0], sizes[1], sizes[2]),
            shape=(shape[turn.axes[0]], shape[turn.axes[1]], shape[turn.axes[2]]),
        )
    except ValueError as error:
        raise VolumeError("bad_affine", "The header's affine does not make a grid.") from error


def acquisition_plane(affine: ArrayLike, shape: tuple[int, int, int], modality: str) -> Plane:
    """Return the plane in which the volume was probably acquired.

    The stacking axis is the one whose spacing differs from two equal ones, else the one with by far the fewest slices, else
    axial for CT and sagittal for the rest.
    """
    matrix = np.asarray(affine, dtype=float)
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix
    owner = _axis_of_world(lps)
    sizes = np.linalg.norm(lps[:3, :3], axis=0)
    for world in range(3):
        others = [sizes[owner[other]] for other in range(3) if other != world]
        if abs(others[0] - others[1]) < 0.01 * others[0] < abs(sizes[owner[world]] - others[0]):
            return PLANES[world]
    counts = [shape[owner[world]] for world in range(3)]
    fewest = int(np.argmin(counts))
    if counts[fewest] < 0.6 * sorted(counts)[1]:
        return PLANES[fewest]
    return "axial" if modality == "CT" else "sagittal"


def nifti_load(data: bytes) -> nib.Nifti1Image:
    """Return the image of a .nii or .nii.gz file. Raises :class:`VolumeError` with a named reason.

    The header is read first and says how much may be unpacked, so a small file cannot fill the memory.
    """
    packed = data[:2] == b"\x1f\x8b"
    try:
        head = _unpack(data, _HEADER) if packed else data[:_HEADER]
        header = nib.Nifti1Header.from_fileobj(BytesIO(head), check=False)
    except (zlib.error, nib.spatialimages.HeaderDataError, nib.wrapstruct.WrapStructError, ValueError, EOFError) as error:
        raise VolumeError("not_nifti", "This is not a NIfTI-1 file, or it is damaged.") from error
    if bytes(header["magic"].item()).rstrip(b"\0") not in (b"n+1", b"n+1\0"):
        raise VolumeError("not_nifti", "This is not a single-file NIfTI-1 image.")
    size = _announced(header)
    try:
        image = nib.Nifti1Image.from_bytes(_unpack(data, size) if packed else data)
        image.get_data_dtype()
    except (zlib.error, nib.filebasedimages.ImageFileError, nib.spatialimages.HeaderDataError, ValueError, EOFError, OSError) as error:
        raise VolumeError("not_nifti", "This is not a NIfTI-1 file, or it is damaged.") from error
    return image


_HEADER = 348


def _unpack(data: bytes, limit: int) -> bytes:
    """Return the first ``limit`` bytes of a gzip file, over as many members as it has."""
    out, rest = b"", data
    while rest and len(out) < limit:
        stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        out += stream.decompress(rest, limit - len(out))
        rest = stream.unused_data
    return out


def _announced(header: nib.Nifti1Header) -> int:
    """Return how long the header says the file is, in bytes, after checking what it announces."""
    try:
        shape, kind = header.get_data_shape(), header.get_data_dtype()
    except (nib.spatialimages.HeaderDataError, KeyError, ValueError) as error:
        raise VolumeError("not_nifti", "The header names a type of voxel that does not exist.") from error
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3 or min(shape) < 1:
        raise VolumeError("not_3d", f"A volume has three axes; this one has the shape {' × '.join(map(str, header.get_data_shape()))}.")
    voxels = int(np.prod(shape, dtype=np.int64))
    if voxels > MAX_VOXELS:
        raise VolumeError("too_large", "The header announces more than 2³¹ voxels.")
    if kind.kind not in "iuf":
        raise VolumeError("unsupported_voxels", "The voxels are neither whole nor real numbers (colour and complex cannot be taken).")
    offset = float(header["vox_offset"])
    if not 0 <= offset <= 1 << 26:
        raise VolumeError("not_nifti", "The header says that the voxels begin beyond the file.")
    return int(offset) + voxels * kind.itemsize


def nifti_array(image: nib.Nifti1Image) -> NDArray[Any]:
    """Return the voxels [i, j, k] with the header's scaling applied: as stored when there is none, else float64."""
    try:
        array = np.asanyarray(image.dataobj)
    except (OSError, ValueError, EOFError) as error:
        raise VolumeError("truncated", "The file ends before its voxels do.") from error
    return array.reshape(array.shape[:3])


def nifti_bytes(volume: NDArray[Any], geometry: Geometry) -> bytes:
    """Return [slice, row, column] as .nii.gz: qform equals sform, code 1 (scanner), no time and no name in the gzip header."""
    image = nib.Nifti1Image(np.ascontiguousarray(volume.transpose(2, 1, 0)), geometry.nifti_affine())
    image.set_qform(geometry.nifti_affine(), code=1)
    image.set_sform(geometry.nifti_affine(), code=1)
    image.header.set_xyzt_units("mm")
    return gzip.compress(image.to_bytes(), compresslevel=6, mtime=0)
