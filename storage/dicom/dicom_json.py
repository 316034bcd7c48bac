"""The DICOM JSON model (PS3.18 Annex F) of one instance, with bulk data named and left out."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.valuerep import PersonName

from storage.dicom.parse import BROKEN

Json = dict[str, Any]
PIXEL_DATA = 0x7FE00010
BULK = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
INLINE_LIMIT = 1024
"""Binary values longer than this are bulk data: named by an address, fetched when wanted."""
_WHOLE = frozenset({"IS", "SL", "SS", "SV", "UL", "US", "UV"})
_REAL = frozenset({"DS", "FD", "FL"})


def instance_json(dataset: Dataset, *, bulk: str, pixels: bool) -> Json:
    """Return tag → attribute in tag order, every attribute with its ``vr``, empty ones with nothing else (F.2.5).

    Numbers are numbers, names ``{"Alphabetic"}``. Long binary values become ``BulkDataURI`` below the address ``bulk``: the tag, or
    for what lies in sequences tag/item/tag with items from 1. ``pixels`` adds the address of PixelData, which is never read here. An element that
    cannot be read has its VR and no value.
    """
    found = {key: value for key, value in _elements(dataset, bulk) if key != "7FE00010"}
    if pixels:
        allocated = found.get("00280100", {}).get("Value", [16])[0]
        found["7FE00010"] = {"vr": "OB" if allocated == 8 else "OW", "BulkDataURI": f"{bulk}/7FE00010"}
    return dict(sorted(found.items()))


def _elements(dataset: Dataset, bulk: str) -> Iterator[tuple[str, Json]]:
    for tag in sorted(dataset.keys()):
        key = f"{tag:08X}"
        if tag.group == 0x0002 or tag.element == 0:
            continue
        try:
            yield key, _attribute(dataset[tag], f"{bulk}/{key}")
        except BROKEN:
            yield key, {"vr": str(getattr(dataset.get_item(tag), "VR", None) or "UN")}


def _attribute(element: DataElement, bulk: str) -> Json:
    vr, value = str(element.VR), element.value
    vr = vr if len(vr) == 2 else vr[:2]  # "US or SS" and the like: not resolved, as nothing in the object says which
    if vr == "SQ":
        items = [dict(_elements(item, f"{bulk}/{number}")) for number, item in enumerate(value or [], start=1)]
        return {"vr": vr, "Value": items} if items else {"vr": vr}
    if vr in BULK:
        return _binary(vr, value, bulk)
    values = [_value(vr, item) for item in (value if isinstance(value, MultiValue | list | tuple) else [value])]
    while values and values[-1] is None:
        values.pop()
    return {"vr": vr, "Value": values} if values else {"vr": vr}


def _binary(vr: str, value: Any, bulk: str) -> Json:
    if not isinstance(value, bytes | bytearray) or not value:
        return {"vr": vr}
    if len(value) > INLINE_LIMIT:
        return {"vr": vr, "BulkDataURI": bulk}
    return {"vr": vr, "InlineBinary": base64.b64encode(value).decode("ascii")}


def _value(vr: str, value: Any) -> Any:
    """Return one value, None for an empty or an impossible one."""
    if value is None or value == "":
        return None
    if vr == "PN":
        name = value if isinstance(value, PersonName) else PersonName(str(value))
        parts = {"Alphabetic": name.alphabetic, "Ideographic": name.ideographic, "Phonetic": name.phonetic}
        return {key: part for key, part in parts.items() if part} or None
    if vr == "AT":
        return f"{BaseTag(value):08X}"
    if vr in _WHOLE:
        return int(value)
    if vr in _REAL:
        number = float(value)
        return number if math.isfinite(number) else None
    return str(value)


def json_bytes(content: Any) -> bytes:
    """Return the one spelling of a JSON answer: no spaces, UTF-8, no NaN."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def bulk_value(dataset: Dataset, path: list[str]) -> bytes | None:
    """Return the bytes that a bulk data address names, or None: tag, or tag/item/tag and deeper, items from 1."""
    if not path or len(path) % 2 == 0:
        return None
    try:
        for tag, item in zip(path[:-1:2], path[1::2], strict=True):
            dataset = dataset[int(tag, 16)].value[int(item) - 1]
        value = dataset[int(path[-1], 16)].value
    except BROKEN:
        return None
    return bytes(value) if isinstance(value, bytes | bytearray) else None
