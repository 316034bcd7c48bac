"""A grade from a measured figure: how likely the true value lies in each of a scale's bands, and whether that is enough to propose one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

LEAST = 0.65
"""Below this chance nothing is proposed: a reader who trusts a guess is worse off than one who looks."""


@dataclass(frozen=True)
class Proposed:
    """An answer of a form, how likely it is (0 to 1), why in words, and the figures that it rests on."""

    value: str
    confidence: float
    reason: str
    modifiers: dict[str, str] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)


def band_of(measured: float, spread: float, bands: Sequence[tuple[float, str]]) -> tuple[str, float]:
    """Return the likeliest band and the chance that the true value lies in it.

    ``bands`` are (upper bound, answer) in rising order, the last bound infinite; the true value is taken to lie about ``measured``
    normally with the standard deviation ``spread`` in the same unit.
    """
    best, below = ("", -1.0), 0.0
    for bound, answer in bands:
        chance = 1.0 if math.isinf(bound) else 0.5 * (1 + math.erf((bound - measured) / (spread * math.sqrt(2))))
        if chance - below > best[1]:
            best = (answer, chance - below)
        below = chance
    return best
