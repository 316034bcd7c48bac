"""What assembly has to know of an instance: where each frame lies and what tells frames of one stack from another's."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from pydicom.dataset import Dataset

from storage.dicom.parse import Parsed
from storage.dicom.reasons import Rejected
from storage.dicom.values import items_of, value_of

Json = dict[str, Any]
_PROJECTION = frozenset({"CR", "DX", "RG", "MG", "XA", "RF", "IO", "PX"})


def layout_of(parsed: Parsed, *, frames: int) -> Json:
    """Return the layout as JSON: sides, pixel format, and per frame position, orientation (LPS), spacing (row, column mm) and keys.

    Only numbers and defined terms are read, never text. ``frames`` entries for a multi-frame object with functional groups,
    one entry otherwise. Raises :class:`Rejected` (``malformed``).
    """
    shared, per_frame = items_of(parsed, 0x52009229), items_of(parsed, 0x52009230)
    if len(per_frame) == frames and (per_frame or shared):
        listed = [_frame([item, *shared[:1]], parsed) for item in per_frame]
    else:
        listed = [_frame(shared[:1], parsed)]
    image_type = [str(part)[:16] for part in _strings(parsed, 0x00080008)][:6]
    return {
        "rows": _int(parsed, 0x00280010) or 0,
        "columns": _int(parsed, 0x00280011) or 0,
        "samples": _int(parsed, 0x00280002) or 1,
        "photometric": str(value_of(parsed, 0x00280004) if 0x00280004 in parsed.elements else "")[:16].strip(),
        "bitsAllocated": _int(parsed, 0x00280100) or 0,
        "bitsStored": _int(parsed, 0x00280101) or 0,
        "signed": bool(_int(parsed, 0x00280103)),
        "modality": (_strings(parsed, 0x00080060) or [""])[0][:16],
        "imageType": image_type,
        "number": _int(parsed, 0x00200013),
        "acquisition": _int(parsed, 0x00200012),
        "frameTime": _float(parsed, 0x00181063),
        "tilt": _float(parsed, 0x00181120),
        "numberOfFrames": frames,
        "enhanced": bool(per_frame),
        "frames": listed,
    }


def _frame(groups: list[Dataset], parsed: Parsed) -> Json:
    position = _vector(_macro(groups, 0x00209113, 0x00200032) or value_of(parsed, 0x00200032), 3)
    orientation = _vector(_macro(groups, 0x00209116, 0x00200037) or value_of(parsed, 0x00200037), 6)
    spacing = _vector(_macro(groups, 0x00289110, 0x00280030) or value_of(parsed, 0x00280030), 2)
    source = "pixel" if spacing else "imager"
    spacing = spacing or _vector(value_of(parsed, 0x00181164), 2)
    if spacing and min(spacing) <= 0:
        spacing = None
    keys = {
        "echo": _number(_macro(groups, 0x00189114, 0x00189082) or value_of(parsed, 0x00180081)),
        "b": _number(_macro(groups, 0x00189117, 0x00189087) or value_of(parsed, 0x00189087)),
        "temporal": _number(_macro(groups, 0x00209111, 0x00209128) or value_of(parsed, 0x00200100)),
        "stack": _text(_macro(groups, 0x00209111, 0x00209056)),
        "type": _text(_macro(groups, 0x00189226, 0x00089007) or _macro(groups, 0x00189329, 0x00089007)),
        "trigger": _number(_macro(groups, 0x00189118, 0x00209153) or value_of(parsed, 0x00181060)),
    }
    return {
        "p": position,
        "o": orientation,
        "s": spacing,
        "from": source if spacing else None,
        "k": {k: v for k, v in keys.items() if v is not None},
    }


def _macro(groups: Iterable[Dataset], sequence: int, tag: int) -> Any:
    for group in groups:
        for item in _items(group, sequence)[:1]:
            if tag in item and item[tag].value not in (None, ""):
                return item[tag].value
    return None


def _items(dataset: Dataset, tag: int) -> list[Dataset]:
    if tag not in dataset:
        return []
    element = dataset[tag]
    return list(element.value) if element.VR == "SQ" and element.value else []


def _vector(value: Any, length: int) -> list[float] | None:
    if value is None or isinstance(value, (str, bytes, int, float)) or len(value) != length:
        return None
    try:
        numbers = [float(part) for part in value]
    except (TypeError, ValueError):
        return None
    return numbers if all(math.isfinite(number) for number in numbers) else None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else "\\".join(map(str, value))
    return text[:64]


def _strings(parsed: Parsed, tag: int) -> list[str]:
    value = value_of(parsed, tag)
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(part) for part in value]


def _int(parsed: Parsed, tag: int) -> int | None:
    number = _number(_first(value_of(parsed, tag)))
    if number is None:
        return None
    if abs(number) > 2**31:
        raise Rejected("malformed")
    return int(number)


def _float(parsed: Parsed, tag: int) -> float | None:
    return _number(_first(value_of(parsed, tag)))


def _first(value: Any) -> Any:
    if isinstance(value, (str, bytes, int, float)) or value is None:
        return value
    try:
        return value[0]
    except (TypeError, IndexError):
        return value


def is_projection(layout: Json) -> bool:
    return layout["modality"] in _PROJECTION
