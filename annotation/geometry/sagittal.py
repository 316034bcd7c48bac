"""Sagittal balance from landmarks on a lateral image.

Definitions: Legaye et al. 1998 (pelvic incidence), Duval-Beaupère et al. 1992; Jackson and McManus 1994 (sagittal vertical
axis); Protopsaltis et al. 2014 (T1 pelvic angle). Plane coordinates (forward, up); angles in degrees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from annotation.geometry.lines import Point, angle_at, inclination, middle, wrapped

TOLERANCE = 0.1
"""PI = PT + SS holds within this many degrees before rounding; more says that the points are degenerate."""


@dataclass(frozen=True)
class Pelvis:
    """Degrees. ``incidence`` is measured by itself, so that incidence = tilt + slope is a check and not a definition."""

    incidence: float
    tilt: float
    slope: float

    @property
    def is_consistent(self) -> bool:
        return abs(self.incidence - self.tilt - self.slope) <= TOLERANCE


def pelvis(*, s1_posterior: Point, s1_anterior: Point, hip_one: Point, hip_two: Point) -> Pelvis:
    """Return pelvic incidence, pelvic tilt and sacral slope from the S1 endplate and the centres of the femoral heads.

    Slope is positive when the plate falls to the front, tilt when the plate's middle lies behind the hip axis. Raises
    ``ValueError`` when the plate, or the line from it to the hip axis, has no length.
    """
    centre, hip = middle(s1_posterior, s1_anterior), middle(hip_one, hip_two)
    if s1_posterior == s1_anterior or centre == hip:
        raise ValueError("The S1 endplate and the line to the hip axis need a length.")
    slope = -inclination(s1_posterior, s1_anterior)
    tilt = math.degrees(math.atan2(hip[0] - centre[0], centre[1] - hip[1]))
    down = (s1_anterior[1] - s1_posterior[1], s1_posterior[0] - s1_anterior[0])
    to_hip = (hip[0] - centre[0], hip[1] - centre[1])
    incidence = math.degrees(math.atan2(down[0] * to_hip[1] - down[1] * to_hip[0], down[0] * to_hip[0] + down[1] * to_hip[1]))
    return Pelvis(incidence, tilt, slope)


def lordosis(*, l1: tuple[Point, Point], s1: tuple[Point, Point]) -> float:
    """Return lumbar lordosis between the upper endplates of L1 and S1, each (posterior, anterior); positive when lordotic."""
    return wrapped(inclination(*l1) - inclination(*s1))


def kyphosis(*, upper: tuple[Point, Point], lower: tuple[Point, Point]) -> float:
    """Return thoracic kyphosis between an upper endplate (T4 or T2) and the lower endplate of T12; positive when kyphotic."""
    return wrapped(inclination(*lower) - inclination(*upper))


def vertical_axis(*, c7: Point, s1_posterior: Point) -> float:
    """Return the sagittal vertical axis: how far the plumb line of C7's centre falls in front of the S1 corner."""
    return c7[0] - s1_posterior[0]


def t1_pelvic_angle(*, t1: Point, s1_posterior: Point, s1_anterior: Point, hip_one: Point, hip_two: Point) -> float:
    """Return the angle at the hip axis between T1's centre and the middle of the S1 endplate."""
    return angle_at(t1, middle(hip_one, hip_two), middle(s1_posterior, s1_anterior))
