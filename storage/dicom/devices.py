"""What is known of devices that write into their pixels: a catalogue as data, matched by kind of object, maker and description.

A rule blanks boxes, has every frame read, or holds the object for a person. The catalogue only ever adds to what the search for
text does; an object that no rule knows is searched all the same.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from storage.dicom.identity import Elements

_DATA = Path(__file__).parent / "data" / "devices.json"
_IMAGE_TYPE, _MAKER, _MODEL, _DESCRIPTION, _CONVERSION = 0x00080008, 0x00080070, 0x00081090, 0x0008103E, 0x00080064
_REGIONS = 0x00186011


@dataclass(frozen=True)
class DeviceRule:
    """One entry of the catalogue; what is left out matches anything. ``boxes`` are shares of rows and columns, half open;
    ``evidence`` says what their size rests on."""

    name: str
    do: Literal["blank", "read", "hold"]
    why: str
    evidence: str
    modality: frozenset[str]
    conversion: frozenset[str]
    secondary: bool
    without_regions: bool
    image_type: re.Pattern[str] | None
    maker: re.Pattern[str] | None
    model: re.Pattern[str] | None
    description: re.Pattern[str] | None
    boxes: tuple[tuple[float, float, float, float], ...]

    def matches(self, elements: Elements, modality: str, *, secondary: bool) -> bool:
        if self.modality and modality not in self.modality:
            return False
        if (self.secondary and not secondary) or (self.without_regions and _REGIONS in elements):
            return False
        if self.conversion and text_of(elements, _CONVERSION).upper() not in self.conversion:
            return False
        patterns = ((self.image_type, _IMAGE_TYPE), (self.maker, _MAKER), (self.model, _MODEL), (self.description, _DESCRIPTION))
        return all(pattern is None or pattern.search(text_of(elements, tag)) for pattern, tag in patterns)

    def boxes_in(self, rows: int, columns: int) -> list[tuple[int, int, int, int]]:
        """Return the boxes in pixels of a frame, rounded outwards."""
        return [
            (int(top * rows), int(left * columns), -int(-bottom * rows // 1), -int(-right * columns // 1))
            for top, left, bottom, right in self.boxes
        ]


@lru_cache(maxsize=1)
def device_rules() -> tuple[DeviceRule, ...]:
    return tuple(_rule(row) for row in json.loads(_DATA.read_text())["rules"])


@lru_cache(maxsize=1)
def catalogue_version() -> int:
    return int(json.loads(_DATA.read_text())["version"])


def rules_for(elements: Elements, modality: str, *, secondary: bool) -> list[DeviceRule]:
    """Return the rules that an object falls under, in the order of the catalogue."""
    return [rule for rule in device_rules() if rule.matches(elements, modality, secondary=secondary)]


def text_of(elements: Elements, tag: int) -> str:
    """Return an element's text as it was received, of several values with backslashes."""
    item = elements.get(tag)
    value = item.value if item is not None else None
    if value is None:
        return ""
    if isinstance(value, memoryview):
        value = bytes(value)
    if isinstance(value, bytes):
        return value.decode("ascii", "replace").strip(" \0")
    return value if isinstance(value, str) else "\\".join(map(str, value))


def _rule(row: dict[str, Any]) -> DeviceRule:
    def pattern(name: str) -> re.Pattern[str] | None:
        return re.compile(row[name], re.IGNORECASE) if name in row else None

    return DeviceRule(
        name=row["name"],
        do=row["do"],
        why=row["why"],
        evidence=row.get("evidence", ""),
        modality=frozenset(row.get("modality", ())),
        conversion=frozenset(row.get("conversion", ())),
        secondary=bool(row.get("secondary")),
        without_regions=bool(row.get("without_regions")),
        image_type=pattern("image_type"),
        maker=pattern("maker"),
        model=pattern("model"),
        description=pattern("description"),
        boxes=tuple((box[0], box[1], box[2], box[3]) for box in row.get("boxes", ())),
    )
