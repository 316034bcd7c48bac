"""Reading the NIfTI-1 files of a version with numpy alone."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

_TYPES = {2: np.uint8, 4: np.int16, 16: np.float32}


def load(path: str | Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Return (array, affine): the array [slice, row, column] as it was frozen, and the 4 × 4 matrix that takes
    (column, row, slice, 1) to mm RAS, or None where the image has no place in the patient.

    Reads what Columna writes (single-file NIfTI-1, little-endian, int16, float32 or uint8, unscaled); anything else raises ``ValueError``.
    """
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rb") as handle:
        header = handle.read(352)
        if len(header) < 352 or struct.unpack_from("<i", header, 0)[0] != 348 or header[344:347] != b"n+1":
            raise ValueError(f"{path} is no NIfTI-1 file as Columna writes them.")
        dimensions = struct.unpack_from("<8h", header, 40)
        kind = struct.unpack_from("<h", header, 70)[0]
        if kind not in _TYPES or not 1 <= dimensions[0] <= 3:
            raise ValueError(f"{path} holds data of type {kind} in {dimensions[0]} dimensions.")
        shape = [max(side, 1) for side in dimensions[1:4]]
        handle.read(int(struct.unpack_from("<f", header, 108)[0]) - 352)
        data = np.frombuffer(handle.read(), dtype=np.dtype(_TYPES[kind]).newbyteorder("<"), count=shape[0] * shape[1] * shape[2])
    affine = None
    if struct.unpack_from("<h", header, 254)[0] > 0:
        affine = np.vstack([np.frombuffer(header, "<f4", 12, 280).reshape(3, 4), [0, 0, 0, 1]]).astype(float)
    return data.reshape(shape[::-1]), affine
