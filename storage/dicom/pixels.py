"""From encoded pixel data to stored values, and from stored values to what a person sees.

Every fault is a :class:`PixelError` with a code of its own, so that intake can name it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import apply_color_lut
from pydicom.pixels.decoders.base import Decoder, get_decoder
from pydicom.uid import UID

Pixels = NDArray[Any]
MAX_PIXELS = 1 << 28
"""A frame with more pixels than this (16,384 × 16,384) is taken for a fault or an attack."""


class PixelError(Exception):
    """Pixel data that cannot be shown. ``code`` names why; the message holds no value of the data set but sizes and UIDs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class PixelFormat:
    """How one frame is stored (PS3.3 C.7.6.3). ``samples`` is 1 (grey) or 3 (colour)."""

    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    transfer_syntax: str

    @property
    def is_colour(self) -> bool:
        return self.samples == 3 or self.photometric == "PALETTE COLOR"

    @property
    def dtype(self) -> np.dtype[Any]:
        """What decoded frames come in: uint8 for colour, else the narrowest of uint8, int8, uint16, int16 as allocated."""
        if self.is_colour:
            return np.dtype(np.uint8)
        return np.dtype(f"{'i' if self.signed else 'u'}{1 if self.bits_allocated == 8 else 2}")


def _number(dataset: Dataset, keyword: str, default: int | None = None) -> int:
    value = dataset.get(keyword)
    if value is None or value == "":
        if default is None:
            raise PixelError("pixel_attributes_missing", f"{keyword} is missing, so the pixel data cannot be read.")
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise PixelError("pixel_attributes_missing", f"{keyword} is not a number.") from None


def pixel_format(dataset: Dataset) -> PixelFormat:
    """Return how the pixels of a data set are stored. Raises :class:`PixelError` for what is missing or cannot be shown."""
    if "PixelData" not in dataset:
        other = "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset
        code = "unsupported_pixel_format" if other else "no_pixel_data"
        raise PixelError(code, "Floating-point pixel data is not supported." if other else "The object holds no pixel data.")
    meta = getattr(dataset, "file_meta", None)
    syntax = str((meta.get("TransferSyntaxUID") if meta is not None else None) or "")
    samples = _number(dataset, "SamplesPerPixel", 1)
    allocated = _number(dataset, "BitsAllocated")
    stored = _number(dataset, "BitsStored", allocated)
    found = PixelFormat(
        rows=_number(dataset, "Rows"),
        columns=_number(dataset, "Columns"),
        frames=max(1, _number(dataset, "NumberOfFrames", 1)),
        samples=samples,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=_number(dataset, "HighBit", stored - 1),
        signed=_number(dataset, "PixelRepresentation", 0) == 1,
        photometric=str(dataset.get("PhotometricInterpretation") or ("RGB" if samples == 3 else "MONOCHROME2")).strip().upper(),
        transfer_syntax=syntax,
    )
    _check(found)
    return found


def _check(found: PixelFormat) -> None:
    if not syntax_is_known(found.transfer_syntax):
        raise PixelError("unsupported_transfer_syntax", f"The transfer syntax {found.transfer_syntax or '(none)'} cannot be decoded.")
    if found.rows < 1 or found.columns < 1 or found.rows * found.columns > MAX_PIXELS:
        raise PixelError("unsupported_pixel_format", f"A frame of {found.rows} × {found.columns} pixels cannot be shown.")
    if found.samples not in (1, 3) or found.bits_allocated not in (8, 16) or (found.is_colour and found.signed):
        message = f"{found.samples} samples of {found.bits_allocated} bits ({'signed' if found.signed else 'unsigned'}) cannot be shown."
        raise PixelError("unsupported_pixel_format", message)
    if found.samples == 3 and found.bits_allocated != 8:
        raise PixelError("unsupported_pixel_format", "Colour with more than 8 bits a sample cannot be shown.")
    if not found.bits_stored - 1 <= found.high_bit < found.bits_allocated or found.bits_stored < 1:
        raise PixelError(
            "unsupported_pixel_format", f"{found.bits_stored} bits below bit {found.high_bit} do not fit {found.bits_allocated}."
        )


def syntax_is_known(uid: str) -> bool:
    """Return whether this installation decodes the transfer syntax."""
    try:
        return bool(uid) and get_decoder(UID(uid)).is_available
    except NotImplementedError:
        return False


def _decoder(found: PixelFormat) -> Decoder:
    return get_decoder(UID(found.transfer_syntax))


def decode_frame(dataset: Dataset, frame: int, found: PixelFormat | None = None) -> Pixels:
    """Return the stored values of one frame, counted from 1: [row, column] of ``PixelFormat.dtype``, or [row, column, RGB] uint8.

    Grey keeps the stored values exactly: bits above the high bit are cut off, signs extended, MONOCHROME1 not inverted.
    Colour of any kind (YBR, palette) becomes RGB.
    """
    found = found or pixel_format(dataset)
    if not 1 <= frame <= found.frames:
        raise PixelError("no_such_frame", f"There is no frame {frame} among {found.frames}.")
    if found.frames == 1 and found.transfer_syntax in _NATIVE_LITTLE and found.samples == 1:
        return _finish(dataset, found, _native(dataset, found))
    return next(_guarded(_decoded(dataset, found, [frame - 1])))


def iterate_frames(dataset: Dataset, found: PixelFormat | None = None) -> Iterator[Pixels]:
    """Yield every frame in stored order, one in memory at a time; each as :func:`decode_frame` returns it."""
    found = found or pixel_format(dataset)
    if found.frames == 1:
        yield decode_frame(dataset, 1, found)
        return
    yield from _guarded(_decoded(dataset, found, None))


_NATIVE_LITTLE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"})
_BITS_AS_STORED = _NATIVE_LITTLE | {"1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5"}
"""Uncompressed and RLE keep every allocated bit where it was; the JPEG family hands over the stored bits alone."""


def _native(dataset: Dataset, found: PixelFormat) -> Pixels:
    """The common case without the library's overhead: one uncompressed grey frame."""
    width = found.bits_allocated // 8
    needed = found.rows * found.columns * width
    data = dataset.PixelData
    if len(data) < needed:
        raise PixelError("truncated_pixel_data", f"The pixel data has {len(data)} of {needed} bytes.")
    raw = np.frombuffer(data, dtype=f"<{'i' if found.signed else 'u'}{width}", count=found.rows * found.columns)
    return raw.reshape(found.rows, found.columns)


def _decoded(dataset: Dataset, found: PixelFormat, indices: list[int] | None) -> Iterator[Pixels]:
    if found.transfer_syntax == _JPEG_EXTENDED and found.bits_stored > 8:
        yield from _jpeg_of_12_bits(dataset, found, indices)
        return
    decoder = _decoder(found)
    for array, _ in decoder.iter_array(dataset, indices=indices, raw=not found.is_colour):
        if array.shape[:2] != (found.rows, found.columns):
            message = f"A frame decodes to {array.shape[0]} × {array.shape[1]} pixels, not {found.rows} × {found.columns}."
            raise PixelError("corrupt_pixel_data", message)
        yield _finish(dataset, found, array)


_JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"


def _jpeg_of_12_bits(dataset: Dataset, found: PixelFormat, indices: list[int] | None) -> Iterator[Pixels]:
    """JPEG Extended of 12 bits, which pydicom's free plugins do not read."""
    from imagecodecs import jpeg_decode

    for index in range(found.frames) if indices is None else indices:
        array = jpeg_decode(get_frame(dataset.PixelData, index, number_of_frames=found.frames), bitspersample=12)
        if array.shape != (found.rows, found.columns):
            raise PixelError("corrupt_pixel_data", "A frame decodes to another size than the header says.")
        yield _finish(dataset, found, array)


def _guarded(frames: Iterator[Pixels]) -> Iterator[Pixels]:
    """Decoders raise what they like (ValueError, RuntimeError, and worse); all of it becomes a named :class:`PixelError`."""
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                frame = next(frames)
        except StopIteration:
            return
        except (PixelError, MemoryError):
            raise
        except (NotImplementedError, ImportError) as error:
            raise PixelError("unsupported_transfer_syntax", "No decoder of this installation reads the pixel data.") from error
        except Exception as error:  # the rim of the decoders
            said = str(error).lower()
            short = any(word in said for word in ("number of bytes", "less than", "expected", "truncated", "fewer"))
            code = "truncated_pixel_data" if short else "corrupt_pixel_data"
            raise PixelError(code, f"The pixel data cannot be decoded ({type(error).__name__}).") from error
        yield frame


def _finish(dataset: Dataset, found: PixelFormat, array: Pixels) -> Pixels:
    if found.photometric == "PALETTE COLOR":
        rgb = apply_color_lut(array, dataset)
        return np.ascontiguousarray(rgb if rgb.dtype == np.uint8 else (rgb >> 8).astype(np.uint8))
    if found.samples == 3:
        return np.ascontiguousarray(array, dtype=np.uint8)
    return stored_values(array, found)


def stored_values(array: Pixels, found: PixelFormat) -> Pixels:
    """Return the stored bits alone as ``found.dtype``: what lies above the high bit or below the stored ones is not image (PS3.5 8.1)."""
    if found.bits_stored == found.bits_allocated:
        return array.astype(found.dtype, copy=False)
    high_bit = found.high_bit if found.transfer_syntax in _BITS_AS_STORED else found.bits_stored - 1
    drop = found.bits_allocated - 1 - high_bit
    bits: Pixels = array.astype(f"u{array.dtype.itemsize}", copy=False)
    left = np.left_shift(bits.astype(np.uint8 if found.bits_allocated == 8 else np.uint16, copy=False), drop)
    return np.asarray(np.right_shift(left.astype(found.dtype, copy=False), found.bits_allocated - found.bits_stored))
