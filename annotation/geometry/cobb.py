"""Cobb angles in the coronal plane. Cobb 1948: between the upper endplate of the upper and the lower one of the lower end vertebra.

Plane coordinates (to the patient's left, up).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from annotation.geometry.lines import Point, tilt, wrapped

Plate = tuple[Point, Point]
MINIMUM = 10.0
"""A curve below this many degrees is no scoliosis (Scoliosis Research Society)."""
_TURN = 3.0
"""A turn of the tilt by less than this is noise between two vertebrae, not an end vertebra."""


@dataclass(frozen=True)
class Body:
    """A vertebra by its endplates, ends in any order."""

    id: str
    upper: Plate
    lower: Plate

    @property
    def tilt(self) -> float:
        return (tilt(*self.upper) + tilt(*self.lower)) / 2


@dataclass(frozen=True)
class Curve:
    """``upper`` and ``lower`` name the end vertebrae, ``apex`` the least tilted body between them; ``angle`` in degrees."""

    upper: str
    lower: str
    apex: str
    angle: float
    convex: Literal["left", "right"]


def cobb_angle(upper: Plate, lower: Plate) -> float:
    """Return the angle between two endplates in degrees, 0 to 180."""
    return abs(wrapped(tilt(*upper) - tilt(*lower)))


def convexity(upper: Plate, lower: Plate) -> Literal["left", "right"]:
    """Return to which side the spine bends out between the two endplates."""
    return "right" if tilt(*upper) < tilt(*lower) else "left"


def curves(bodies: Sequence[Body], *, minimum: float = MINIMUM) -> list[Curve]:
    """Return the curves of a spine, bodies given from the head down: each runs between two turns of the bodies' tilt.

    Neighbouring curves share an end vertebra. Curves below ``minimum`` degrees are left out.
    """
    found = []
    ends = _turns([body.tilt for body in bodies])
    for first, last in pairwise(ends):
        upper, lower = bodies[first], bodies[last]
        angle = cobb_angle(upper.upper, lower.lower)
        if angle >= minimum:
            level = (upper.tilt + lower.tilt) / 2
            apex = min(bodies[first : last + 1], key=lambda body: abs(body.tilt - level))
            found.append(Curve(upper.id, lower.id, apex.id, angle, convexity(upper.upper, lower.lower)))
    return found


def _turns(tilts: Sequence[float]) -> list[int]:
    """Return the indices of the first and last body and of every turn between them that is larger than noise."""
    if len(tilts) < 2:
        return []
    ends = [0]
    extreme, direction = 0, 0
    for index in range(1, len(tilts)):
        step = tilts[index] - tilts[extreme]
        if direction == 0:
            if abs(step) >= _TURN:
                direction = 1 if step > 0 else -1
                extreme = index
        elif step * direction >= 0:
            extreme = index
        elif abs(step) >= _TURN:
            ends.append(extreme)
            direction, extreme = -direction, index
    if extreme != ends[-1]:
        ends.append(extreme)
    return _begun_at_extreme(ends, tilts)


def _begun_at_extreme(ends: list[int], tilts: Sequence[float]) -> list[int]:
    """Move the first end to the body before the first turn that is tilted most the other way."""
    if len(ends) > 1:
        part = range(ends[0], ends[1])
        rising = tilts[ends[1]] > tilts[ends[0]]
        ends[0] = min(part, key=lambda index: tilts[index]) if rising else max(part, key=lambda index: tilts[index])
    return ends


def curve_name(apex: str | None) -> str | None:
    """Return which curve it is by the level of its apex (Scoliosis Research Society): PT to T5, MT to T11, TL-L below; else None."""
    if not apex or apex[0] not in "CTL" or not apex[1:].isdigit():
        return None
    if apex[0] == "C" or (apex[0] == "T" and int(apex[1:]) <= 5):
        return "PT"
    return "MT" if apex[0] == "T" and int(apex[1:]) <= 11 else "TL-L"
