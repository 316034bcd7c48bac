"""Measurements: a number with its points, its definition, its unit and where its millimetres come from.

The points are the truth; the server computes the number from them. Millimetres need a calibration: without one the value is
null with the reason, and angles still stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.geometry.cobb import cobb_angle, convexity
from annotation.geometry.lines import Point, angle_at, angle_in_space, area, area_in_space, circle_through, distance, to_plane
from annotation.geometry.numbering import NORMAL, sequence
from annotation.geometry.refusal import Refused
from annotation.geometry.sagittal import kyphosis, lordosis, pelvis, t1_pelvic_angle, vertical_axis
from annotation.geometry.slip import slip

MAX_POINTS = 500
SOURCES = ("geometry", "pixel_spacing", "imager_pixel_spacing", "us_region", "magnification", "manual", "none")
"""Where the millimetres come from. ImagerPixelSpacing alone is the detector's, not the patient's: no calibration."""
_CALIBRATED = ("geometry", "pixel_spacing", "us_region", "magnification", "manual")
CURVES = ("PT", "MT", "TL-L")
"""Proximal thoracic, main thoracic, thoracolumbar or lumbar: which of a spine's curves a Cobb angle is."""
_LEVELS = frozenset(sequence({**NORMAL, "thoracic": 13, "lumbar": 6}))
_ID = re.compile(r"^[A-Za-z0-9-]{1,36}$")
_SENT = ("id", "definition", "frame", "points", "calibration", "bodies", "levels", "curve", "stack", "slice", "status")

Values = dict[str, tuple[float, str] | str]
"""Name → (value, unit), or a word."""


@dataclass(frozen=True)
class Definition:
    """``points`` names the landmarks (empty: a list of any number, at least ``least``); ``plane`` the plane that angles are in."""

    title: str
    points: tuple[str, ...]
    compute: Callable[[Mapping[str, Point], Sequence[Point], Sequence[Sequence[float]]], Values]
    plane: str = "sagittal"
    optional: tuple[str, ...] = ()
    least: int = 0


def _cobb(at: Mapping[str, Point], _: Sequence[Point], __: Sequence[Sequence[float]]) -> Values:
    upper, lower = (at["upper_1"], at["upper_2"]), (at["lower_1"], at["lower_2"])
    return {"angle": (cobb_angle(upper, lower), "deg"), "convex": convexity(upper, lower)}


def _sagittal_angle(at: Mapping[str, Point], _: Sequence[Point], __: Sequence[Sequence[float]]) -> Values:
    upper, lower = (at["upper_posterior"], at["upper_anterior"]), (at["lower_posterior"], at["lower_anterior"])
    return {"lordosis": (lordosis(l1=upper, s1=lower), "deg")}


def _angle(at: Mapping[str, Point], _: Sequence[Point], raw: Sequence[Sequence[float]]) -> Values:
    first, vertex, second = raw
    return {"angle": (angle_in_space(first, vertex, second) if len(vertex) == 3 else angle_at(at["a"], at["vertex"], at["b"]), "deg")}


def _area(_: Mapping[str, Point], listed: Sequence[Point], raw: Sequence[Sequence[float]]) -> Values:
    return {"area": (area_in_space(raw) if len(raw[0]) == 3 else area(listed), "mm2")}


def _hip(at: Mapping[str, Point], name: str) -> Point | None:
    """Return the middle of a femoral head: as it was placed, or of the circle through three points of its rim."""
    if name in at:
        return at[name]
    rim = [at[f"{name}_{number}"] for number in (1, 2, 3) if f"{name}_{number}" in at]
    return circle_through(rim[0], rim[1], rim[2])[0] if len(rim) == 3 else None


def _balance(at: Mapping[str, Point], _: Sequence[Point], __: Sequence[Sequence[float]]) -> Values:
    plate = {"s1_posterior": at["s1_posterior"], "s1_anterior": at["s1_anterior"]}
    found: Values = {}
    one, two = _hip(at, "hip_one"), _hip(at, "hip_two")
    hips = {"hip_one": one, "hip_two": two} if one and two else None
    if hips:
        bones = pelvis(**plate, **hips)
        found |= {"PI": (bones.incidence, "deg"), "PT": (bones.tilt, "deg"), "SS": (bones.slope, "deg")}
        if "t1" in at:
            found["TPA"] = (t1_pelvic_angle(t1=at["t1"], **plate, **hips), "deg")
    if {"l1_posterior", "l1_anterior"} <= set(at):
        found["LL"] = (lordosis(l1=(at["l1_posterior"], at["l1_anterior"]), s1=(at["s1_posterior"], at["s1_anterior"])), "deg")
        if hips:
            found["PI-LL"] = (_number(found["PI"]) - _number(found["LL"]), "deg")
    if {"t4_posterior", "t4_anterior", "t12_posterior", "t12_anterior"} <= set(at):
        upper, lower = (at["t4_posterior"], at["t4_anterior"]), (at["t12_posterior"], at["t12_anterior"])
        found["TK_T4_T12"] = (kyphosis(upper=upper, lower=lower), "deg")
    if "c7" in at:
        found["SVA"] = (vertical_axis(c7=at["c7"], s1_posterior=at["s1_posterior"]), "mm")
    return found


def _number(value: tuple[float, str] | str) -> float:
    return float(value[0])


def _slip(at: Mapping[str, Point], _: Sequence[Point], __: Sequence[Sequence[float]]) -> Values:
    found = slip(upper_posterior=at["upper_posterior"], lower_posterior=at["lower_posterior"], lower_anterior=at["lower_anterior"])
    return {"length": (found.length, "mm"), "percent": (found.percent, "%"), "meyerding": found.grade, "direction": found.direction}


DEFINITIONS: dict[str, Definition] = {
    "length": Definition("Length", ("a", "b"), lambda _, __, raw: {"length": (distance(raw[0], raw[1]), "mm")}),
    "angle": Definition("Angle", ("a", "vertex", "b"), _angle),
    "area": Definition("Area", (), _area, least=3),
    "cobb": Definition("Cobb angle", ("upper_1", "upper_2", "lower_1", "lower_2"), _cobb, plane="coronal"),
    "sagittal_angle": Definition(
        "Angle between two endplates from the side, positive when lordotic",
        ("upper_posterior", "upper_anterior", "lower_posterior", "lower_anterior"),
        _sagittal_angle,
    ),
    "listhesis": Definition("Slip of a vertebra on the next", ("upper_posterior", "lower_posterior", "lower_anterior"), _slip),
    "sagittal_balance": Definition(
        "Sagittal balance: PI, PT, SS, LL, TK (T4 to T12), SVA, TPA",
        ("s1_posterior", "s1_anterior"),
        _balance,
        optional=(
            *(f"{hip}{rim}" for hip in ("hip_one", "hip_two") for rim in ("", "_1", "_2", "_3")),
            "l1_posterior",
            "l1_anterior",
            "t4_posterior",
            "t4_anterior",
            "t12_posterior",
            "t12_anterior",
            "c7",
            "t1",
        ),
    ),
}
"""Definition id → what it measures. A changed formula is a new id: results of both stay comparable with their own kind."""


def measurements_apply(
    measurements: list[dict[str, Any]], operation: Mapping[str, Any], *, bodies: set[str], author: str, at: str
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the measurements after a ``measurements`` operation (``set``: items, ``remove``: ids), and what takes it back.

    Each item: {"id", "definition", "frame", "points", "calibration": {"source"}, "bodies"?, "levels"?, "curve"?, "stack"?,
    "slice"?, "status"?}; the result adds ``values``, ``by`` and ``at``. ``bodies`` are the ladder's, which an item may hang on, from
    the head down; ``levels`` names them where there is no ladder; ``curve`` is one of :data:`CURVES`. Raises :class:`Refused`.
    """
    table = {item["id"]: item for item in measurements}
    was: dict[str, Any] = {"set": [], "remove": []}
    sent, removed = operation.get("set") or [], operation.get("remove") or []
    if not isinstance(sent, list) or not isinstance(removed, list):
        raise Refused("bad_operation", "'set' is a list of measurements, 'remove' a list of ids.", bad=True)
    for raw in sent:
        item = measured(raw, bodies=bodies)
        before = table.get(item["id"])
        if before is None:
            was["remove"].append(item["id"])
        else:
            was["set"].append({name: before[name] for name in _SENT if name in before})
        table[item["id"]] = {**item, "by": author, "at": at}
    for number in removed:
        gone = table.pop(number, None) if isinstance(number, str) else None
        if gone is None:
            raise Refused("unknown_measurement", "There is no such measurement.", {"measurements": sorted(table)})
        was["set"].append({name: gone[name] for name in _SENT if name in gone})
    return [table[name] for name in sorted(table)], was


def measured(sent: Any, *, bodies: set[str]) -> dict[str, Any]:
    """Return an item with its ``values``: {name: {"value", "unit", "reason"?}}. Raises :class:`Refused`."""
    if not isinstance(sent, dict) or not isinstance(sent.get("id"), str) or not _ID.match(sent["id"]):
        raise Refused("bad_operation", "A measurement is an object with an id of letters, digits and hyphens.", bad=True)
    definition = DEFINITIONS.get(str(sent.get("definition")))
    if definition is None:
        raise Refused("bad_operation", f"{sent.get('definition')!r} is no definition; there are {', '.join(DEFINITIONS)}.", bad=True)
    item = {name: sent[name] for name in _SENT if name in sent}
    item["frame"] = _frame(sent.get("frame"))
    item["calibration"] = _calibration(sent.get("calibration"), item["frame"])
    item["bodies"] = list(sent.get("bodies") or [])
    item["levels"], item["curve"] = _levels(item.get("levels")), item.get("curve")
    if item["curve"] not in (None, *CURVES):
        raise Refused("bad_operation", f"A curve is one of {', '.join(CURVES)}.", bad=True)
    item["status"] = "proposed" if sent.get("status") == "proposed" else "confirmed"
    strange = [body for body in item["bodies"] if body not in bodies]
    if strange:
        raise Refused("unknown_body", "The measurement hangs on a body that the ladder has not.", {"bodies": sorted(bodies)})
    item["values"] = _values(definition, item)
    return item


def _levels(sent: Any) -> list[str]:
    levels = list(sent or []) if isinstance(sent, list | None) else [""]
    if len(levels) > 2 or any(name not in _LEVELS for name in levels):
        raise Refused("bad_operation", "'levels' names at most two vertebrae, from the head down.", bad=True)
    return levels


def _frame(sent: Any) -> dict[str, Any]:
    kind = sent.get("kind") if isinstance(sent, dict) else None
    if kind == "patient":
        return {"kind": "patient"}
    spacing, forward = (sent.get("spacing"), sent.get("forward", 1)) if isinstance(sent, dict) else (None, 1)
    good = spacing is None or (isinstance(spacing, list) and len(spacing) == 2 and all(_is_number(side) and side > 0 for side in spacing))
    if kind != "image" or not good or forward not in (1, -1):
        message = "A frame is {'kind': 'patient'} or {'kind': 'image', 'spacing': [mm between rows, mm between columns] or null, 'forward': 1 or -1}."
        raise Refused("bad_operation", message, bad=True)
    return {"kind": "image", "spacing": spacing, "forward": forward}


def _calibration(sent: Any, frame: dict[str, Any]) -> dict[str, str]:
    source = sent.get("source") if isinstance(sent, dict) else None
    if source is None:
        source = "geometry" if frame["kind"] == "patient" else "none"
    if source not in SOURCES:
        raise Refused("bad_operation", f"A calibration's source is one of {', '.join(SOURCES)}.", bad=True)
    return {"source": source}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def _points(definition: Definition, item: Mapping[str, Any]) -> tuple[dict[str, list[float]], list[list[float]]]:
    sent, size = item.get("points"), 3 if item["frame"]["kind"] == "patient" else 2
    named = sent if isinstance(sent, dict) else {}
    listed = sent if isinstance(sent, list) else list(named.values())
    if len(listed) > MAX_POINTS or not all(
        isinstance(point, list) and len(point) == size and all(map(_is_number, point)) for point in listed
    ):
        raise Refused("bad_operation", f"A point is {size} numbers, and there are at most {MAX_POINTS}.", bad=True)
    known = {*definition.points, *definition.optional}
    missing, strange = sorted(set(definition.points) - set(named)), sorted(set(named) - known)
    if missing or strange or len(listed) < definition.least:
        raise Refused(
            "bad_operation", f"{definition.title} needs {', '.join(definition.points) or f'{definition.least} points'}.", bad=True
        )
    return named, listed


def _values(definition: Definition, item: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    named, listed = _points(definition, item)
    frame, source = item["frame"], item["calibration"]["source"]
    at = {name: to_plane(point, frame, definition.plane) for name, point in named.items()}
    shape = [to_plane(point, frame, definition.plane) for point in listed]
    raw: Sequence[Sequence[float]] = [at[name] for name in definition.points] or shape
    if frame["kind"] == "patient":
        raw = [named[name] for name in definition.points] or listed
    try:
        found = definition.compute(at, shape, raw)
    except ValueError as error:
        raise Refused("degenerate", str(error)) from None
    reason = _uncalibrated(frame, source)
    values: dict[str, dict[str, Any]] = {}
    for name, value in found.items():
        if isinstance(value, str):
            values[name] = {"value": value, "unit": None}
        elif reason and value[1] in ("mm", "mm2"):
            values[name] = {"value": None, "unit": value[1], "reason": reason}
        else:
            values[name] = {"value": round(value[0], 3) + 0.0, "unit": value[1]}
    return values


def _uncalibrated(frame: Mapping[str, Any], source: str) -> str:
    if frame["kind"] == "patient":
        return ""
    if source == "imager_pixel_spacing":
        return "no_magnification"
    return "" if frame["spacing"] and source in _CALIBRATED else "uncalibrated"
