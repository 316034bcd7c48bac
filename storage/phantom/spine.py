"""The spine as a chain of bodies: where each vertebra lies, how it is turned, and the angles that follow.

World points are (x, y, z) in mm, patient LPS: x to the left, y to the back, z to the head. A body's own frame (u, v, w)
is left, posterior, cranial, with its origin in the middle of the body. An endplate's sagittal inclination is positive when
its upward normal leans to the back, its coronal inclination when the normal leans to the left.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.phantom.levels import SACRUM, VALUES, Variant, levels_of, region_of, size_of

Array = NDArray[np.float64]

_LORDOSIS_SHARES = (0.34, 0.24, 0.18, 0.13, 0.08, 0.03)  # of L1–S1, from the lowest segment up
_SACRAL_LEVELS = 5


@dataclass(frozen=True)
class Scoliosis:
    """One coronal curve: its Cobb angle in degrees (positive: convex to the left) between two end vertebrae."""

    upper: str
    lower: str
    cobb: float


@dataclass(frozen=True)
class SpineSpec:
    """What makes one synthetic person. The same spec gives the same spine, tissue and truth.

    Angles in degrees: ``lordosis`` L1 to S1 (upper plates), ``kyphosis`` T4 upper plate to the upper plate of L1. ``listhesis``: mm
    forward per level; ``wedged``: degrees that a body lost in front; ``degenerated``: 0 to 1 for the disc below a level; ``fat``: mm.
    """

    seed: int = 0
    variant: Variant = "normal"
    scale: float = 1.0
    lordosis: float = 52.0
    sacral_slope: float = 38.0
    kyphosis: float = 38.0
    cervical_lordosis: float = 22.0
    curves: tuple[Scoliosis, ...] = ()
    listhesis: dict[str, float] = field(default_factory=dict)
    wedged: dict[str, float] = field(default_factory=dict)
    degenerated: dict[str, float] = field(default_factory=dict)
    screws: tuple[str, ...] = ()
    cages: tuple[str, ...] = ()
    fat: float = 22.0
    size_noise: float = 0.04

    @classmethod
    def draw(cls, seed: int, **fixed: Any) -> SpineSpec:
        """Return a random person. ``fixed`` overrides what is drawn."""
        rng = np.random.default_rng([seed, 11])
        lordosis = float(np.clip(rng.normal(50, 12), 18, 80))
        variant: Variant = str(rng.choice(["normal"] * 16 + ["L6", "L6", "T13", "sacralised"]))  # type: ignore[assignment]  # drawn from VARIANTS
        lumbar = [name for name in levels_of(variant) if region_of(name) == "L"]
        levels = [*[name for name in levels_of(variant) if region_of(name) == "T"][-4:], *lumbar]
        degenerated = {name: float(rng.beta(1.2, 1.6)) for name in levels}
        wedged = {str(rng.choice(levels)): float(rng.uniform(4, 16))} if rng.random() < 0.2 else {}
        listhesis = {str(rng.choice(lumbar[-2:])): float(rng.uniform(2, 9))} if rng.random() < 0.12 else {}
        curves = (Scoliosis("T11", "L4", float(rng.normal(0, 14))),) if rng.random() < 0.45 else ()
        drawn: dict[str, Any] = {
            "variant": variant,
            "scale": float(np.clip(rng.normal(1, 0.09), 0.78, 1.24)),
            "lordosis": lordosis,
            "sacral_slope": float(np.clip(lordosis * 0.6 + rng.normal(8, 7), 12, 62)),
            "kyphosis": float(np.clip(rng.normal(38, 10), 12, 75)),
            "cervical_lordosis": float(rng.normal(20, 12)),
            "curves": curves,
            "listhesis": listhesis,
            "wedged": wedged,
            "degenerated": degenerated,
            "fat": float(np.exp(rng.normal(np.log(24), 0.55))),
        }
        return cls(seed=seed, **(drawn | fixed))

    def with_(self, **changes: Any) -> SpineSpec:
        return replace(self, **changes)


@dataclass(frozen=True)
class Endplate:
    """A plate as four rim points in mm LPS and its inclinations in degrees."""

    centre: Array
    left: Array
    right: Array
    anterior: Array
    posterior: Array

    @property
    def coronal_tilt(self) -> float:
        """Degrees of the right-to-left rim line over the horizontal in the frontal projection."""
        d = self.left - self.right
        return float(np.degrees(np.arctan2(d[2], d[0])))

    @property
    def sagittal_tilt(self) -> float:
        """Degrees of the anterior-to-posterior rim line over the horizontal in the lateral projection."""
        d = self.posterior - self.anterior
        return float(np.degrees(np.arctan2(d[2], d[1])))


@dataclass(frozen=True)
class Body:
    """One vertebral (or sacral) body. ``wedge`` holds (sagittal, coronal) radians of the upper and of the lower plate."""

    name: str
    value: int
    centre: Array
    rotation: Array
    height: float
    depth: float
    width: float
    canal_depth: float
    canal_width: float
    wedge_upper: tuple[float, float]
    wedge_lower: tuple[float, float]
    concavity: tuple[float, float]
    disc_height: float
    disc_state: float

    def to_world(self, u: float, v: float, w: float) -> Array:
        return self.centre + self.rotation @ np.array([u, v, w])

    def plate(self, upper: bool) -> Endplate:
        sagittal, coronal = self.wedge_upper if upper else self.wedge_lower
        middle = self.height / 2 if upper else -self.height / 2

        def at(u: float, v: float) -> Array:
            return self.to_world(u, v, middle - v * np.tan(sagittal) - u * np.tan(coronal))

        a, b = self.width / 2, self.depth / 2
        return Endplate(at(0, 0), at(a, 0), at(-a, 0), at(0, -b), at(0, b))


def rotation(sagittal: float, coronal: float, axial: float) -> Array:
    """Return the matrix whose columns are left, posterior and cranial of a body inclined so (radians)."""
    ca, sa, cb, sb, cz, sz = (f(x) for x in (sagittal, coronal, axial) for f in (np.cos, np.sin))
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, ca, sa], [0, -sa, ca]])
    about_y = np.array([[cb, 0, sb], [0, 1, 0], [-sb, 0, cb]])
    return about_y @ about_x @ about_z


def _sagittal_steps(spec: SpineSpec, names: list[str]) -> list[float]:
    """Change of inclination over each segment (disc below + body), from the lowest vertebra up, in degrees."""
    lumbar = [n for n in names if region_of(n) == "L"]
    shares = np.array(_LORDOSIS_SHARES[: len(lumbar)])
    steps = {n: spec.lordosis * s for n, s in zip(reversed(lumbar), shares / shares.sum(), strict=True)}
    thoracic = [n for n in names if region_of(n) == "T"]
    lower = [n for n in thoracic if VALUES[n] >= VALUES["T4"]]
    steps |= {n: -spec.kyphosis / len(lower) for n in lower}
    steps |= dict.fromkeys((n for n in thoracic if n not in lower), -4.0)
    cervical = [n for n in names if region_of(n) == "C"]
    steps |= {n: spec.cervical_lordosis / len(cervical) for n in cervical}
    return [steps[n] for n in reversed(names)]


def _coronal_at(spec: SpineSpec, names: list[str]) -> list[tuple[float, float]]:
    """Coronal inclination (lower, upper plate) of each vertebra from the lowest up, in degrees.

    From the lower end of a curve the spine leans to the convex side, then back; curves follow each other from foot to head.
    """
    plate = {n: 2 * (len(names) - 1 - i) for i, n in enumerate(names)}
    for curve in spec.curves:
        if curve.upper not in plate or curve.lower not in plate or plate[curve.upper] <= plate[curve.lower]:
            raise ValueError(f"A curve needs an upper and a lower end among {', '.join(names)}, not {curve.upper} and {curve.lower}.")
    where: list[float] = []
    lean: list[float] = []
    for curve in sorted(spec.curves, key=lambda c: plate[c.lower]):
        value = lean[-1] if lean else 0.0
        where += [plate[curve.lower], plate[curve.upper] + 1]
        lean += [value, value - curve.cobb]
    knots = np.arange(2 * len(names))
    if not where:
        return [(0.0, 0.0)] * len(names)
    values = np.array(lean) - (max(lean) + min(lean)) / 2
    tail = 0.5 * (max(where) - min(where))
    order = np.argsort(where, kind="stable")
    x = [min(where) - tail, *np.array(where)[order], max(where) + tail]
    total = np.interp(knots, x, [0, *values[order], 0])
    return [(float(total[2 * i]), float(total[2 * i + 1])) for i in range(len(names))]


@dataclass(frozen=True)
class Spine:
    """The chain from head to foot: vertebrae, then the sacral segments; built once from a spec."""

    spec: SpineSpec
    vertebrae: tuple[Body, ...]
    sacrum: tuple[Body, ...]

    @property
    def chain(self) -> tuple[Body, ...]:
        return self.vertebrae + self.sacrum

    def body(self, name: str) -> Body:
        if name == "SAC":
            return self.sacrum[0]
        return next(b for b in self.vertebrae if b.name == name)

    def canal_line(self) -> tuple[Array, Array, Array]:
        """Return centres [n, 3] of the canal from foot to head, its half depth and half width [n] in mm."""
        points, half_depth, half_width = [], [], []
        for below in reversed(self.sacrum):
            shrink = below.height / self.sacrum[0].height
            for w in (-0.4, 0.4):
                points.append(below.to_world(0, below.depth / 2 + 1 + 6.5 * shrink, w * below.height))
                half_depth.append(6.5 * shrink)
                half_width.append(9.0 * shrink)
        for body in reversed(self.vertebrae):
            for w in (-0.42, 0.0, 0.42):
                points.append(body.to_world(0, body.depth / 2 + 0.5 + body.canal_depth / 2, w * body.height))
                half_depth.append(body.canal_depth / 2)
                half_width.append(body.canal_width / 2)
        return np.array(points), np.array(half_depth), np.array(half_width)


def spine_build(spec: SpineSpec) -> Spine:
    """Build the chain. The middle of S1's upper plate is the world's origin."""
    rng = np.random.default_rng([spec.seed, 5])
    names = list(levels_of(spec.variant))
    steps, coronal = _sagittal_steps(spec, names), _coronal_at(spec, names)
    sacrum = _sacrum_build(spec, rng)
    top = sacrum[0].plate(upper=True)
    point, inclination, lean = top.centre, -spec.sacral_slope, 0.0
    built: list[Body] = []
    for index, name in enumerate(reversed(names)):
        size = {k: v * spec.scale * (1 + rng.normal(0, spec.size_noise)) for k, v in size_of(name).items()}
        state = spec.degenerated.get(name, 0.0)
        height, disc = size["height"], size["disc"] * (1 - 0.6 * state**2)
        if name == levels_of(spec.variant)[-1] and spec.variant == "sacralised":
            disc, size["width"], state = 3.0 * spec.scale, size["width"] * 1.15, 0.9
        in_body = 0.3 * steps[index] - spec.wedged.get(name, 0.0)
        lower_plate = inclination + steps[index] - 0.3 * steps[index]
        upper_plate = lower_plate + in_body
        lower_lean, upper_lean = coronal[index]
        between = rotation(np.radians((inclination + lower_plate) / 2), np.radians((lean + lower_lean) / 2), 0)
        middle, middle_lean = (lower_plate + upper_plate) / 2, (lower_lean + upper_lean) / 2
        turn = rotation(np.radians(middle), np.radians(middle_lean), np.radians(-0.35 * middle_lean + rng.normal(0, 0.6)))
        start = point + between[:, 2] * disc
        if name in spec.listhesis:
            start = start - between[:, 1] * spec.listhesis[name]
        body = Body(
            name=name,
            value=VALUES[name],
            centre=start + turn[:, 2] * height / 2,
            rotation=turn,
            height=height,
            depth=size["depth"],
            width=size["width"],
            canal_depth=size["canal_depth"],
            canal_width=size["canal_width"],
            wedge_upper=(float(np.radians(upper_plate - middle)), float(np.radians(upper_lean - middle_lean))),
            wedge_lower=(float(np.radians(lower_plate - middle)), float(np.radians(lower_lean - middle_lean))),
            concavity=(float(rng.uniform(0.6, 2.6)), float(rng.uniform(0.8, 3.0))),
            disc_height=disc,
            disc_state=state,
        )
        built.append(body)
        point, inclination, lean = body.plate(upper=True).centre, upper_plate, upper_lean
    return Spine(spec=spec, vertebrae=tuple(reversed(built)), sacrum=sacrum)


def _sacrum_build(spec: SpineSpec, rng: np.random.Generator) -> tuple[Body, ...]:
    """Five fused segments that shrink and curl; all carry the value of the sacrum."""
    point, inclination = np.zeros(3), -spec.sacral_slope
    curl = float(rng.uniform(6, 22))
    bodies = []
    for index in range(_SACRAL_LEVELS):
        shrink = (1.0, 0.8, 0.66, 0.56, 0.48)[index]
        depth = 33 * (1.0, 0.66, 0.46, 0.36, 0.28)[index] * spec.scale
        height = 28 * shrink * spec.scale
        next_inclination = inclination + curl * (0.2 if index == 0 else 1.0)
        middle = (inclination + next_inclination) / 2
        turn = rotation(np.radians(middle), 0, 0)
        body = Body(
            name=f"S{index + 1}",
            value=SACRUM,
            centre=point - turn[:, 2] * height / 2,
            rotation=turn,
            height=height,
            depth=depth,
            width=50 * shrink * spec.scale,
            canal_depth=13 * shrink,
            canal_width=18 * shrink,
            wedge_upper=(float(np.radians(inclination - middle)), 0.0),
            wedge_lower=(float(np.radians(next_inclination - middle)), 0.0),
            concavity=(0.6 if index == 0 else 0.2, 0.2),
            disc_height=0.0,
            disc_state=0.5,
        )
        bodies.append(body)
        lower = body.plate(upper=False)
        # the next, thinner segment keeps the back wall in line
        point = lower.centre + turn[:, 1] * (depth - 33 * (1.0, 0.66, 0.46, 0.36, 0.28, 0.2)[index + 1] * spec.scale) / 2 * 0.75
        inclination = next_inclination
    return tuple(bodies)
