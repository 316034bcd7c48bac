"""Slices as the annotation room names and stores them."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.errors import ColumnaError
from storage.models import Stack
from storage.services.stack import stack_slices

Plane = NDArray[np.uint8]
MEDIA_TYPE = "application/gzip"


class DamagedChunk(ColumnaError):
    """A stored slice does not unpack to what its digest says."""

    code = "damaged_chunk"
    status_code = 500


def slice_keys(stack: Stack) -> list[str]:
    """Return the keys of a stack's slices in stack order: ``<blob digest of the instance>:<frame number from 1>``."""
    return [ref.key for ref in stack_slices(stack=stack)]


def plane_digest(plane: Plane) -> str:
    """Return the SHA-256 of a slice's raw bytes: uint8 segment ids, row-major."""
    return hashlib.sha256(np.ascontiguousarray(plane).tobytes()).hexdigest()


def plane_pack(plane: Plane) -> bytes:
    """Return the slice as gzip without a time in it, so that the same slice gives the same bytes."""
    return gzip.compress(np.ascontiguousarray(plane).tobytes(), compresslevel=6, mtime=0)


def plane_unpack(data: bytes, rows: int, columns: int, digest: str) -> Plane:
    """Return the slice [row, column]. Raises :class:`DamagedChunk` unless it has this size and digest."""
    try:
        raw = gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        raw = b""
    if len(raw) != rows * columns or hashlib.sha256(raw).hexdigest() != digest:
        raise DamagedChunk("A stored slice of a mask is damaged. Restore its blob or row from a backup.", state={"digest": digest})
    return np.frombuffer(raw, dtype=np.uint8).reshape(rows, columns)


def plane_counts(plane: Plane) -> dict[str, int]:
    """Return how many pixels each segment id has, without the background: {"3": 812}."""
    counts = np.bincount(plane.ravel(), minlength=256)
    return {str(value): int(counts[value]) for value in np.flatnonzero(counts) if value}


def total_counts(parts: Iterable[dict[str, Any]]) -> dict[int, int]:
    """Return the voxels of each segment id over many slices."""
    total: dict[int, int] = {}
    for counts in parts:
        for value, number in counts.items():
            total[int(value)] = total.get(int(value), 0) + int(number)
    return total
