"""What masks say of a spine's endplates, and the measurements that follow: proposals that a reader confirms or moves.

Points are mm LPS. A plate of the sagittal plane is (posterior, anterior), of the coronal plane (right, left).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from annotation.geometry.cobb import Body, curve_name, curves
from annotation.geometry.endplate import NoBody, Plates, disc_plates, endplates
from annotation.geometry.lines import Point
from annotation.geometry.slip import slip

Labels = NDArray[np.uint8]
Affine = NDArray[np.float64]
Place = list[float]
_ARCH, _RIM = 7.0, 2.5
"""mm: half of what an arch or a process is thick at most, and how far the rim of a body stands out over its rounded core."""

_SLIP_SEEN = 12.0
"""Percent of slip from which masks propose one: corners fitted to a mask are 2 to 3 mm uncertain, about 7 percent of a plate."""


@dataclass(frozen=True)
class BodyPlates:
    """One body's plates: in the sagittal plane through its middle, and in the coronal one (None where the mask is too thin)."""

    id: str
    name: str | None
    centre: tuple[float, float, float]
    sagittal: Plates
    coronal: Plates | None

    def side(self, point: Point) -> Place:
        """Return a point (forward, up) of the sagittal plane through the body's middle, in mm LPS."""
        return [round(self.centre[0], 2), round(-point[0], 2), round(point[1], 2)]

    def front(self, point: Point) -> Place:
        """Return a point (to the left, up) of the coronal plane through the body's middle, in mm LPS."""
        return [round(point[0], 2), round(self.centre[1], 2), round(point[1], 2)]


def body_plates(labels: Labels, affine: Affine, bodies: Sequence[Mapping[str, Any]]) -> list[BodyPlates]:
    """Return the plates of the ladder's bodies that the mask shows, from the head down.

    ``labels`` uint8 [slice, row, column] of segment ids, ``affine`` 4 × 4 [slice, row, column, 1] → mm LPS. Only the body counts:
    in the coronal plane arch and processes, whose shadow falls on it, are left out by where the sagittal plates end. The lowest
    disc stands for the upper plate of the sacrum below it: that body comes back with the disc's lower plate as both of its own.
    """
    found = []
    for above, body in zip([None, *bodies], bodies, strict=False):
        plates = _sacral(labels, affine, above, body) if body["name"] == "SAC" else _vertebral(labels, affine, body)
        if plates:
            found.append(plates)
    return found


def solid_body(mask: NDArray[np.bool_], affine: Affine) -> NDArray[np.bool_]:
    """Return the part of a vertebra that is body: what stays round its thickest part when everything thinner than an arch is gone.

    ``mask`` bool [slice, row, column], ``affine`` 4 × 4 → mm LPS. All False when nothing is thicker than an arch.
    """
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    padded = np.pad(mask, 1)
    depth = ndimage.distance_transform_edt(padded, sampling=spacing)
    parts, count = ndimage.label(depth > _ARCH)
    if not count:
        return np.zeros_like(mask)
    core = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    near = ndimage.distance_transform_edt(~core, sampling=spacing) <= _ARCH + _RIM
    return np.asarray((near & padded)[1:-1, 1:-1, 1:-1])


def _vertebral(labels: Labels, affine: Affine, body: Mapping[str, Any]) -> BodyPlates | None:
    boxes = ndimage.find_objects((labels == body["segment"]).astype(np.uint8)) if body["segment"] else []
    if not boxes or boxes[0] is None:
        return None
    box = boxes[0]
    here = affine.copy()
    here[:3, 3] = affine[:3, :3] @ np.array([side.start for side in box]) + affine[:3, 3]
    solid = solid_body(labels[box] == body["segment"], here)
    try:
        sagittal = endplates(solid, here)
    except NoBody:
        return None
    try:
        coronal: Plates | None = endplates(solid, here, plane="coronal")
    except NoBody:
        coronal = None
    middle = _middle(solid, here)
    return BodyPlates(str(body["id"]), body["name"], middle, sagittal, coronal)


def _middle(mask: NDArray[np.bool_], affine: Affine) -> tuple[float, float, float]:
    x, y, z = affine[:3, :3] @ np.argwhere(mask).mean(axis=0) + affine[:3, 3]
    return float(x), float(y), float(z)


def _sacral(labels: Labels, affine: Affine, above: Mapping[str, Any] | None, body: Mapping[str, Any]) -> BodyPlates | None:
    """Return the sacrum's upper plate as the lower rim of the disc above it."""
    if above is None or not above["disc"] or not (labels == above["disc"]).any():
        return None
    try:
        disc = disc_plates(labels == above["disc"], affine)
    except NoBody:
        return None
    return BodyPlates(str(body["id"]), "SAC", _middle(labels == above["disc"], affine), Plates(disc.lower, disc.lower), None)


def measurements_propose(bodies: Sequence[BodyPlates]) -> list[dict[str, Any]]:
    """Return what the plates come to as measurement items without an id: Cobb curves from 10 degrees, slips that stand out,
    lordosis L1 to S1 and kyphosis T4 to T12 where those levels are there. All are proposals; nothing is written."""
    return [*_cobb(bodies), *_slips(bodies), *_sagittal(bodies)]


def _item(definition: str, points: dict[str, Place], bodies: list[str], **more: Any) -> dict[str, Any]:
    patient = {"frame": {"kind": "patient"}, "calibration": {"source": "geometry"}}
    return {"definition": definition, **patient, "points": points, "bodies": bodies, "status": "proposed", **more}


def _cobb(bodies: Sequence[BodyPlates]) -> list[dict[str, Any]]:
    seen = {body.id: (body, body.coronal) for body in bodies if body.coronal}
    flat = [Body(body_id, plates.upper, plates.lower) for body_id, (_, plates) in seen.items()]
    found = []
    for curve in curves(flat):
        (upper, above), (lower, below) = seen[curve.upper], seen[curve.lower]
        points = {f"upper_{n}": upper.front(end) for n, end in enumerate(above.upper, 1)}
        points |= {f"lower_{n}": lower.front(end) for n, end in enumerate(below.lower, 1)}
        found.append(_item("cobb", points, [upper.id, lower.id], curve=curve_name(seen[curve.apex][0].name)))
    return found


def _slips(bodies: Sequence[BodyPlates]) -> list[dict[str, Any]]:
    """Return slips between vertebrae. On the sacrum none is proposed: a disc's rim says how its plate is tilted, not where it ends."""
    found = []
    for upper, lower in pairwise(body for body in bodies if body.name != "SAC"):
        corner, plate = upper.sagittal.lower[0], lower.sagittal.upper
        if abs(slip(upper_posterior=corner, lower_posterior=plate[0], lower_anterior=plate[1]).percent) > _SLIP_SEEN:
            points = {
                "upper_posterior": upper.side(corner),
                "lower_posterior": lower.side(plate[0]),
                "lower_anterior": lower.side(plate[1]),
            }
            found.append(_item("listhesis", points, [upper.id, lower.id]))
    return found


def _sagittal(bodies: Sequence[BodyPlates]) -> list[dict[str, Any]]:
    named = {body.name: body for body in bodies}
    found = []
    for first, last, side in (("L1", "SAC", "upper"), ("T4", "T12", "lower")):
        upper, lower = named.get(first), named.get(last)
        if upper is None or lower is None:
            continue
        plate = getattr(lower.sagittal, side)
        points = {"upper_posterior": upper.side(upper.sagittal.upper[0]), "upper_anterior": upper.side(upper.sagittal.upper[1])}
        points |= {"lower_posterior": lower.side(plate[0]), "lower_anterior": lower.side(plate[1])}
        found.append(_item("sagittal_angle", points, [upper.id, lower.id]))
    return found
