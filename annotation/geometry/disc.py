"""What T2-weighted images show of a disc: how bright its middle is beside the fluid in the canal, and how high it stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Affine = NDArray[np.float64]
MIDDLE_MM = 8.0
"""How far to either side of its middle a disc is looked at."""
NEAR_MM = 30.0
"""How far up and down the canal the fluid is looked for: coils shade an image from end to end."""


class NotSeen(ValueError):
    """These images do not show what a grade of the disc is read from; the message says what is missing."""


@dataclass(frozen=True)
class DiscLook:
    """``signal`` of the nucleus and ``rim`` of the front and back of the disc over that of the fluid, ``height`` in mm."""

    signal: float
    rim: float
    height: float

    @property
    def distinction(self) -> float:
        """How many times brighter the nucleus is than the rim: 1 where the two cannot be told apart."""
        return self.signal / max(self.rim, 0.01)


def disc_look(image: NDArray[np.floating[Any]], disc: Mask, bone: Mask, canal: Mask, affine: Affine) -> DiscLook:
    """Return how a disc looks on a T2-weighted volume.

    All arrays are [slice, row, column] on one grid, ``affine`` 4 × 4 → mm LPS; ``bone`` are vertebral bodies. The fluid is the
    tenth brightest percent of the canal near the disc. Raises :class:`NotSeen` where the canal shows no bright fluid (not T2-weighted, or a canal
    without any), or too little of the disc is there.
    """
    where = np.argwhere(disc)
    if len(where) < 40:
        raise NotSeen("too little of the disc is drawn")
    points = where @ affine[:3, :3].T + affine[:3, 3]
    centre = points.mean(axis=0)
    thick = max(MIDDLE_MM, 0.51 * float(np.abs(affine[0, :3]).max()))
    fluid, marrow = _near(image, canal, affine, centre, thick), _near(image, bone, affine, centre, 2 * thick)
    if len(fluid) < 30 or len(marrow) < 100:
        raise NotSeen("no canal or bone is drawn beside the disc")
    bright, bony = float(np.percentile(fluid, 90)), float(np.median(marrow))
    if bright < 1.4 * bony:
        raise NotSeen("the fluid in the canal is not bright beside the marrow: the images are not T2-weighted, or show none")
    inside = np.abs(points[:, 0] - centre[0]) <= thick
    values = image[tuple(where[inside].T)]
    flat = _upright(points[inside])
    place = _share(flat[:, 0])
    level, height = _level(place, flat[:, 1], 0.7 * float(np.abs(affine[2, :3]).max()))
    nucleus = values[(np.abs(place - 0.48) <= 0.2) & (np.abs(level) <= 0.6)]
    rim = values[((place < 0.12) | (place > 0.88)) & (np.abs(level) <= 0.6)]
    if len(nucleus) < 12 or len(rim) < 4:
        raise NotSeen("the disc is too thin on these images")
    return DiscLook(float(np.mean(nucleus)) / bright, float(np.median(rim)) / bright, height)


def _upright(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points (forward, up) of the sagittal plane, turned so that the disc lies flat."""
    flat = np.stack([-points[:, 1], points[:, 2]], axis=1)
    flat = flat - flat.mean(axis=0)
    along = np.linalg.eigh(flat.T @ flat)[1][:, -1]
    along = along if along[0] >= 0 else -along
    return flat @ np.array([[along[0], -along[1]], [along[1], along[0]]])


def _share(forward: NDArray[np.float64]) -> NDArray[np.float64]:
    back, front = np.percentile(forward, (4, 96))
    return np.asarray((forward - back) / max(front - back, 1e-6))


def _near(
    image: NDArray[np.floating[Any]], mask: Mask, affine: Affine, centre: NDArray[np.float64], aside: float
) -> NDArray[np.floating[Any]]:
    """Return the values of a mask's voxels no further than this to the sides of a point and :data:`NEAR_MM` up and down."""
    where = np.argwhere(mask)
    away = np.abs(where @ affine[:3, :3].T + affine[:3, 3] - centre)
    return image[tuple(where[(away[:, 0] <= aside) & (away[:, 2] <= NEAR_MM)].T)]


def _level(place: NDArray[np.float64], up: NDArray[np.float64], rise: float) -> tuple[NDArray[np.float64], float]:
    """Return where each point lies between the lower (-1) and the upper rim (1) of the disc at its place from back to front, and the disc's
    height: the middle one of those of its inner half. ``rise`` is what the voxels themselves add."""
    column = np.clip((place * 12).astype(int), -1, 12) + 1
    level, heights = np.zeros_like(up), []
    for index in np.unique(column):
        here = column == index
        low, high = np.percentile(up[here], (3, 97))
        level[here] = 2 * (up[here] - low) / (high - low) - 1 if high > low else 0.0
        if 4 <= index <= 10:
            heights.append(high - low + rise)
    return level, float(np.median(heights)) if heights else 0.0
