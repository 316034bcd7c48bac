"""Slip of one vertebra on the next, and loss of height of a body."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SLIP_FROM = 5.0
"""Percent below which a slip is not told from the placing of points: Meyerding 0. The limits above are Meyerding 1932."""
_MEYERDING = ((SLIP_FROM, "0"), (25.0, "I"), (50.0, "II"), (75.0, "III"), (100.0, "IV"))
_GENANT = ((20.0, 0), (25.0, 1), (40.0, 2))


@dataclass(frozen=True)
class Slip:
    """``length`` in the unit of the points, positive to the front; ``percent`` of the lower endplate; ``grade`` after Meyerding."""

    length: float
    percent: float
    grade: str

    @property
    def direction(self) -> str:
        return "none" if self.grade == "0" else "anterolisthesis" if self.length > 0 else "retrolisthesis"


def slip(*, upper_posterior: Sequence[float], lower_posterior: Sequence[float], lower_anterior: Sequence[float]) -> Slip:
    """Return how far the lower posterior corner of a body has slipped along the upper endplate of the one below.

    Points of any dimension. Raises ``ValueError`` when the endplate has no length.
    """
    along = [front - back for front, back in zip(lower_anterior, lower_posterior, strict=True)]
    size = math.hypot(*along)
    if not size:
        raise ValueError("The lower endplate needs a length.")
    away = [corner - back for corner, back in zip(upper_posterior, lower_posterior, strict=True)]
    length = sum(one * two for one, two in zip(away, along, strict=True)) / size
    percent = 100 * length / size
    return Slip(length, percent, meyerding(percent))


def meyerding(percent: float) -> str:
    """Return the grade of a slip: 0, I to IV by quarters of the endplate, V beyond its end (spondyloptosis)."""
    return next((grade for limit, grade in _MEYERDING if abs(percent) <= limit), "V")


def slip_grade_bands() -> tuple[tuple[float, str], ...]:
    """Return (upper bound in percent, answer of the form) of Meyerding's grades, the last without a bound."""
    return (*((limit, str(grade)) for grade, (limit, _) in enumerate(_MEYERDING)), (math.inf, str(len(_MEYERDING))))


@dataclass(frozen=True)
class Deformity:
    """``loss`` is the greatest loss of height in percent, ``grade`` 0 to 3, ``shape`` none, wedge, biconcave or crush."""

    loss: float
    grade: int
    shape: str


def genant(*, anterior: float, middle: float, posterior: float, reference: float | None = None) -> Deformity:
    """Return the semi-quantitative grade of a vertebra (Genant et al. 1993) from its three heights.

    ``reference`` is the height it should have (from its neighbours); without it, its own tallest. Heights in one unit, all
    positive, else ``ValueError``.
    """
    expected = reference if reference is not None else max(anterior, middle, posterior)
    if min(anterior, middle, posterior, expected) <= 0:
        raise ValueError("Heights are positive.")
    losses = {"wedge": anterior, "biconcave": middle, "crush": posterior}
    lost = {shape: 100 * (1 - height / expected) for shape, height in losses.items()}
    loss = max(0.0, *lost.values())
    grade = next((grade for limit, grade in _GENANT if loss < limit), 3)
    if not grade:
        return Deformity(loss, 0, "none")
    shape = "crush" if lost["crush"] >= _GENANT[0][0] else max(("wedge", "biconcave"), key=lambda name: lost[name])
    return Deformity(loss, grade, shape)
