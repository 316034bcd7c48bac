"""Whether a candidate may replace a model: compared patient by patient on the sealed ones."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from ml_backend.learning.metrics import mean

Scores = dict[str, dict[str, float | None]]
"""Patient → structure → Dice."""
Verdict = Literal["pass", "refuse", "insufficient"]

ENOUGH = 8  # sealed patients below which a person decides
MARGIN = 0.005  # how much worse the lower bound of the mean difference may be
STRUCTURE_DROP = 0.02
PATIENT_DROP = 0.10


@dataclass(frozen=True)
class GateReport:
    """The verdict, its reasons in sentences, and the figures it rests on. ``interval`` is the 95 % interval of the mean difference."""

    verdict: Verdict
    reasons: tuple[str, ...]
    patients: int
    before: float | None
    after: float | None
    difference: float | None
    interval: tuple[float, float] | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def structure_means(scores: Scores) -> dict[str, float | None]:
    """Return the mean over patients per structure."""
    names = sorted({name for by in scores.values() for name in by})
    return {name: mean(by.get(name) for by in scores.values()) for name in names}


def bootstrap(differences: np.ndarray[Any, np.dtype[np.float64]], seed: int = 0) -> tuple[float, float]:
    """Return the 2.5 and 97.5 percentiles of the mean under 2000 draws of patients with replacement."""
    rng = np.random.default_rng(seed)
    draws = rng.choice(differences, (2000, len(differences))).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


def gate_check(before: Scores, after: Scores) -> GateReport:
    """Compare two models on the patients that both were measured on.

    Refuses when the interval's lower bound is below -0.005, a structure lost more than 0.02, or a patient more than 0.10. With
    fewer than eight patients what was found is told, and a person decides.
    """
    pairs = {p: (mean(before[p].values()), mean(after[p].values())) for p in sorted(before.keys() & after.keys())}
    known = {p: (a, b) for p, (a, b) in pairs.items() if a is not None and b is not None}
    if not known:
        return GateReport("insufficient", ("No sealed patient has a reference to measure on.",), 0, None, None, None, None)
    differences = np.array([b - a for a, b in known.values()])
    interval = bootstrap(differences)
    reasons: list[str] = []
    if interval[0] < -MARGIN:
        reasons.append(f"It may be worse on average: the 95 % interval of the change in Dice is {interval[0]:+.3f} to {interval[1]:+.3f}.")
    old, new = structure_means({p: before[p] for p in known}), structure_means({p: after[p] for p in known})
    for name, value in old.items():
        other = new.get(name)
        if value is not None and other is not None and value - other > STRUCTURE_DROP:
            reasons.append(f"It is worse on {name}: {value:.3f} before, {other:.3f} after.")
    fallen = [p for p, (a, b) in known.items() if a - b > PATIENT_DROP]
    if fallen:
        reasons.append(f"{len(fallen)} of {len(known)} patients lost more than {PATIENT_DROP:.2f}: {', '.join(fallen)}.")
    verdict: Verdict = "refuse" if reasons else "pass"
    if len(known) < ENOUGH:
        reasons.insert(0, f"Only {len(known)} sealed patients have a reference; {ENOUGH} are needed to judge, so a person decides.")
        verdict = "insufficient"
    a, b = (float(np.mean([pair[i] for pair in known.values()])) for i in (0, 1))
    return GateReport(verdict, tuple(reasons), len(known), a, b, b - a, interval)
