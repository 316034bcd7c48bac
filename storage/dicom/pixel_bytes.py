"""Stored pixels as bytes: cut to their length, stripped of hidden channels, never decoded unless text has to go."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass

import numpy as np

from storage.dicom.parse import HTJ2K, JPEG, JPEG_2000, JPEG_LS, RLE
from storage.dicom.reasons import Rejected

_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True)
class PixelShape:
    """The Image Pixel module, as integers."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    frames: int
    photometric: str
    planar: int = 0

    def frame_bits(self) -> int:
        per_pixel = 2 if self.photometric == "YBR_FULL_422" and self.samples == 3 else self.samples
        return self.rows * self.columns * per_pixel * self.bits_allocated

    def expected_length(self) -> int:
        """Bytes of native pixel data, without padding (PS3.5 8.1.1)."""
        return (self.frame_bits() * self.frames + 7) // 8


def native(value: bytes | memoryview, shape: PixelShape, *, little_endian: bool) -> tuple[bytes | memoryview, bool]:
    """Return native little-endian pixels of exactly the right length, and whether bits above BitsStored were cleared.

    Raises :class:`Rejected` (``truncated``) when there are fewer bytes than pixels. Bytes behind the last pixel are dropped.
    Signed pixels are sign-extended from BitsStored, unsigned ones zero-filled, so the unused bits can carry nothing.
    """
    length = shape.expected_length()
    if len(value) < length:
        raise Rejected("truncated")
    if len(value) > length:
        value = value[:length]
    if shape.bits_allocated not in (8, 16, 32):
        return value, False
    if not little_endian and shape.bits_allocated > 8:
        value = np.frombuffer(value, f">u{shape.bits_allocated // 8}").astype(f"<u{shape.bits_allocated // 8}").tobytes()
    if shape.bits_stored >= shape.bits_allocated or shape.bits_stored < 1 or shape.high_bit != shape.bits_stored - 1:
        return value, False
    pixels = np.frombuffer(value, f"<{'i' if shape.signed else 'u'}{shape.bits_allocated // 8}")
    unused = shape.bits_allocated - shape.bits_stored
    if shape.signed:
        limit = 1 << (shape.bits_stored - 1)
        if not len(pixels) or (pixels.min() >= -limit and pixels.max() < limit):
            return value, False
        return ((pixels << unused) >> unused).astype(pixels.dtype).tobytes(), True
    if not len(pixels) or pixels.max() < (1 << shape.bits_stored):
        return value, False
    return (pixels & pixels.dtype.type((1 << shape.bits_stored) - 1)).tobytes(), True


def fragments_of(value: bytes | memoryview) -> tuple[list[int], list[bytes]]:
    """Return the basic offset table and the fragments of encapsulated pixel data. Raises :class:`Rejected` (``truncated``)."""
    items, position = [], 0
    while position + 8 <= len(value):
        group, number, length = struct.unpack_from("<HHI", value, position)
        if (group, number) == (0xFFFE, 0xE0DD):
            break
        if (group, number) != (0xFFFE, 0xE000) or length == _UNDEFINED:
            raise Rejected("malformed")
        if position + 8 + length > len(value):
            raise Rejected("truncated")
        items.append(bytes(value[position + 8 : position + 8 + length]))
        position += 8 + length
    if not items:
        raise Rejected("truncated")
    table = items[0]
    return list(struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])), items[1:]


def frames_of(value: bytes | memoryview, frames: int) -> list[list[bytes]]:
    """Return the fragments of each frame. Raises :class:`Rejected` when there are too few, or nothing says which belong together."""
    offsets, fragments = fragments_of(value)
    if len(fragments) < frames:
        raise Rejected("truncated")
    if frames == 1:
        return [fragments]
    if len(fragments) == frames:
        return [[fragment] for fragment in fragments]
    if len(offsets) != frames:
        raise Rejected("malformed")
    starts, position = {}, 0
    for index, fragment in enumerate(fragments):
        starts[position] = index
        position += 8 + len(fragment)
    if any(offset not in starts for offset in offsets):
        raise Rejected("malformed")
    edges = [starts[offset] for offset in offsets] + [len(fragments)]
    return [fragments[first:last] for first, last in itertools.pairwise(edges)]


def stripped(frame: list[bytes], syntax: str) -> list[bytes]:
    """Return a frame as one fragment without comments and application segments, and without bytes behind its end."""
    if syntax in RLE:
        return frame
    data = b"".join(frame)
    if syntax in JPEG or syntax in JPEG_LS:
        return [_strip_jpeg(data)]
    if syntax in JPEG_2000 or syntax in HTJ2K:
        return [_strip_jpeg_2000(data)]
    return frame


def _strip_jpeg(data: bytes) -> bytes:
    """Drop COM and APPn (PS3.5 does not need them) but JFIF's and Adobe's, which say how colours are coded."""
    if data[:2] != b"\xff\xd8":
        raise Rejected("undecodable_pixels")
    out, position = [data[:2]], 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            raise Rejected("undecodable_pixels")
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        length = int(struct.unpack_from(">H", data, position + 2)[0])
        segment = data[position : position + 2 + length]
        if marker == 0xDA:
            break
        jfif = marker == 0xE0 and segment[4:9] == b"JFIF\0"
        adobe = marker == 0xEE and segment[4:9] == b"Adobe"
        if jfif:
            out.append(b"\xff\xe0\x00\x10" + segment[4:16] + b"\0\0")
        elif adobe or not (marker == 0xFE or 0xE0 <= marker <= 0xEF):
            out.append(segment)
        position += 2 + length
    end = data.rfind(b"\xff\xd9")
    if end < position:
        raise Rejected("truncated")
    return b"".join((*out, data[position:end], b"\xff\xd9"))


def _strip_jpeg_2000(data: bytes) -> bytes:
    """Drop COM segments of the main header (ISO 15444-1 A.9.2) and, if the codestream is boxed, the boxes around it."""
    if data[4:8] == b"jP  ":
        start = data.find(b"\xff\x4f\xff\x51")
        if start < 0:
            raise Rejected("undecodable_pixels")
        data = data[start:]
    if data[:2] != b"\xff\x4f":
        raise Rejected("undecodable_pixels")
    out, position = [data[:2]], 2
    while position + 4 <= len(data):
        marker, length = struct.unpack_from(">HH", data, position)
        if marker == 0xFF90:
            break
        if marker != 0xFF64:
            out.append(data[position : position + 2 + length])
        position += 2 + length
    end = data.rfind(b"\xff\xd9")
    if end < position:
        raise Rejected("truncated")
    return b"".join((*out, data[position:end], b"\xff\xd9"))
