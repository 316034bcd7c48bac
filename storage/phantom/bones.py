"""Signed distances, in mm, of bodies, arches and discs in body-fixed coordinates. Negative is inside."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from storage.phantom.grid import Floats
from storage.phantom.levels import region_of
from storage.phantom.spine import Body

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Capsule:
    """A rounded bar from ``start`` to ``end`` with radii along (u, v, w)."""

    start: Point
    end: Point
    radii: Point

    def distance(self, u: Floats, v: Floats, w: Floats) -> Floats:
        s = np.array(self.radii)
        a, b = np.array(self.start) / s, np.array(self.end) / s
        d = (b - a).astype(np.float32)
        p = [c / np.float32(k) - np.float32(o) for c, k, o in zip((u, v, w), s, a, strict=True)]
        t = np.clip((p[0] * d[0] + p[1] * d[1] + p[2] * d[2]) / max(float(d @ d), 1e-6), 0, 1)
        return (np.sqrt(sum((c - t * k) ** 2 for c, k in zip(p, d, strict=True))) - 1) * np.float32(s.min())


def _oval(a: Floats, b: Floats) -> Floats:
    """Return a radius between an ellipse and a rounded box, 1 on the rim."""
    a2, b2 = a * a, b * b
    return np.float32(0.5) * (np.sqrt(a2 + b2) + np.sqrt(np.sqrt(a2 * a2 + b2 * b2)))


def _smooth_max(a: Floats, b: Floats, k: float) -> Floats:
    h = np.clip(np.float32(0.5) + (a - b) / np.float32(2 * k), 0, 1)
    return b + (a - b) * h + np.float32(k) * h * (1 - h)


def plate_height(body: Body, u: Floats, v: Floats, *, upper: bool) -> Floats:
    """Return w of the concave endplate surface over (u, v)."""
    sagittal, coronal = body.wedge_upper if upper else body.wedge_lower
    dish = np.float32(body.concavity[0 if upper else 1])
    a, b = u / np.float32(body.width / 2), v / np.float32(body.depth / 2) - np.float32(0.15)
    bowl = dish * np.clip(1 - a * a - b * b, 0, 1)
    flat = -v * np.float32(np.tan(sagittal)) - u * np.float32(np.tan(coronal))
    return np.float32(body.height / 2) + flat - bowl if upper else np.float32(-body.height / 2) + flat + bowl


def body_distance(body: Body, u: Floats, v: Floats, w: Floats) -> Floats:
    """Distance to the vertebral body: waisted oval wall between two concave plates."""
    rise = np.clip(w / np.float32(body.height / 2), -1, 1)
    waist = 1 - np.float32(0.09) * (1 - rise * rise)
    a = u / np.float32(body.width / 2)
    b = v / np.float32(body.depth / 2)
    b = b + np.float32(0.07) * np.clip(1 - a * a, 0, 1) * (b > 0)
    wall = (_oval(a, b) / waist - 1) * np.float32(body.depth / 2)
    plates = np.maximum(w - plate_height(body, u, v, upper=True), plate_height(body, u, v, upper=False) - w)
    return _smooth_max(wall, plates, 1.2)


def disc_distance(
    upper: Body, lower: Body, above: tuple[Floats, Floats, Floats], below: tuple[Floats, Floats, Floats], bulge: float
) -> tuple[Floats, Floats]:
    """Return (distance to the disc, radius in it: 0 in the middle, 1 on the rim) from coordinates in both bodies' frames."""
    u, v, w = above
    x, y, z = below
    plates = np.maximum(w - plate_height(upper, u, v, upper=False), plate_height(lower, x, y, upper=True) - z)
    depth, width = (upper.depth + lower.depth) / 2, (upper.width + lower.width) / 2
    a, b = (u + x) / np.float32(width), (v + y) / np.float32(depth)
    radius = _oval(a, b + np.float32(0.05) * np.clip(1 - a * a, 0, 1) * (b > 0))
    swell = np.float32(1 + 2 * bulge / depth)
    return _smooth_max((radius / swell - 1) * np.float32(depth / 2), plates, 0.6), radius


def arch(body: Body) -> list[Capsule]:
    """Return pedicles, laminae, articular, transverse and spinous processes of a vertebra."""
    h, d, cd, cw = body.height, body.depth / 2, body.canal_depth, body.canal_width / 2
    back = d + cd
    region = region_of(body.name) if body.name[0] in "CTL" else "S"
    long, drop, thick = {"C": (0.9, 0.9, 0.30), "T": (1.25, 1.25, 0.24), "L": (0.95, 0.48, 0.36), "S": (0.2, 0.4, 0.5)}[region]
    tip = back + 4 + long * 27 * h / 27
    if region == "C":
        tip = back + 4 + (32 if body.name == "C7" else 18) * h / 14
    thin = h / 27
    parts = [Capsule((0, back + 4 * thin + 1, -0.3 * h), (0, tip, -drop * h), (3.2 * thin + 0.8, 4 * thin + 0.5, thick * h))]
    for side in (-1.0, 1.0):
        parts += [
            Capsule((side * (cw + 3.5), d - 4, 0.18 * h), (side * (cw + 3.5), d + 0.6 * cd, 0.18 * h), (4.2, 4, 0.26 * h)),
            Capsule((side * (cw + 1), d + 0.8 * cd, 0.05 * h), (side, back + 3, -0.28 * h), (2.8, 2.8, 0.30 * h)),
            Capsule((side * (cw + 4), d + 0.8 * cd, 0.2 * h), (side * (cw + 4), d + 0.75 * cd, 0.42 * h), (4.5, 4, 0.16 * h)),
            Capsule((side * (cw + 1), back + 0.5, -0.3 * h), (side * (cw + 2), back, -0.62 * h), (4.2, 4, 0.16 * h)),
        ]
        reach = body.width * (0.85 if region == "L" else 0.75)
        parts.append(
            Capsule(
                (side * (cw + 5), d + 0.6 * cd, 0.15 * h),
                (side * reach, d + (0.7 if region == "L" else 1.4) * cd, 0.2 * h),
                (3, 3.2, 0.15 * h),
            )
        )
    return parts


def atlas(body: Body) -> list[Capsule]:
    """Return the ring of C1: an anterior arch, lateral masses and a posterior arch, and no body."""
    ring = [(0.0, -9.0), (13.0, -3.0), (18.0, 6.0), (11.0, 20.0), (0.0, 25.0), (-11.0, 20.0), (-18.0, 6.0), (-13.0, -3.0), (0.0, -9.0)]
    return [Capsule((*a, 0.0), (*b, 0.0), (3, 3, 5)) for a, b in pairwise(ring)]


def dens(axis: Body) -> Capsule:
    return Capsule((0, -1, 0.4 * axis.height), (0, 0, axis.height / 2 + 13), (5, 5, 5))


def sacral_wings(body: Body) -> list[Capsule]:
    """Return the wings and the back wall of one sacral segment."""
    h, d, cd = body.height, body.depth / 2, body.canal_depth
    wall = Capsule((0, d + cd + 2, 0.3 * h), (0, d + cd + 3, -0.4 * h), (6, 2.2, 0.12 * h + 2))
    if body.name not in ("S1", "S2", "S3"):
        return [wall]
    out = body.width * 0.62
    return [wall] + [
        Capsule((s * body.width * 0.42, 2, 0), (s * out, d * 0.8, -0.1 * h), (0.24 * body.width, 0.7 * d + 3, 0.55 * h))
        for s in (-1.0, 1.0)
    ]
