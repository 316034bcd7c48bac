"""From stored values to a JPEG or PNG that any program shows (PS3.18 8.3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from storage.dicom.display import Window, to_grey

JPEG, PNG = "image/jpeg", "image/png"
LARGEST = 8192


@dataclass(frozen=True, slots=True)
class Viewport:
    """Pixels of the answer (width, height), and the region of the source to show: left, top, width, height; 0 for to the edge."""

    width: int
    height: int
    left: int = 0
    top: int = 0
    region_width: int = 0
    region_height: int = 0


def grey(values: NDArray[Any], slope: float, intercept: float, window: Window, *, inverted: bool) -> NDArray[np.uint8]:
    """Return uint8 [row, column], or RGB as it is."""
    return values if values.ndim == 3 else to_grey(values * slope + intercept, window, inverted=inverted)


def encode(pixels: NDArray[np.uint8], *, viewport: Viewport | None, media_type: str, quality: int) -> bytes:
    """Return the picture, scaled to fit into the viewport with its proportions kept (8.3.5.1.3), never larger than asked."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if viewport is not None:
        left, top = min(viewport.left, picture.width - 1), min(viewport.top, picture.height - 1)
        right = min(picture.width, left + viewport.region_width) if viewport.region_width else picture.width
        bottom = min(picture.height, top + viewport.region_height) if viewport.region_height else picture.height
        picture = picture.crop((left, top, right, bottom))
        scale = min(viewport.width / picture.width, viewport.height / picture.height)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    out = BytesIO()
    if media_type == PNG:
        picture.save(out, "PNG", compress_level=3)
    else:
        picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
