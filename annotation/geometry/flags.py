"""Rules that a proposed mask breaks, in words for whoever looks at it: the reasons beside a model's own doubt. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

ISLAND = 0.02
"""A second part with less than this share of the structure is a crumb, not an island."""
ODD = 2.5
"""A volume this many robust standard deviations off what its neighbours suggest is odd."""
EVEN = 0.08
"""Neighbouring levels differ by about this much in the logarithm of their volume where all is well."""


def island_flags(mask: NDArray[np.uint8], spacing: Sequence[float]) -> dict[int, str]:
    """Return {id: words} for segments in several parts. ``mask`` is [slice, row, column]; parts may touch at corners."""
    found = {}
    voxel = float(np.prod(spacing))
    for number, box in enumerate(ndimage.find_objects(mask), start=1):
        if box is None:
            continue
        parts, count = ndimage.label(mask[box] == number, structure=np.ones((3, 3, 3)))
        sizes = np.sort(np.bincount(parts.ravel())[1:])[::-1]
        large = sizes[sizes >= ISLAND * sizes.sum()]
        if count > 1 and len(large) > 1:
            words = "two islands" if len(large) == 2 else f"{len(large)} islands"
            found[number] = f"{words}, the smallest {large[-1] * voxel:.0f} mm³"
    return found


def border_flags(mask: NDArray[np.uint8]) -> dict[int, str]:
    """Return {id: words} for segments that are cut by the edge of their images. The first and the last slice are no edge."""
    edge = np.concatenate([mask[:, 0].ravel(), mask[:, -1].ravel(), mask[:, :, 0].ravel(), mask[:, :, -1].ravel()])
    return {int(number): "touches the image border" for number in np.unique(edge) if number}


def volume_flags(volumes: Sequence[tuple[int, float]], skip: set[int] | None = None) -> dict[int, str]:
    """Return {id: words} for structures whose volume stands out from their neighbours.

    ``volumes`` are (id, mm³) along the spine, of one kind. Each is held against the median of its next two neighbours' logarithms on
    either side; the spread is
    the median deviation × 1.4826 over the chain, never under :data:`EVEN`. ``skip`` are cut by the border and say nothing of size.
    """
    listed = [(number, np.log(volume)) for number, volume in volumes if volume > 0 and number not in (skip or set())]
    if len(listed) < 4:
        return {}
    logs = np.array([value for _, value in listed])
    around = ([other for other in range(index - 2, index + 3) if other != index and 0 <= other < len(logs)] for index in range(len(logs)))
    expected = np.array([np.median(logs[others]) for others in around])
    away = logs - expected
    spread = max(EVEN, 1.4826 * float(np.median(np.abs(away - np.median(away)))))
    scores = away / spread
    peak = np.array([abs(scores[index]) >= max(abs(scores[max(0, index - 1) : index + 2])) for index in range(len(scores))])
    return {
        number: f"volume {abs(score):.1f} SD {'above' if score > 0 else 'below'} its neighbours"
        for (number, _), score, highest in zip(listed, scores, peak, strict=True)
        if abs(score) >= ODD and highest
    }


def order_flags(chain: Sequence[tuple[int, str]], heights: Mapping[int, float]) -> dict[int, str]:
    """Return {id: words} for bodies that stand on the wrong side of the next. ``chain`` is (id, name) as the names go from head to feet,
    ``heights`` the mm towards the head of each body's centre."""
    found = {}
    for (upper, upper_name), (lower, lower_name) in pairwise([entry for entry in chain if entry[0] in heights]):
        if heights[upper] <= heights[lower]:
            found[upper] = f"lies below {lower_name}"
            found[lower] = f"lies above {upper_name}"
    return found
