"""The small picture that stands for a stack in lists, and behind the viewer until pixels come."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage.dicom.display import Window

MEDIA_TYPE = "image/webp"
SIDE = 256


def preview_encode(values: NDArray[Any], window: Window, *, inverted: bool, spacing: tuple[float, float] | None) -> bytes:
    """Return a WebP of at most 256 × 256, in the proportions of the body.

    ``values`` is rescaled grey [row, column] or RGB [row, column, 3] uint8; ``spacing`` is mm between (rows, columns), None for
    square pixels; ``inverted`` is for MONOCHROME1.
    """
    import numpy as np
    from PIL import Image

    from storage.dicom.display import to_grey

    grey = values if values.ndim == 3 else to_grey(values, window, inverted=inverted)
    down, across = spacing or (1.0, 1.0)
    height, width = values.shape[0] * down, values.shape[1] * across
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    out = BytesIO()
    Image.fromarray(np.ascontiguousarray(grey)).resize(size, Image.Resampling.LANCZOS).save(out, "WEBP", quality=82, method=2)
    return out.getvalue()
