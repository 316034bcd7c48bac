"""The levels of a spine from C1 to the sacrum: names, ``spine-core`` values, typical sizes, and the counting variants."""

from __future__ import annotations

from typing import Literal

import numpy as np

Variant = Literal["normal", "L6", "T13", "T11", "sacralised"]
VARIANTS: tuple[Variant, ...] = ("normal", "L6", "T13", "T11", "sacralised")

SACRUM = 26
CORD, CANAL = 60, 61
IMPLANT, SCREW, CAGE = 150, 151, 152

_NORMAL = [*(f"C{n}" for n in range(1, 8)), *(f"T{n}" for n in range(1, 13)), *(f"L{n}" for n in range(1, 6))]
VALUES: dict[str, int] = {name: index + 1 for index, name in enumerate(_NORMAL)} | {"L6": 25, "SAC": SACRUM, "T13": 28}
"""``spine-core`` value of each level (VerSe numbering)."""
NAMES: dict[int, str] = {value: name for name, value in VALUES.items()}

# index in the normal spine: 0 = C1 ... 23 = L5; heights are posterior heights in mm
_KNOTS = [0, 2, 6, 7, 12, 18, 19, 21, 22, 23]
_HEIGHT: list[float] = [10, 13.5, 14.5, 16.5, 19.5, 25, 26.5, 28, 28, 27]
_DEPTH: list[float] = [12, 16, 17, 18, 26, 30, 31.5, 34, 34.5, 35]
_WIDTH: list[float] = [14, 18, 25, 27, 28, 39, 42, 46, 48, 52]
_DISC: list[float] = [0.5, 5, 6, 4, 4.5, 6.5, 8, 10.5, 11, 10.5]
_CANAL_DEPTH: list[float] = [17, 15, 15, 15.5, 15, 16, 16, 15.5, 15.5, 15.5]
_CANAL_WIDTH: list[float] = [26, 24, 24, 21, 17, 21, 22, 22.5, 23, 24]


def levels_of(variant: Variant) -> tuple[str, ...]:
    """Return the vertebrae from head to foot, without the sacrum."""
    names = list(_NORMAL)
    if variant == "L6":
        names.append("L6")
    elif variant == "T13":
        names.insert(names.index("L1"), "T13")
    elif variant == "T11":
        names.remove("T12")
    return tuple(names)


def disc_value(upper: str) -> int:
    """Return the value of the disc below ``upper``: its value + 100. C1 has no disc and gives 0."""
    return 0 if upper == "C1" else VALUES[upper] + 100


def _position(name: str) -> float:
    """Place of a level on the size tables; supernumerary levels lie between their neighbours."""
    return {"L6": 23.0, "T13": 18.5}.get(name, float(VALUES[name] - 1))


def size_of(name: str) -> dict[str, float]:
    """Return typical height, depth, width, disc (height of the disc below), canal_depth, canal_width in mm."""
    at = _position(name)
    tables: dict[str, list[float]] = {
        "height": _HEIGHT,
        "depth": _DEPTH,
        "width": _WIDTH,
        "disc": _DISC,
        "canal_depth": _CANAL_DEPTH,
        "canal_width": _CANAL_WIDTH,
    }
    return {key: float(np.interp(at, _KNOTS, table)) for key, table in tables.items()}


def region_of(name: str) -> Literal["C", "T", "L", "S"]:
    return "S" if name == "SAC" else name[0]  # type: ignore[return-value]  # names begin with their region
