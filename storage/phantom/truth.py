"""What is known for certain of a phantom: levels, centroids, endplate lines and the angles that follow from them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from storage.phantom.spine import Endplate, Spine, SpineSpec, spine_build

Point = list[float]


@dataclass(frozen=True)
class Curve:
    """A coronal curve between two end vertebrae. ``cobb`` in degrees, positive when convex to the left."""

    upper: str
    lower: str
    cobb: float


@dataclass(frozen=True)
class Truth:
    """Points are (x, y, z) mm LPS, angles degrees. ``endplates[level]["upper"|"lower"]`` has the four rim points and the centre.

    ``lordosis`` is L1–S1 (upper plates), ``kyphosis`` T4 upper to T12 lower, both from the lateral projection of the rims;
    ``largest`` is the pair of end vertebrae with the greatest coronal Cobb angle.
    """

    variant: str
    levels: tuple[str, ...]
    centroids: dict[str, Point]
    endplates: dict[str, dict[str, dict[str, Point]]]
    lordosis: float
    kyphosis: float | None
    sacral_slope: float
    curves: tuple[Curve, ...]
    largest: Curve

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _points(plate: Endplate) -> dict[str, Point]:
    return {name: [round(float(c), 3) for c in getattr(plate, name)] for name in ("centre", "left", "right", "anterior", "posterior")}


def cobb(spine: Spine, upper: str, lower: str) -> float:
    """Return the coronal angle between the upper plate of ``upper`` and the lower plate of ``lower``; positive: convex to the left."""
    return spine.body(upper).plate(upper=True).coronal_tilt - spine.body(lower).plate(upper=False).coronal_tilt


def _lordosis(spine: Spine) -> float:
    return spine.sacrum[0].plate(upper=True).sagittal_tilt - spine.body("L1").plate(upper=True).sagittal_tilt


def _kyphosis(spine: Spine) -> float | None:
    names = {b.name for b in spine.vertebrae}
    if not {"T4", "T12"} <= names:
        return None
    return spine.body("T4").plate(upper=True).sagittal_tilt - spine.body("T12").plate(upper=False).sagittal_tilt


def truth_of(spec: SpineSpec, spine: Spine | None = None) -> Truth:
    spine = spine or spine_build(spec)
    bodies = [b for b in spine.vertebrae if b.name != "C1"] + [spine.sacrum[0]]
    names = [b.name if b.name != "S1" else "SAC" for b in bodies]
    pairs = [Curve(a.name, b.name, round(cobb(spine, a.name, b.name), 3)) for a, b in combinations(bodies[:-1], 2)]
    return Truth(
        variant=spec.variant,
        levels=tuple(names),
        centroids={n: [round(float(c), 3) for c in b.centre] for n, b in zip(names, bodies, strict=True)},
        endplates={
            n: {"upper": _points(b.plate(upper=True)), "lower": _points(b.plate(upper=False))} for n, b in zip(names, bodies, strict=True)
        },
        lordosis=round(_lordosis(spine), 3),
        kyphosis=None if (k := _kyphosis(spine)) is None else round(k, 3),
        sacral_slope=round(spine.sacrum[0].plate(upper=True).sagittal_tilt, 3),
        curves=tuple(Curve(c.upper, c.lower, round(cobb(spine, c.upper, c.lower), 3)) for c in spec.curves),
        largest=max(pairs, key=lambda c: abs(c.cobb)),
    )
