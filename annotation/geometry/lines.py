"""Points, lines and angles in one plane of the patient. Plane coordinates are (forward, up) in mm, or in pixels without calibration."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Point = tuple[float, float]


def to_plane(point: Sequence[float], frame: Mapping[str, Any], plane: str) -> Point:
    """Return a point in plane coordinates.

    ``frame["kind"]`` ``patient``: (x, y, z) mm LPS; in the plane ``sagittal`` forward is to the front (-y), in ``coronal`` to
    the patient's left (+x), and up is to the head. ``image``: (column, row) pixels of a projection; ``frame["spacing"]`` is (between rows,
    between columns) in mm or None, and ``frame["forward"]`` says which way on the image is front or left: 1 for growing
    columns (the default), -1 for falling.
    """
    if frame["kind"] == "patient":
        x, y, z = (float(value) for value in point)
        return (-y, z) if plane == "sagittal" else (x, z)
    column, row = float(point[0]), float(point[1])
    rows, columns = frame.get("spacing") or (1.0, 1.0)
    return (column * columns * frame.get("forward", 1), -row * rows)


def tilt(first: Point, second: Point) -> float:
    """Return the angle of a line above the horizontal in degrees, -90 to 90, whichever end comes first."""
    (a, b), (c, d) = sorted((first, second))
    return math.degrees(math.atan2(d - b, c - a))


def inclination(posterior: Point, anterior: Point) -> float:
    """Return the angle of an endplate above the horizontal, from its posterior to its anterior end, in degrees."""
    return math.degrees(math.atan2(anterior[1] - posterior[1], anterior[0] - posterior[0]))


def distance(first: Sequence[float], second: Sequence[float]) -> float:
    return math.dist(first, second)


def middle(first: Point, second: Point) -> Point:
    return ((first[0] + second[0]) / 2, (first[1] + second[1]) / 2)


def angle_at(first: Point, vertex: Point, second: Point) -> float:
    """Return the angle between two arms at a vertex in degrees, 0 to 180. Raises ``ValueError`` when an arm has no length."""
    if first == vertex or second == vertex:
        raise ValueError("An arm of the angle has no length.")
    one = math.atan2(first[1] - vertex[1], first[0] - vertex[0])
    two = math.atan2(second[1] - vertex[1], second[0] - vertex[0])
    return abs(wrapped(math.degrees(two - one)))


def wrapped(degrees: float) -> float:
    """Return an angle between -180 (not reached) and 180."""
    return 180.0 - (180.0 - degrees) % 360.0


def area(points: Sequence[Point]) -> float:
    """Return the area of a polygon (shoelace formula), in squared units of its points."""
    total = 0.0
    for (a, b), (c, d) in zip(points, [*points[1:], points[0]], strict=True):
        total += a * d - c * b
    return abs(total) / 2


def area_in_space(points: Sequence[Sequence[float]]) -> float:
    """Return the area of a flat polygon in space (half the length of the summed cross products), in squared units of its points."""
    total = [0.0, 0.0, 0.0]
    for (ax, ay, az), (bx, by, bz) in zip(points, [*points[1:], points[0]], strict=True):
        total[0] += ay * bz - az * by
        total[1] += az * bx - ax * bz
        total[2] += ax * by - ay * bx
    return math.hypot(*total) / 2


def angle_in_space(first: Sequence[float], vertex: Sequence[float], second: Sequence[float]) -> float:
    """Return the angle at a vertex in space in degrees, 0 to 180. Raises ``ValueError`` when an arm has no length."""
    one = [a - b for a, b in zip(first, vertex, strict=True)]
    two = [a - b for a, b in zip(second, vertex, strict=True)]
    size = math.hypot(*one) * math.hypot(*two)
    if not size:
        raise ValueError("An arm of the angle has no length.")
    return math.degrees(math.acos(max(-1.0, min(1.0, sum(a * b for a, b in zip(one, two, strict=True)) / size))))


def circle_through(a: Point, b: Point, c: Point) -> tuple[Point, float]:
    """Return the middle and the radius of the circle through three points. Raises ``ValueError`` when they lie on a line."""
    bx, by, cx, cy = b[0] - a[0], b[1] - a[1], c[0] - a[0], c[1] - a[1]
    twice = 2 * (bx * cy - by * cx)
    if abs(twice) <= 1e-9 * max(bx * bx + by * by, cx * cx + cy * cy):
        raise ValueError("Three points on a line lie on no circle.")
    x = (cy * (bx * bx + by * by) - by * (cx * cx + cy * cy)) / twice
    y = (bx * (cx * cx + cy * cy) - cx * (bx * bx + by * by)) / twice
    return (a[0] + x, a[1] + y), math.hypot(x, y)
