"""From received bytes to a dataset, or to the name of what is wrong with them."""

from __future__ import annotations

import hashlib
import logging
import re
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO

import pydicom
from pydicom import config as pydicom_config
from pydicom.charset import convert_encodings, default_encoding
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pydicom.values import convert_string

from storage.dicom.reasons import Rejected
from storage.dicom.scan import PIXEL_TAGS, UNDEFINED, Element, scan, scan_meta

pydicom_config.settings.reading_validation_mode = pydicom_config.IGNORE
pydicom_config.settings.writing_validation_mode = pydicom_config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # its warnings quote values

BROKEN = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, NotImplementedError, OverflowError, RecursionError, LookupError,
    UnicodeError, AssertionError, struct.error, zlib.error, EOFError, OSError, MemoryError, InvalidDicomError, BytesLengthException,
)  # fmt: skip
"""What pydicom raises on bytes that only look like DICOM."""

NATIVE = frozenset({ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian})
JPEG = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70))
JPEG_LS = frozenset({"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"})
JPEG_2000 = frozenset({"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"})
HTJ2K = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (201, 202, 203))
RLE = frozenset({"1.2.840.10008.1.2.5"})
ENCAPSULATED = JPEG | JPEG_LS | JPEG_2000 | HTJ2K | RLE
_META_LIMIT = 1 << 20
_PLAIN_UID = re.compile(rb"^[0-9.]*$")
_INFLATED_LIMIT = 1 << 30


@dataclass(frozen=True)
class Parsed:
    """A received object, no value of it converted. ``elements`` maps tag to element, without file meta; the other fields are from the file meta.

    ``implicit`` and ``little_endian`` say how the elements are written, ``data`` and ``start`` where they were found.
    """

    elements: Mapping[int, Element | DataElement]
    transfer_syntax: str
    media_sop_class: str
    media_sop_instance: str
    little_endian: bool
    implicit: bool
    data: bytes = field(repr=False)
    start: int
    whole: Dataset | None = field(default=None, repr=False)

    @cached_property
    def digest(self) -> bytes:
        """The SHA-256 of the bytes after the file meta, in which the SHA-256 of the pixels stands for them: they are hashed once."""
        view, pixels = memoryview(self.data), self._pixels
        if not isinstance(pixels, RawDataElement) or not isinstance(pixels.value, memoryview) or self.transfer_syntax not in NATIVE:
            return hashlib.sha256(view[self.start :]).digest()
        whole = hashlib.sha256(view[self.start : pixels.value_tell])
        whole.update(bytes.fromhex(self.pixel_digest))
        whole.update(view[pixels.value_tell + pixels.length :])
        return whole.digest()

    @property
    def plain_digest(self) -> bytes:
        """The SHA-256 of the bytes after the file meta as they are, by which objects were recognised once: what was held then is known by it."""
        return hashlib.sha256(memoryview(self.data)[self.start :]).digest()

    @cached_property
    def pixel_digest(self) -> str:
        """The SHA-256 of the pixel element's value as it was received."""
        return hashlib.sha256(self._pixels.value or b"").hexdigest() if self._pixels is not None else ""

    @property
    def _pixels(self) -> Element | DataElement | None:
        return next((self.elements[tag] for tag in PIXEL_TAGS if tag in self.elements), None)

    @cached_property
    def dataset(self) -> Dataset:
        """The data set as pydicom reads it; made when it is asked for, for most of what is needed is in ``elements``."""
        if self.whole is not None:
            return self.whole
        made = Dataset({tag: item._replace(tag=tag, value=_own(item.value)) for tag, item in _tagged(self.elements)})
        made.set_original_encoding(self.implicit, self.little_endian, _character_set(self.elements))
        return made


def _tagged(elements: Mapping[int, Element | DataElement]) -> Iterator[tuple[BaseTag, Element]]:
    return ((BaseTag(tag), item) for tag, item in elements.items() if isinstance(item, RawDataElement))


def _own(value: bytes | memoryview | None) -> bytes | None:
    return bytes(value) if isinstance(value, memoryview) else value


def _character_set(elements: Mapping[int, Element | DataElement]) -> str | list[str]:
    """Return the encodings that pydicom would find in a data set."""
    item = elements.get(0x00080005)
    if item is None:
        return default_encoding
    return convert_encodings(convert_string(item.value or b"", True))


def parse(data: bytes) -> Parsed:
    """Return the parsed object; values are not converted yet. Raises :class:`Rejected` with a named reason, never anything else."""
    if not data:
        raise Rejected("empty_file")
    if len(data) < 132 or data[128:132] != b"DICM":
        raise Rejected("not_dicom")
    try:
        return _parse(data)
    except BROKEN:
        raise Rejected("malformed") from None


def _parse(data: bytes) -> Parsed:
    return _scanned(*_plain(data)) or read(data)


def _plain(data: bytes) -> tuple[bytes, int, str]:
    """Return the bytes, not deflated any more, the offset of the data set in them, and their transfer syntax."""
    start, syntax = _dataset_start(data), transfer_syntax(data)
    return _inflate(data, start) if syntax == DeflatedExplicitVRLittleEndian else (data, start, syntax)


def _scanned(data: bytes, start: int, syntax: str) -> Parsed | None:
    """Return the object as :mod:`storage.dicom.scan` finds it, or None when it is odd."""
    if syntax == ExplicitVRBigEndian or (syntax not in NATIVE and syntax not in ENCAPSULATED):
        return None
    meta = scan_meta(data)
    if meta is None or meta[1] != start:
        return None
    named = {tag: bytes(item.value or b"").rstrip(b"\0 ") for tag, item in meta[0].items()}
    names = [named.get(tag, b"") for tag in (0x00020010, 0x00020002, 0x00020003)]
    if names[0] != syntax.encode() or not all(_PLAIN_UID.match(name) for name in names):
        return None
    implicit = syntax == ImplicitVRLittleEndian
    elements = scan(data, start, implicit=implicit)
    if not elements:
        return None
    return Parsed(elements, syntax, names[1].decode(), names[2].decode(), True, implicit, data, start)


def read(data: bytes) -> Parsed:
    """Return the object as pydicom reads it, which understands what is odd as well. Raises whatever pydicom raises, or :class:`Rejected`."""
    data, start, syntax = _plain(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = pydicom.dcmread(BytesIO(data), force=False)
    meta = file.file_meta
    if syntax not in NATIVE and syntax not in ENCAPSULATED and not UID(syntax).is_transfer_syntax:
        raise Rejected("unsupported_transfer_syntax" if syntax else "malformed")
    raw = dict(file.items())  # iterating a Dataset converts every element
    for item in raw.values():
        if isinstance(item, RawDataElement) and item.length != UNDEFINED and item.value is not None and len(item.value) < item.length:
            raise Rejected("truncated")
    dataset = Dataset(raw)
    if not len(dataset):
        raise Rejected("truncated")
    dataset.set_original_encoding(bool(file.original_encoding[0]), bool(file.original_encoding[1]), file.original_character_set)
    return Parsed(
        elements={int(tag): item for tag, item in sorted(raw.items())},
        transfer_syntax=str(syntax),
        media_sop_class=str(meta.get("MediaStorageSOPClassUID", "") or ""),
        media_sop_instance=str(meta.get("MediaStorageSOPInstanceUID", "") or ""),
        little_endian=syntax != ExplicitVRBigEndian,
        implicit=bool(file.original_encoding[0]),
        data=data,
        start=start,
        whole=dataset,
    )


def _dataset_start(data: bytes) -> int:
    """Return the offset of the first byte after the file meta, by its group length or by walking it."""
    if data[132:138] == b"\x02\x00\x00\x00UL":
        return min(len(data), 144 + int(struct.unpack_from("<I", data, 140)[0]))
    position = 132
    while position + 8 <= len(data) and data[position : position + 2] == b"\x02\x00" and position < _META_LIMIT:
        if data[position + 4 : position + 6] in (b"OB", b"UN"):
            position += 12 + int(struct.unpack_from("<I", data, position + 8)[0])
        else:
            position += 8 + int(struct.unpack_from("<H", data, position + 6)[0])
    return min(position, len(data))


def transfer_syntax(data: bytes) -> str:
    """Return the transfer syntax UID that the file meta at the beginning of a file names; implicit little endian when it names none."""
    position = data.find(b"\x02\x00\x10\x00UI", 132, 132 + _META_LIMIT)
    if position < 0:
        return ImplicitVRLittleEndian
    length = int(struct.unpack_from("<H", data, position + 6)[0])
    return data[position + 8 : position + 8 + length].rstrip(b"\0 ").decode("ascii")


def _inflate(data: bytes, start: int) -> tuple[bytes, int, str]:
    """Return the object as explicit little endian; the size is limited, for a deflated dataset can be a bomb."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = stream.decompress(data[start:], _INFLATED_LIMIT)
    if stream.unconsumed_tail:
        raise Rejected("archive_bomb")
    if not stream.eof:
        raise Rejected("truncated")
    head = data[:start].replace(DeflatedExplicitVRLittleEndian.encode() + b"\0" * (len(DeflatedExplicitVRLittleEndian) % 2), b"", 1)
    syntax = ExplicitVRLittleEndian.encode() + b"\0" * (len(ExplicitVRLittleEndian) % 2)
    element = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(syntax)) + syntax
    old = head.find(b"\x02\x00\x10\x00UI")
    meta = head[144:old] + element + head[old + 8 :]
    return head[:140] + struct.pack("<I", len(meta)) + meta + plain, 144 + len(meta), ExplicitVRLittleEndian
