"""How well a mask fits the reference. Both empty gives None (nothing to measure), one empty gives 0."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ml_backend.learning.config import CLASSES


def dice(found: NDArray[np.bool_], reference: NDArray[np.bool_]) -> float | None:
    """Return twice the overlap over the sum of both sizes; None when both are empty."""
    total = int(found.sum()) + int(reference.sum())
    if total == 0:
        return None
    return 2.0 * int(np.logical_and(found, reference).sum()) / total


def dice_by_class(found: NDArray[np.uint8], reference: NDArray[np.uint8], classes: Iterable[int]) -> dict[str, float | None]:
    """Return Dice per class name of two class volumes; voxels whose reference is 255 are left out."""
    known = reference != 255
    return {CLASSES[k]: dice((found == k) & known, (reference == k) & known) for k in classes}


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of what could be measured; None when nothing could."""
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None
