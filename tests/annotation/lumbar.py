"""Real lumbar masks of the public sample data, for claims about geometry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def lumbar_masks(test_data: Path) -> Iterator[tuple[str, Mask, Mask, NDArray[np.float64]]]:
    """Return file name, vertebrae, discs (bool [slice, row, column]) and the affine to mm LPS of each spine."""
    for path in sorted((test_data / "mr_spider_t2space").glob("*_seg.nii.gz")):
        image = nib.Nifti1Image.from_filename(path)
        array = np.asarray(image.dataobj)
        affine = image.affine.copy()
        affine[:2] *= -1
        yield path.name, array == 1, array == 2, affine
