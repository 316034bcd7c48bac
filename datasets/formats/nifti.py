"""NIfTI-1 files: the same array and grid give the same bytes."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from storage.dicom.geometry import Geometry

MEDIA_TYPE = "application/x-nifti+gzip"
EXPORTER = "columna-nifti-1"
_LEVEL = 5


def nifti_bytes(array: NDArray[Any], geometry: Geometry | None, spacing: tuple[float, float] | None = None) -> bytes:
    """Return a gzipped NIfTI-1 file (.nii.gz) of ``array`` [slice, row, column], stored as [column, row, slice].

    With a grid: sform and qform are the same RAS affine in mm, code 1; :class:`storage.dicom.geometry.Geometry` has no shear, so
    both say the same. Without one (radiograph, ultrasound, cine, a stack that is no volume): both codes are 0, which by the
    NIfTI-1 standard means that no place in the patient is claimed; ``spacing`` (between rows, between columns) in mm goes into
    pixdim where the image is calibrated, else pixdim is 1 and the unit unknown. Values are written as they are (int16, float32 or
    uint8), without scaling. The gzip header holds no time and no name.
    """
    if array.dtype not in (np.int16, np.float32, np.uint8):
        raise ValueError(f"NIfTI files hold int16, float32 or uint8 here, not {array.dtype}.")
    if geometry is not None and tuple(array.shape) != tuple(geometry.shape):
        raise ValueError(f"The array is {array.shape}, its grid {geometry.shape}.")
    data = np.asfortranarray(np.transpose(array, (2, 1, 0)))
    header = nibabel.Nifti1Header()
    header.set_data_dtype(data.dtype)
    header.set_data_shape(data.shape)
    if geometry is None:
        rows, columns = spacing or (1.0, 1.0)
        header.set_zooms((columns, rows, 1.0))
        header.set_xyzt_units("mm" if spacing else "unknown")
        image = nibabel.Nifti1Image(data, None, header)
    else:
        header.set_xyzt_units("mm")
        image = nibabel.Nifti1Image(data, geometry.nifti_affine(), header)
        image.set_sform(geometry.nifti_affine(), code=1)
        image.set_qform(geometry.nifti_affine(), code=1)
    return gzip.compress(image.to_bytes(), compresslevel=_LEVEL, mtime=0)
