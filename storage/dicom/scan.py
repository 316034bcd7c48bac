"""Where the elements of an object lie: a strict walk over bytes that are written as they should be, several times cheaper than reading them.

It gives what pydicom would give before any value is converted. What is odd in any way (an unknown VR, tags out of order, a length that
reaches too far, sequences in disguise) it does not judge: it returns None, and pydicom reads the object.
"""

from __future__ import annotations

from struct import Struct

from pydicom.datadict import DicomDictionary
from pydicom.dataelem import RawDataElement, empty_value_for_VR
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32, VR

UNDEFINED = 0xFFFFFFFF
PIXEL_DATA = 0x7FE00010
PIXEL_TAGS = (PIXEL_DATA, 0x7FE00008, 0x7FE00009)
"""Pixels as integers, and as numbers of 32 and 64 bits."""
_BULKY = 1 << 16
"""Values longer than this are looked at where they are, not copied."""
_DEPTH = 24
_SEQUENCES = frozenset(tag for tag, entry in DicomDictionary.items() if entry[0] == "SQ")
_KINDS: dict[bytes, tuple[str, bool, bytes | None]] = {
    vr.encode(): (str(vr), vr in EXPLICIT_VR_LENGTH_32, None if empty_value_for_VR(str(vr), raw=True) is None else b"")
    for vr in VR
    if len(vr) == 2
}
_EXPLICIT, _IMPLICIT, _LENGTH = Struct("<HH2sH"), Struct("<HHI"), Struct("<I")
_ITEM, _ITEM_END, _END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

Element = RawDataElement
"""As pydicom has it, but its tag is a plain number and a bulky value a memoryview."""


class _Odd(Exception):
    """Not for this reader."""


def scan(data: bytes, start: int, *, implicit: bool) -> dict[int, Element] | None:
    """Return tag → element of the little-endian data set that begins at ``start``, in order, or None when anything about it is odd."""
    try:
        return _scan(data, start, len(data), implicit)
    except _Odd:
        return None


def scan_meta(data: bytes) -> tuple[dict[int, Element], int] | None:
    """Return the file meta group that begins at byte 132, and where it ends, or None when it is odd or its length is not as it says."""
    if data[132:140] != b"\x02\x00\x00\x00UL\x04\x00":
        return None
    end = 144 + int(_LENGTH.unpack_from(data, 140)[0])
    if end > len(data) or data[end : end + 2] == b"\x02\x00":
        return None
    try:
        found = _scan(data, 132, end, implicit=False, groups=range(2, 3))
    except _Odd:
        return None
    return found, end


def _scan(data: bytes, start: int, end: int, implicit: bool, groups: range = range(8, 0xFFFE)) -> dict[int, Element]:
    view, found, last, position = memoryview(data), {}, 0, start
    if implicit and data[start + 4 : start + 6].isalpha() and data[start + 4 : start + 6].isupper():
        raise _Odd  # explicit after all
    while position + 8 <= end:
        tag, vr, length, position, empty = _head(data, position, end, implicit)
        if tag <= last or tag >> 16 not in groups:
            raise _Odd
        last = tag
        if length == UNDEFINED:
            vr, stop, after = _undefined(data, tag, vr, position, end, implicit)
            size = length if tag == PIXEL_DATA else stop - position
        else:
            stop = after = position + length
            size = length
            if stop > end:
                raise _Odd
        value = empty if stop == position else view[position:stop] if stop - position > _BULKY else data[position:stop]
        found[tag] = Element(tag, vr, size, value, position, implicit, True)  # type: ignore[arg-type]  # see Element
        position = after
    return found


def _head(data: bytes, position: int, end: int, implicit: bool) -> tuple[int, str | None, int, int, bytes | None]:
    """Return tag, VR, length, where the value begins, and what stands for no value."""
    if implicit:
        group, number, length = _IMPLICIT.unpack_from(data, position)
        return group << 16 | number, None, length, position + 8, None
    group, number, name, length = _EXPLICIT.unpack_from(data, position)
    kind = _KINDS.get(name)
    if kind is None:
        raise _Odd
    vr, is_long, empty = kind
    if not is_long:
        return group << 16 | number, vr, length, position + 8, empty
    if position + 12 > end:
        raise _Odd
    return group << 16 | number, vr, _LENGTH.unpack_from(data, position + 8)[0], position + 12, empty


def _undefined(data: bytes, tag: int, vr: str | None, position: int, end: int, implicit: bool) -> tuple[str | None, int, int]:
    """Return the VR of an element of undefined length, where its value ends, and where the next element begins."""
    if tag == PIXEL_DATA and vr in ("OB", "OW"):
        return vr, *_items(data, position, end, implicit, _DEPTH)
    private = (tag >> 16) & 1
    if (vr != "SQ" and not implicit) or not (tag in _SEQUENCES or private):
        raise _Odd
    if implicit and private and data[position : position + 4] != b"\xfe\xff\x00\xe0":
        raise _Odd
    return "SQ", *_items(data, position, end, implicit, 0)


def _items(data: bytes, position: int, end: int, implicit: bool, depth: int) -> tuple[int, int]:
    """Return where the items that begin at ``position`` end, without and with the delimiter after them."""
    while position + 8 <= end:
        group, number, length = _IMPLICIT.unpack_from(data, position)
        tag = group << 16 | number
        if tag == _END:
            return position, position + 8
        if tag != _ITEM:
            raise _Odd
        position += 8
        position = position + length if length != UNDEFINED else _inside(data, position, end, implicit, depth + 1)
    raise _Odd


def _inside(data: bytes, position: int, end: int, implicit: bool, depth: int) -> int:
    """Return where an item of undefined length ends, behind its delimiter."""
    if depth > _DEPTH:
        raise _Odd
    while position + 8 <= end:
        group, number, length = _IMPLICIT.unpack_from(data, position)
        if group << 16 | number == _ITEM_END:
            return position + 8
        tag, vr, length, position, _empty = _head(data, position, end, implicit)
        if length != UNDEFINED:
            position += length
        elif vr == "SQ" or (implicit and (tag in _SEQUENCES or data[position : position + 4] == b"\xfe\xff\x00\xe0")):
            position = _items(data, position, end, implicit, depth)[1]
        else:
            raise _Odd
    raise _Odd
