"""Display frames: High-Throughput JPEG 2000, lossless, one tile-part per resolution level (PS3.5 A.4.12; ISO/IEC 15444-15).

The codestream is in RPCL order with a TLM marker, so its first bytes are a small image of the whole frame: a viewer that
has read up to ``levels[k]`` can draw at 1/2^(n-1-k) of the size.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

MEDIA_TYPE = "image/jphc"
_LEAST = 5
_LARGEST_SMALL = 64
"""The lowest level is at most 64 × 64, as 1.2.840.10008.1.2.4.202 asks."""
_SOT, _SOD, _EOC, _TLM = 0xFF90, 0xFF93, 0xFFD9, 0xFF55


@dataclass(frozen=True)
class EncodedFrame:
    """A codestream and the byte offsets at which each resolution, lowest first, is complete. The last is the whole length."""

    data: bytes
    levels: tuple[int, ...]


def decompositions(rows: int, columns: int) -> int:
    """Return how often the frame is halved: 5 times, more when the lowest level would be larger than 64 × 64."""
    side, count = max(rows, columns), 0
    while side > _LARGEST_SMALL:
        side, count = (side + 1) // 2, count + 1
    return max(_LEAST, count)


def encode_frame(pixels: NDArray[Any]) -> EncodedFrame:
    """Return the lossless frame of stored values: [row, column] of 8 or 16 bits, or [row, column, RGB] uint8."""
    encoded = imagecodecs.htj2k_encode(
        np.ascontiguousarray(pixels),
        reversible=True,
        tlm=True,
        tilepart=1,
        resolutions=decompositions(*pixels.shape[:2]),
        rgb=True if pixels.ndim == 3 else None,
    )
    data = bytes(encoded)
    return EncodedFrame(data, level_offsets(data))


def decode_frame(data: bytes, *, reduce: int = 0) -> NDArray[Any]:
    """Return the stored values, at full size or halved ``reduce`` times. ``data`` may be cut at a level's offset."""
    return np.asarray(imagecodecs.htj2k_decode(data, skipres=reduce, resilient=True))


def level_offsets(data: bytes) -> tuple[int, ...]:
    """Return where each tile-part ends, read from the SOT markers of a single-tile codestream, checked against TLM.

    Raises ``ValueError`` when the codestream is not one that :func:`encode_frame` makes.
    """
    if data[:2] != b"\xff\x4f":
        raise ValueError("A codestream begins with SOC.")
    position, announced, ends = 2, [], []
    while position + 4 <= len(data):
        (marker,) = struct.unpack_from(">H", data, position)
        if marker == _EOC:
            break
        (length,) = struct.unpack_from(">H", data, position + 2)
        if marker == _TLM:
            announced += _tile_part_lengths(data[position + 4 : position + 2 + length])
        if marker != _SOT:
            position += 2 + length
            continue
        (part,) = struct.unpack_from(">I", data, position + 6)
        position = position + part if part else len(data) - 2
        ends.append(position)
    starts = [ends[0] - announced[0], *ends[:-1]] if ends and announced else []
    if not ends or [end - start for start, end in zip(starts, ends, strict=False)] != announced:
        raise ValueError("The codestream's tile-parts do not agree with its TLM marker.")
    ends[-1] = len(data)
    return tuple(ends)


def _tile_part_lengths(segment: bytes) -> list[int]:
    """Read Ptlm of one TLM segment (ISO/IEC 15444-1 A.7.1): ``Ztlm, Stlm`` then tile index (ST bytes) and length (2 or 4 bytes)."""
    style = segment[1]
    index_size, length_size = (style >> 4) & 3, 4 if style & 0x40 else 2
    step = index_size + length_size
    return [int.from_bytes(segment[at + index_size : at + step], "big") for at in range(2, len(segment) - step + 1, step)]
