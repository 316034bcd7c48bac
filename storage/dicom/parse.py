"""From received bytes to a dataset, or to the name of what is wrong with them."""

from __future__ import annotations

import hashlib
import logging
import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO

import pydicom
from pydicom import config as pydicom_config
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from storage.dicom.reasons import Rejected

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
_INFLATED_LIMIT = 1 << 30


@dataclass(frozen=True)
class Parsed:
    """``dataset`` is without file meta; ``digest`` is the SHA-256 of the bytes after the file meta; the rest is from the file meta."""

    dataset: Dataset
    transfer_syntax: str
    media_sop_class: str
    media_sop_instance: str
    digest: bytes
    little_endian: bool


def parse(data: bytes) -> Parsed:
    """Return the parsed object; values are not converted yet. Raises :class:`Rejected` with a named reason, never anything else."""
    if not data:
        raise Rejected("empty_file")
    if len(data) < 132 or data[128:132] != b"DICM":
        raise Rejected("not_dicom")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _parse(data)
        except BROKEN:
            raise Rejected("malformed") from None


def _parse(data: bytes) -> Parsed:
    start = _dataset_start(data)
    syntax = transfer_syntax(data)
    if syntax == DeflatedExplicitVRLittleEndian:
        data, start, syntax = _inflate(data, start)
    file = pydicom.dcmread(BytesIO(data), force=False)
    meta = file.file_meta
    if syntax not in NATIVE and syntax not in ENCAPSULATED and not UID(syntax).is_transfer_syntax:
        raise Rejected("unsupported_transfer_syntax" if syntax else "malformed")
    raw = dict(file.items())  # iterating a Dataset converts every element
    for item in raw.values():
        if isinstance(item, RawDataElement) and item.length != 0xFFFFFFFF and item.value is not None and len(item.value) < item.length:
            raise Rejected("truncated")
    dataset = Dataset(raw)
    if not len(dataset):
        raise Rejected("truncated")
    _copy_encoding(file, dataset)
    return Parsed(
        dataset=dataset,
        transfer_syntax=str(syntax),
        media_sop_class=str(meta.get("MediaStorageSOPClassUID", "") or ""),
        media_sop_instance=str(meta.get("MediaStorageSOPInstanceUID", "") or ""),
        digest=hashlib.sha256(memoryview(data)[start:]).digest(),
        little_endian=syntax != ExplicitVRBigEndian,
    )


def _copy_encoding(file: Dataset, dataset: Dataset) -> None:
    implicit, little = file.original_encoding
    dataset.set_original_encoding(bool(implicit), bool(little), file.original_character_set)


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
