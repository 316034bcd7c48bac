"""Heights of vertebral bodies from masks, as semiquantitative fracture grading reads them. Pure.

Heights are taken in a slab about the middle of the body, upright along its own endplates, at its front, middle and back (Genant et al.
1993, J Bone Miner Res 8(9):1137 looks at the same three).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.geometry.endplate import NoBody, endplates

SLAB_MM = 12.0
"""How thick the slab about the middle is, at least one slice."""
OPEN_BELOW = 0.85
"""A body whose ratio is lower is looked at by itself."""


@dataclass(frozen=True)
class Heights:
    """Millimetres at the front, the middle and the back of a body."""

    front: float
    middle: float
    back: float

    @property
    def ratio(self) -> float:
        """The lowest height over the highest, 1 for a body that is square."""
        return min(asdict(self).values()) / max(asdict(self).values())


def body_heights(mask: NDArray[np.bool_], affine: NDArray[np.float64]) -> Heights:
    """Return the heights of one vertebra.

    ``mask`` is bool [slice, row, column], ``affine`` 4 × 4 [slice, row, column, 1] → mm LPS. Raises
    :class:`annotation.geometry.endplate.NoBody` where too little of a body is there.
    """
    where = np.argwhere(mask)
    if len(where) < 30:
        raise NoBody(f"{len(where)} voxels are too few for a body.")
    points = where @ affine[:3, :3].T + affine[:3, 3]
    thick = max(SLAB_MM, 1.01 * float(np.abs(affine[0, :3]).max()))
    slab = np.zeros_like(mask)
    near = np.abs(points[:, 0] - np.median(points[:, 0])) <= thick / 2
    slab[tuple(where[near].T)] = True
    plates = endplates(slab, affine)
    flat = np.stack([-points[near, 1], points[near, 2]], axis=1)
    (x0, y0), (x1, y1) = np.mean([plates.upper, plates.lower], axis=0)
    angle = float(np.arctan2(y1 - y0, x1 - x0))
    centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    upright = (flat - centre) @ turn
    half = float(np.hypot(x1 - x0, y1 - y0)) / 2
    rise = float(np.abs(affine[2, :3]).max())
    return Heights(*(_height(upright, half * place, 0.15 * half, rise) for place in (0.75, 0.0, -0.75)))


def _height(points: NDArray[np.float64], at: float, wide: float, rise: float) -> float:
    column = points[np.abs(points[:, 0] - at) <= max(wide, rise)][:, 1]
    if len(column) < 3:
        raise NoBody("The body is too narrow on this plane.")
    bottom, top = np.percentile(column, (3, 97))
    return float(top - bottom + rise)


def reductions(bodies: Sequence[Heights | None]) -> list[float | None]:
    """Return for each body from the skull down how high it stands, 1 for normal: its own ratio, or its highest height over the
    middle of its two neighbours on either side, whichever is lower: so a body that is crushed evenly is found too."""
    highest = [max(heights.front, heights.middle, heights.back) if heights else None for heights in bodies]
    found: list[float | None] = []
    for index, heights in enumerate(bodies):
        if heights is None:
            found.append(None)
            continue
        around = [value for other, value in enumerate(highest) if value and other != index and abs(other - index) <= 2]
        evenly = (highest[index] or 0.0) / float(np.median(around)) if len(around) >= 2 else 1.0
        found.append(round(min(heights.ratio, evenly, 1.0), 3))
    return found
