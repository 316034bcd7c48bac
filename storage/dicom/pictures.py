"""PNG and JPEG pictures as grey arrays: what public datasets call images and masks."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from storage.dicom.nifti import VolumeError

MAX_PIXELS = 1 << 28
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF")


def picture_grey(data: bytes) -> NDArray[Any]:
    """Return [row, column] of uint8, or uint16 for deep pictures. Colour and transparency become luminance; a rotation note is obeyed.

    Raises :class:`VolumeError`: ``not_a_picture``, ``too_large``.
    """
    picture = _opened(data)
    if picture.mode in ("I", "I;16", "I;16L", "I;16B"):
        deep = np.asarray(picture)
        if deep.min() >= 0 and deep.max() <= 0xFFFF:
            return deep.astype(np.uint16)
        raise VolumeError("unsupported_voxels", "The picture holds values beyond 16 bits.")
    if picture.mode == "F":
        raise VolumeError("unsupported_voxels", "A picture of real numbers has no stated scale. Import it as NIfTI.")
    return np.asarray(picture.convert("L"))


def picture_is_lossy(data: bytes) -> bool:
    return data[:3] == b"\xff\xd8\xff"


def _opened(data: bytes) -> Image.Image:
    try:
        picture: Image.Image = Image.open(BytesIO(data), formats=_FORMATS)
        if picture.width * picture.height > MAX_PIXELS:
            raise VolumeError("too_large", f"A picture of {picture.width} × {picture.height} pixels is too large.")
        picture.load()
        return ImageOps.exif_transpose(picture)
    except VolumeError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise VolumeError("not_a_picture", "This is not a PNG, JPEG, BMP or TIFF picture, or it is damaged.") from error


def natural_key(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts ``slice2`` before ``slice10``."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def picture_stack(pictures: list[NDArray[Any]]) -> NDArray[Any]:
    """Return the pictures as [slice, row, column]. Raises :class:`VolumeError` (``mixed_sizes``) when they differ in size."""
    sizes = {picture.shape for picture in pictures}
    if len(sizes) != 1:
        raise VolumeError("mixed_sizes", f"The pictures of one stack have {len(sizes)} different sizes.")
    deepest = max((picture.dtype for picture in pictures), key=lambda kind: kind.itemsize)
    return np.stack([picture.astype(deepest, copy=False) for picture in pictures])
