"""True masks of the public MR patients, put onto a stack's grid and cut into structures, as a scripted reader draws them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

VERTEBRA, DISC, CANAL = 1, 2, 3
UPWARD = ("L5", "L4", "L3", "L2", "L1", "T12", "T11", "T10", "T9", "T8", "T7", "T6", "T5")
_SMALLEST = 0.4


def on_stack(mask_file: Path, manifest: dict[str, Any]) -> NDArray[np.uint8]:
    """Return the file's values at each voxel of a stack, uint8 [slice, row, column], found through world millimetres (LPS to RAS)."""
    image = nibabel.load(mask_file)
    values = np.asarray(image.dataobj).astype(np.uint8)
    geometry = manifest["geometry"]
    positions = np.array([entry["position"] for entry in manifest["slices"]])
    along_row, along_column = np.array(geometry["rowDirection"]), np.array(geometry["columnDirection"])
    _, row_mm, column_mm = geometry["spacing"]
    rows = np.arange(manifest["rows"])[:, None, None] * row_mm * along_column
    columns = np.arange(manifest["columns"])[None, :, None] * column_mm * along_row
    world = positions[:, None, None, :] + rows[None] + columns[None]
    ras = world * np.array([-1.0, -1.0, 1.0])
    inverse = np.linalg.inv(image.affine)
    index = np.rint(ras @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
    assert (index >= 0).all(), "the stack reaches outside its own image"
    assert (index < values.shape).all(), "the stack reaches outside its own image"
    found: NDArray[np.uint8] = values[index[..., 0], index[..., 1], index[..., 2]]
    return found


def structures(mask: NDArray[np.uint8], row_is_down: bool = True) -> dict[str, NDArray[np.bool_]]:
    """Return code → bool mask: vertebrae numbered upward from the lowest as L5, each disc named for the vertebra above it."""
    found: dict[str, NDArray[np.bool_]] = {"CANAL": mask == CANAL}
    bodies = _pieces(mask == VERTEBRA, row_is_down)
    for code, (_, piece) in zip(UPWARD, bodies, strict=False):
        found[code] = piece
    heights = [height for height, _ in bodies]
    for height, piece in _pieces(mask == DISC, row_is_down):
        above = sum(other < height for other in heights)
        if above < len(bodies):
            code = f"IVD_{UPWARD[above]}"
            found[code] = found[code] | piece if code in found else piece
    return {code: piece for code, piece in found.items() if piece.any()}


def _pieces(mask: NDArray[np.bool_], row_is_down: bool) -> list[tuple[float, NDArray[np.bool_]]]:
    """Return (height, mask) of each large component from the feet upward; small ones join the large one nearest in height."""
    labels, count = ndimage.label(mask)
    if not count:
        return []
    numbers = np.arange(1, count + 1)
    sizes = ndimage.sum_labels(mask, labels, numbers)
    sign = -1.0 if row_is_down else 1.0
    row = np.broadcast_to(np.arange(mask.shape[1])[None, :, None], mask.shape)
    heights = sign * np.atleast_1d(ndimage.mean(row, labels, numbers))
    large = numbers[sizes >= _SMALLEST * np.sort(sizes)[-min(5, count)]]
    joined = {int(number): int(large[np.argmin(abs(heights[large - 1] - heights[number - 1]))]) for number in numbers}
    lookup = np.array([0, *(joined[int(number)] for number in numbers)])
    merged = lookup[labels]
    return sorted(((float(heights[number - 1]), merged == number) for number in large), key=lambda item: item[0])
