"""Values as they are written: numbers, dates, times, ages and texts, read from raw elements and rewritten by the standard's own forms."""

from __future__ import annotations

import re
import struct
from datetime import date, timedelta

import numpy as np
from pydicom.charset import decode_bytes
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.multival import MultiValue

Item = RawDataElement | DataElement
SIZES = {"US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "OF": 4, "OL": 4, "FD": 8, "SV": 8, "UV": 8, "OD": 8, "OV": 8, "AT": 2}
"""Bytes of one number by its VR."""
_PACKED = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "SV": "q", "UV": "Q"}
_TEXT_DELIMITERS = {ord(character) for character in "\\\r\n\t\f"}
_NAME_DELIMITERS = _TEXT_DELIMITERS | {ord("^"), ord("=")}
_DA = re.compile(r"^\d{8}$")
_DT = re.compile(r"^(\d{8})(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?([+-]\d{4})?$")
_TM = re.compile(r"^\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?$")
_NUMBER = re.compile(rb"^[0-9eE+\-. \\]*\0*$")
_AGE = re.compile(r"^(\d{3})([DWMY])$")


def text_of(item: Item, vr: str, encodings: tuple[str, ...]) -> str | None:
    """Return the text of an element, several values with backslashes, or None when it is empty."""
    value = bytes(item.value) if isinstance(item.value, memoryview) else item.value
    if value is None or len(str(value) if not isinstance(value, bytes) else value) == 0:
        return None
    if isinstance(value, bytes):
        value = value.rstrip(b"\0 ")
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii")
        return decode_bytes(value, encodings, _NAME_DELIMITERS if vr == "PN" else _TEXT_DELIMITERS)
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)) or hasattr(value, "__iter__"):
        return "\\".join(str(part) for part in value)
    return str(value)


def binary(vr: str, item: Item, *, little_endian: bool) -> bytes:
    """Return the value of a number element in little endian; an element that knows its own order is read in that."""
    if isinstance(item, DataElement) and vr in _PACKED and not isinstance(item.value, bytes):
        values = [] if item.value is None else list(item.value) if isinstance(item.value, (list, tuple, MultiValue)) else [item.value]
        return struct.pack(f"<{len(values)}{_PACKED[vr]}", *values)
    data = bytes_of(item)
    size = SIZES.get(vr, 1)
    if size > 1 and not getattr(item, "is_little_endian", little_endian):
        data = data[: len(data) // size * size]
        data = np.frombuffer(data, f">u{size}").astype(f"<u{size}").tobytes()
    return data


def bytes_of(item: Item) -> bytes:
    value = item.value
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, (int, float)):
        return str(value).encode()
    return "\\".join(str(part) for part in value).encode("utf-8")


def number_string(value: bytes, vr: str) -> bytes:
    """Keep decimal and integer strings that are numbers; anything else was text in disguise."""
    if not _NUMBER.match(value):
        return b""
    value = value.rstrip(b"\0 ")
    return value if all(len(part.strip()) <= (16 if vr == "DS" else 12) for part in value.split(b"\\")) else b""


def numeric_vr(planned: str, item: Item, signed: bool) -> str:
    given = getattr(item, "VR", None)
    if planned in ("US", "SS"):
        return str(given) if given in ("US", "SS", "OW") else "SS" if signed and planned == "SS" else "US"
    return str(given) if planned in ("OW", "OB") and given in ("OW", "OB") else planned


def capped_age(value: str) -> str:
    """Return the age string with 90 years as the highest (45 CFR 164.514(b)(2)); empty when it is not an age."""
    found = _AGE.match(value.upper().rjust(4, "0"))
    if not found:
        return ""
    count, unit = int(found[1]), found[2]
    years = count / {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}[unit]
    return "090Y" if years >= 90 else f"{count:03}{unit}"


def moved_date(value: str, vr: str, shift: timedelta) -> str:
    """Move a DA or DT by the patient's days; keep a valid TM; empty what is not valid (PS3.5 6.2)."""
    if not value:
        return ""
    if vr == "TM":
        value = value.replace(":", "") if re.fullmatch(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", value) else value
        return value if _TM.match(value) and int(value[:2]) < 24 else ""
    if vr == "DA":
        value = value.replace(".", "") if re.fullmatch(r"\d{4}\.\d{2}\.\d{2}", value) else value
        return _moved(value, shift) if _DA.match(value) else ""
    found = _DT.match(value)
    return f"{moved}{found[2] or ''}{found[3] or ''}" if found and (moved := _moved(found[1], shift)) else ""


def _moved(digits: str, shift: timedelta) -> str:
    if not shift:
        return digits
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) + shift
    except (ValueError, OverflowError):
        return ""
    return f"{day.year:04}{day.month:02}{day.day:02}" if day.year >= 1000 else ""
