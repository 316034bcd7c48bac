"""Readings of one case held against each other: masks, levels and grades. Pure.

Dice: Dice 1945, Ecology 26(3):297. Surface distances are between voxel surfaces in mm, both ways; the worst is the Hausdorff
distance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
DICE = 0.9
"""Outlines that agree less are a disagreement."""
DISTANCE_MM = 3.0
"""Outlines that lie further apart somewhere are one too, if the grid can tell: at least two of its steps."""


def mask_agreement(a: Mask, b: Mask, spacing: Sequence[float]) -> dict[str, Any]:
    """Return {"dice", "worst_mm", "mean_mm", "place": [slice, row, column] where they lie furthest apart, "ml": [of a, of b]}.

    ``a`` and ``b`` are bool [slice, row, column] of one shape, ``spacing`` mm in that order. Where one of them is empty the
    distances are None and the place is the middle of the other.
    """
    volume = float(np.prod(spacing)) / 1000
    sizes = [int(a.sum()), int(b.sum())]
    both = int((a & b).sum())
    found: dict[str, Any] = {
        "dice": round(2 * both / sum(sizes), 4) if sum(sizes) else 1.0,
        "ml": [round(size * volume, 3) for size in sizes],
        "worst_mm": None,
        "mean_mm": None,
        "place": None,
    }
    if not all(sizes):
        where = np.argwhere(a | b)
        found["place"] = [int(value) for value in np.round(where.mean(axis=0))] if len(where) else None
        return found
    low, high = _box(a | b)
    cut = tuple(slice(start, end) for start, end in zip(low, high, strict=True))
    surfaces = [_surface(mask[cut]) for mask in (a, b)]
    away = [ndimage.distance_transform_edt(~surface, sampling=spacing) for surface in surfaces]
    distances = np.where(surfaces[0], away[1], 0.0) + np.where(surfaces[1] & ~surfaces[0], away[0], 0.0)
    worst = np.unravel_index(int(np.argmax(distances)), distances.shape)
    together = np.concatenate([away[1][surfaces[0]], away[0][surfaces[1]]])
    found["worst_mm"], found["mean_mm"] = round(float(distances[worst]), 2), round(float(together.mean()), 3)
    found["place"] = [int(index + start) for index, start in zip(worst, low, strict=True)]
    return found


def _box(mask: Mask) -> tuple[list[int], list[int]]:
    """Return the first and one past the last index of a mask along each axis, with one voxel to spare."""
    low, high = [], []
    for axis in range(3):
        there = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        low.append(max(0, int(there[0]) - 1))
        high.append(min(mask.shape[axis], int(there[-1]) + 2))
    return low, high


def _surface(mask: Mask) -> Mask:
    """Return the voxels of a mask that touch its outside within their slice, or above and below where it has neighbours there."""
    inside = ndimage.binary_erosion(mask, structure=ndimage.generate_binary_structure(3, 1), border_value=1)
    return mask & ~inside


def pairs_of(a: NDArray[np.uint8], b: NDArray[np.uint8], least: float = 0.3) -> dict[int, int]:
    """Return which segment of ``a`` is which of ``b``, by overlap: best intersection over union first, each used once.

    Label volumes [slice, row, column] of one shape; 0 is nothing. Pairs below ``least`` are none.
    """
    joint = np.bincount(a.ravel().astype(np.int64) * 256 + b.ravel(), minlength=65536).reshape(256, 256)
    size_a, size_b = joint.sum(axis=1), joint.sum(axis=0)
    union = size_a[:, None] + size_b[None, :] - joint
    share = np.divide(joint, union, out=np.zeros(joint.shape), where=union > 0)
    share[0, :] = share[:, 0] = 0
    pairs: dict[int, int] = {}
    while share.max() >= least:
        first, second = (int(index) for index in np.unravel_index(int(np.argmax(share)), share.shape))
        pairs[first] = second
        share[first, :] = share[:, second] = 0
    return pairs


def is_apart(found: Mapping[str, Any], spacing: Sequence[float]) -> bool:
    """Return whether two outlines disagree: by their overlap, or by more somewhere than the grid's own step allows."""
    if found["worst_mm"] is None:
        return bool(any(found["ml"]))
    in_plane = sorted(spacing)[1]
    return bool(found["dice"] < DICE or found["worst_mm"] > max(DISTANCE_MM, 2 * in_plane))


def level_differences(names: Mapping[str, Sequence[str | None]]) -> list[str]:
    """Return the bodies (ids of the first reading) that the readings call differently; ``names`` is {body: name in each}, None where one
    has not drawn it, which is no other name."""
    return [body for body, called in names.items() if len({name for name in called if name is not None}) > 1]


def held_by_most(answers: Sequence[Any]) -> str | None:
    """Return the first side (a, b, c) whose answer more than half of them give, None where no answer is."""
    for side, answer in zip("abc", answers, strict=False):
        if 2 * sum(other == answer for other in answers) > len(answers):
            return side
    return None


def grade_differences(
    readings: Sequence[Mapping[str, Mapping[str, Any]]], sites: Sequence[Mapping[str, str]], forms: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return [{"form", "site", "a", "b", "c" of three, "steps"}] for cells whose confirmed answers differ; None for a cell that one left empty.

    ``sites`` maps, for each reading, its body ids to those of the first; a body that the first has not keeps its own id. ``steps`` is how
    far apart the answers are on an ordinal form, 1 where that cannot be said.
    """
    moved = [
        {code: {_moved(site, table): cell for site, cell in cells.items()} for code, cells in grades.items()}
        for grades, table in zip(readings, sites, strict=True)
    ]
    found = []
    for code in sorted({code for grades in moved for code in grades}):
        for site in sorted({site for grades in moved for site in grades.get(code, {})}):
            answers = [_answer(grades.get(code, {}).get(site)) for grades in moved]
            if len(set(answers)) > 1:
                found.append(
                    {"form": code, "site": site, **dict(zip("abc", answers, strict=False)), "steps": _steps(forms.get(code, {}), answers)}
                )
    return sorted(found, key=lambda cell: -cell["steps"])


def _moved(site: str, sites: Mapping[str, str]) -> str:
    body, slash, part = site.partition("/")
    return f"{sites.get(body, body)}{slash}{part}"


def _answer(cell: Mapping[str, Any] | None) -> str | None:
    return str(cell["value"]) if cell and cell.get("status") == "confirmed" else None


def _steps(form: Mapping[str, Any], answers: Sequence[str | None]) -> int:
    order = [entry["value"] for entry in form.get("values", [])] if form.get("ordinal") else []
    places = [order.index(answer) for answer in answers if answer in order]
    return max(1, max(places) - min(places)) if len(places) > 1 else 1
