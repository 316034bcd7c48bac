"""Grades that follow from what masks and images measure: what each rule proposes, with its reason, and when it proposes nothing. Pure.

A measured figure is taken to be off by ``*_SPREAD`` (standard deviation); a grade is proposed where its band holds the true value with a
chance of :data:`annotation.geometry.banding.LEAST` or more. The spreads were found by measuring on the masks of the built-in model and on
a person's, of 29 lumbar T2 volumes. They are not a claim about any other model or scanner, and none of these rules was ever held
against grades that a radiologist gave.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from annotation.geometry.banding import LEAST, Proposed, band_of
from annotation.geometry.canal import Cut
from annotation.geometry.disc import DiscLook
from annotation.geometry.heights import Heights
from annotation.geometry.slip import genant, slip_grade_bands

HEIGHT_SPREAD = 7.0
"""Percent of a body's height."""
SLIP_SPREAD = 7.0
"""Percent of an endplate."""
AREA_SPREAD = 0.12
"""Share of a canal's area, beside what the thickness of the slices gives."""
DISTINCTION_SPREAD = 0.25
"""Of the logarithm of nucleus over rim."""
DISC_SPREAD = 0.22
"""Of a disc's height over its neighbours'."""

_LOST, _CLEAR = math.log(1.35), math.log(2.2)
_COLLAPSED = 0.4
_INF = math.inf


def genant_propose(heights: Heights, reduction: float) -> Proposed | None:
    """Return a Genant grade (Genant et al. 1993, doi:10.1002/jbmr.5650080915) from six points of a body, or None.

    ``reduction`` is how high the body stands, 1 for normal (:func:`annotation.geometry.heights.reductions`).
    """
    loss = 100 * (1 - reduction)
    value, chance = band_of(loss, HEIGHT_SPREAD, ((20.0, "0"), (25.0, "1"), (40.0, "2"), (_INF, "3")))
    if chance < LEAST:
        return None
    tall = max(heights.front, heights.middle, heights.back)
    shape = genant(anterior=heights.front, middle=heights.middle, posterior=heights.back, reference=tall).shape
    even = loss - 100 * (1 - heights.ratio) > HEIGHT_SPREAD
    modifiers = {} if value == "0" else {"shape": "crush" if even or shape == "none" else shape}
    millimetres = f"{heights.front:.0f}, {heights.middle:.0f} and {heights.back:.0f} mm at front, middle and back"
    return Proposed(value, chance, f"{loss:.0f} % lower than it should be: {millimetres}", modifiers, {"loss_percent": round(loss, 1)})


def meyerding_propose(percent: float, others: Sequence[float]) -> Proposed | None:
    """Return a Meyerding grade (Meyerding 1932) of a slip in percent of the lower endplate, positive to the front, or None.

    ``others`` are the slips of the same spine's other levels, at least three: what all of them share comes from how corners are fitted
    to masks, and is taken off. That nothing has slipped cannot be told from masks, so grade 0 is never proposed.
    """
    if len(others) < 3:
        return None
    own = percent - float(np.median(others))
    value, chance = band_of(abs(own), SLIP_SPREAD, slip_grade_bands())
    if value == "0" or chance < LEAST:
        return None
    way = "anterolisthesis" if own > 0 else "retrolisthesis"
    reason = f"{abs(own):.0f} % of the lower endplate to the {'front' if own > 0 else 'back'}, against the other levels of this spine"
    return Proposed(value, chance, reason, {"direction": way}, {"slip_percent": round(own, 1)})


def canal_propose(narrowest: Cut, beside: Sequence[Cut]) -> Proposed | None:
    """Return a grade of the canal from the area of its narrowest cut at a disc, or None.

    Under 75 mm² is severe, under 100 mm² moderate (Schönström et al. 1985, doi:10.1097/00007632-198511000-00005; Hamanishi et al. 1994,
    doi:10.1097/00002517-199410000-00004, both of the dural sac). ``beside`` are cuts at the bodies above and below: where area and narrowing against
    them do not say the same, nothing is proposed.
    """
    if not beside:
        return None
    spread = math.hypot(AREA_SPREAD * narrowest.area, narrowest.spread)
    value, chance = band_of(narrowest.area, spread, ((75.0, "severe"), (100.0, "moderate"), (_INF, "normal_mild")))
    ratio = narrowest.area / float(np.mean([cut.area for cut in beside]))
    if chance < LEAST or (value != "normal_mild" and ratio > 0.85) or (value == "normal_mild" and ratio < 0.6):
        return None
    reason = f"{narrowest.area:.0f} mm² at the disc, {ratio:.2f} of what it is at the bodies beside"
    return Proposed(value, chance, reason, {}, {"area_mm2": round(narrowest.area), "ratio": round(ratio, 2)})


def pfirrmann_propose(look: DiscLook, heights: Sequence[float]) -> Proposed | None:
    """Return a Pfirrmann grade (Pfirrmann et al. 2001, doi:10.1097/00007632-200109010-00011) of a disc on T2-weighted images, or None.

    Nucleus and rim that cannot be told apart are IV, or V where the disc has lost 60 % of its height against ``heights``, those of the same
    spine's other discs (Griffith et al. 2007, doi:10.1097/BRS.0b013e31815a59a0; only height tells V from IV: Salamat et al. 2016,
    doi:10.1186/s40064-016-2542-5); nearly are III. I and II differ by bands in the nucleus, which is not measured: nothing is proposed.
    """
    if len(heights) < 2 or look.height <= 0:
        return None
    ratio = look.height / float(np.median(heights))
    apart = math.log(max(look.distinction, 0.5))
    value, chance = band_of(apart, DISTINCTION_SPREAD, ((_LOST, "4"), (_CLEAR, "3"), (_INF, "2")))
    height, stands = band_of(ratio, DISC_SPREAD, ((_COLLAPSED, "5"), (_INF, "")))
    if value == "2" or (value == "4" and height == "5" and look.signal > 0.3):
        return None
    value, chance = ("5" if value == "4" and height == "5" else value), chance * stands
    if chance < LEAST or (value == "3" and height == "5"):
        return None
    told = "cannot be told from" if value != "3" else "is little brighter than"
    reason = (
        f"the nucleus {told} the rim ({look.distinction:.1f} times), {look.signal:.2f} of the fluid; {ratio:.0%} of the other discs' height"
    )
    return Proposed(
        value, chance, reason, {}, {"distinction": round(look.distinction, 2), "signal": round(look.signal, 2), "height": round(ratio, 2)}
    )
