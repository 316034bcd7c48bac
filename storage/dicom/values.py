"""Converted values of a received object's elements, one by one: what was converted before is not converted again."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from storage.dicom.parse import Parsed

_PLAIN = frozenset({"DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "CS"})
"""What depends on nothing but its own bytes."""
_LONGEST = 256


def value_of(parsed: Parsed, tag: int) -> Any:
    """Return a top-level value as pydicom converts it, or None when there is none. Nobody may change it: it is shared."""
    item = parsed.elements.get(tag)
    if item is None:
        return None
    if isinstance(item, RawDataElement) and (item.value is None or len(item.value) <= _LONGEST) and _vr(tag, item.VR) in _PLAIN:
        return _converted(tag, item.VR, item.value, item.is_implicit_VR, item.is_little_endian)
    return parsed.dataset[tag].value


def items_of(parsed: Parsed, tag: int) -> list[Dataset]:
    """Return the items of a top-level sequence; none when it is missing, empty or no sequence."""
    if tag not in parsed.elements:
        return []
    element = parsed.dataset[tag]
    return list(element.value) if element.VR == "SQ" and element.value else []


@lru_cache(maxsize=4096)
def _vr(tag: int, given: str | None) -> str:
    try:
        return given or dictionary_VR(tag)
    except KeyError:
        return "UN"


@lru_cache(maxsize=4096)
def _converted(tag: int, vr: str | None, value: bytes | None, implicit: bool, little_endian: bool) -> Any:
    raw = RawDataElement(BaseTag(tag), vr, len(value or b""), value, 0, implicit, little_endian)
    return convert_raw_data_element(raw).value
