"""Writing explicit VR little endian (PS3.5 7.1.2) byte for byte: the same values give the same bytes, always."""

from __future__ import annotations

import struct

LONG = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
_SPACE_PADDED = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT"})
IMPLEMENTATION_CLASS_UID = "2.25.266814829206297586211205519434530713973"
IMPLEMENTATION_VERSION = "COLUMNA_1"
_UNDEFINED = b"\xff\xff\xff\xff"
_LIMIT_SHORT = 0xFFFE


def element(tag: int, vr: str, value: bytes) -> bytes:
    """Return one element. Odd values are padded; what is too long for a short VR becomes UN's long form."""
    if len(value) % 2:
        value += b" " if vr in _SPACE_PADDED else b"\0"
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    if vr in LONG:
        return b"".join((head, b"\0\0", struct.pack("<I", len(value)), value))
    if len(value) > _LIMIT_SHORT:
        return b"".join((struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, b"UN"), b"\0\0", struct.pack("<I", len(value)), value))
    return b"".join((head, struct.pack("<H", len(value)), value))


def bulk(tag: int, vr: str, value: bytes | memoryview) -> list[bytes | memoryview]:
    """Return one element of a long VR in pieces, its value not copied."""
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode()) + b"\0\0" + struct.pack("<I", len(value) + len(value) % 2)
    return [head, value, b"\0" * (len(value) % 2)]


def sequence(items: list[bytes]) -> bytes:
    """Return the value of a sequence: items with defined lengths."""
    return b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<I", len(item)) + item for item in items)


def encapsulated(tag: int, frames: list[list[bytes]]) -> list[bytes | memoryview]:
    """Return PixelData with undefined length: a basic offset table for more than one frame, then the fragments (PS3.5 A.4)."""
    fragments: list[bytes] = []
    offsets, position = [], 0
    for frame in frames:
        offsets.append(position)
        for fragment in frame:
            body = fragment + b"\0" * (len(fragment) % 2)
            fragments += [b"\xfe\xff\x00\xe0" + struct.pack("<I", len(body)), body]
            position += 8 + len(body)
    table = struct.pack(f"<{len(offsets)}I", *offsets) if len(offsets) > 1 and position < 2**32 else b""
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, b"OB") + b"\0\0" + _UNDEFINED
    return [head, b"\xfe\xff\x00\xe0" + struct.pack("<I", len(table)) + table, *fragments, b"\xfe\xff\xdd\xe0\0\0\0\0"]


def file_meta(*, sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """Return a zero preamble, the marker, and a file meta group that names nobody (PS3.10 7.1)."""
    body = b"".join(
        (
            element(0x00020001, "OB", b"\0\1"),
            element(0x00020002, "UI", sop_class.encode()),
            element(0x00020003, "UI", sop_instance.encode()),
            element(0x00020010, "UI", transfer_syntax.encode()),
            element(0x00020012, "UI", IMPLEMENTATION_CLASS_UID.encode()),
            element(0x00020013, "SH", IMPLEMENTATION_VERSION.encode()),
        )
    )
    return b"\0" * 128 + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(body))) + body
