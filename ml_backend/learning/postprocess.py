"""From classes to this vertebra and that disc: components, the column's line, runs along it, numbers from the lowest up.

All of it happens on the work grid (slices to the left, rows to the feet, columns to the back), in mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import UnivariateSpline
from skimage.segmentation import watershed

Classes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

UPWARD = ("L5", "L4", "L3", "L2", "L1", *(f"T{n}" for n in range(12, 0, -1)), *(f"C{n}" for n in range(7, 0, -1)))
VERTEBRA, DISC, CANAL, SACRUM = 1, 2, 3, 4
CORE = 13.0  # mm from the line within which a voxel speaks for a body or a disc
ARCH_DROP = 11.0  # mm: how far a spinous process hangs below the middle of its body
SHORTEST_BODY, SHORTEST_DISC = 8.0, 1.5


@dataclass(frozen=True)
class Instance:
    """One structure: its ``spine-core`` code, its layer, its id in that layer's volume, and the class it came from."""

    id: int
    layer: str
    structure: str
    kind: int


@dataclass(frozen=True)
class Instances:
    """``labels`` per layer: uint8 [slice, row, column] of ids on the work grid; ``classes`` what the network said there, cleaned.

    ``unsure`` says why numbers are a guess.
    """

    labels: dict[str, Classes]
    classes: Classes
    table: tuple[Instance, ...]
    unsure: str


@dataclass(frozen=True)
class Run:
    """A stretch of the column between two places (mm along the line, from the lowest)."""

    start: float
    stop: float
    is_disc: bool


def clean(classes: Classes, spacing: tuple[float, float, float]) -> Classes:
    """Return classes without specks: per class, what is small against its largest part or far from the column is dropped."""
    out = classes.copy()
    voxel = float(np.prod(spacing))
    for kind, smallest in ((VERTEBRA, 150.0), (DISC, 100.0), (CANAL, 400.0), (SACRUM, 1500.0)):
        labels, count = ndimage.label(out == kind, np.ones((3, 3, 3)))
        if count:
            sizes = np.bincount(labels.ravel())
            sizes[0] = 0
            share = 0.25 if kind == SACRUM else 0.02
            out[~(sizes >= max(smallest / voxel, share * sizes.max()))[labels] & (labels > 0)] = 0
    whole, count = ndimage.label(ndimage.binary_dilation(out > 0, np.ones((3, 5, 5))))
    if count > 1:
        sizes = np.bincount(whole.ravel(), weights=(out > 0).ravel())
        sizes[0] = 0
        out[whole != sizes.argmax()] = 0
    return out


def column_line(classes: Classes, spacing: tuple[float, float, float]) -> Floats | None:
    """Return points [n, 3] (left, down, back in mm, every 0.5 mm, from the lowest up) through the bodies, or None."""
    rows = round(5 / spacing[1])
    disk = np.hypot(*np.ogrid[-rows : rows + 1, -rows : rows + 1]) <= rows
    bony = (classes == VERTEBRA) | (classes == DISC)
    core = ndimage.binary_opening(bony, disk[None])
    canal = classes == CANAL
    if canal.any():
        at = np.arange(classes.shape[2])
        seen = canal.any(axis=(0, 2))
        centre = (canal.sum(axis=0) * at).sum(axis=1) / np.maximum(canal.sum(axis=(0, 2)), 1)
        wall = np.interp(np.arange(classes.shape[1]), np.flatnonzero(seen), centre[seen])
        core &= at[None, None, :] < wall[None, :, None]
    labels, count = ndimage.label(core, np.ones((3, 3, 3)))
    if not count:
        return None
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    where = np.argwhere(sizes[labels] >= 0.15 * sizes.max()) * np.array(spacing)
    line = _fit(where, where[:, 1])
    for _ in range(3):
        if line is None or len(line) < 20:
            return None
        along, away = _project(where, line)
        near = away < 22
        line = _fit(where[near], -along[near])
    return line


def _fit(points: Floats, order: Floats) -> Floats | None:
    """Return a smooth line through the means of ``points`` in 4 mm bins of ``order``, from the greatest to the least of it."""
    bins = np.floor(order / 4).astype(int)
    bins -= bins.min()
    count = np.bincount(bins)
    good = count >= max(3, 0.15 * np.median(count[count > 0]))
    if good.sum() < 5:
        return None
    means = np.stack([np.bincount(bins, points[:, k]) / np.maximum(count, 1) for k in range(3)], axis=1)[good]
    t = -np.arange(len(count))[good][::-1] * 4.0
    means = means[::-1]
    smooth = [UnivariateSpline(t, means[:, k], k=3, s=len(t) * (16.0 if k != 1 else 1.0)) for k in range(3)]
    fine = np.arange(t[0] - 12, t[-1] + 12, 0.5)
    inner = np.clip(fine, t[0], t[-1])
    out = np.stack([f(inner) + f.derivative()(inner) * (fine - inner) for f in smooth], axis=1)
    step = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(out, axis=0), axis=1))])
    even = np.arange(0, step[-1], 0.5)
    return np.stack([np.interp(even, step, out[:, k]) for k in range(3)], axis=1)


def _project(points: Floats, line: Floats) -> tuple[Floats, Floats]:
    """Return for each point the place of the nearest point of the line (mm from its lower end) and the distance to it."""
    from scipy.spatial import cKDTree

    away, index = cKDTree(line).query(points)
    return index * 0.5, away


def runs_along(bodies: Floats, discs: Floats) -> list[Run]:
    """Return bodies and discs in turn from amounts of each per half millimetre along the line, from the lowest up.

    A body much longer than its fellows hides a disc and is cut in two, so that the count stays right.
    """
    bodies, discs = ndimage.gaussian_filter1d(bodies, 2), ndimage.gaussian_filter1d(discs, 2)
    state = np.where(np.maximum(bodies, discs) < 0.12 * np.percentile(bodies, 90), -1, (discs > bodies).astype(int))
    edges = np.flatnonzero(np.diff(state)) + 1
    raw = [Run(a * 0.5, b * 0.5, state[a] == 1) for a, b in pairwise([0, *edges, len(state)]) if state[a] >= 0]
    runs: list[Run] = []
    for run in raw:
        length = run.stop - run.start
        if length < (SHORTEST_DISC if run.is_disc else SHORTEST_BODY) and (run.is_disc or 0 < raw.index(run) < len(raw) - 1):
            continue
        if length < 4:
            continue
        if runs and runs[-1].is_disc == run.is_disc and run.start - runs[-1].stop < 4:
            runs[-1] = Run(runs[-1].start, run.stop, run.is_disc)
        else:
            runs.append(run)
    lengths = [r.stop - r.start for r in runs if not r.is_disc]
    typical = float(np.median(lengths)) if lengths else 0.0
    cut: list[Run] = []
    for run in runs:
        if not run.is_disc and len(lengths) > 2 and run.stop - run.start > 1.75 * typical:
            cut += _halves(run, discs)
        else:
            cut.append(run)
    return cut


def _halves(run: Run, discs: Floats) -> list[Run]:
    """Cut an overlong body where the discs' share peaks near its middle, or in the middle where there is no trace of one."""
    quarter = (run.stop - run.start) / 4
    low, high = round((run.start + quarter) * 2), round((run.stop - quarter) * 2)
    if discs[low:high].max() <= 0:
        middle = (run.start + run.stop) / 2
        return [Run(run.start, middle, False), Run(middle, run.stop, False)]
    middle = (low + int(discs[low:high].argmax())) / 2
    return [Run(run.start, middle - 1.5, False), Run(middle - 1.5, middle + 1.5, True), Run(middle + 1.5, run.stop, False)]


def split(classes: Classes, spacing: tuple[float, float, float]) -> Instances:
    """Return numbered instances of a class volume on the work grid. The lowest vertebra is taken for L5 and said to be unsure."""
    classes = clean(classes, spacing)
    instances, canal = np.zeros(classes.shape, np.uint8), np.zeros(classes.shape, np.uint8)
    table: list[Instance] = []
    if (classes == CANAL).any():
        canal[classes == CANAL] = 1
        table.append(Instance(1, "canal", "CANAL", CANAL))
    line = column_line(classes, spacing)
    sacrum = classes == SACRUM
    number = 0
    if line is not None:
        where = np.argwhere((classes == VERTEBRA) | (classes == DISC))
        along, away = _project(where * np.array(spacing), line)
        kinds = classes[tuple(where.T)]
        core = away < CORE
        bins = np.clip((along / 0.5).astype(int), 0, len(line) - 1)
        amounts = [np.bincount(bins[core & (kinds == k)], minlength=len(line)).astype(float) for k in (VERTEBRA, DISC)]
        runs = _above_sacrum(runs_along(*amounts), sacrum, line, spacing)
        if sacrum.any() and _is_first_sacral(runs):
            top = runs[0].stop + 2
            inside = (kinds == VERTEBRA) & (along < top) & (away < 2 * CORE)
            sacrum[tuple(where[inside].T)] = True
            where, along, away, kinds, core = (a[~inside] for a in (where, along, away, kinds, core))
            runs = runs[1:]
        bodies = [r for r in runs if not r.is_disc]
        for kind, members in ((VERTEBRA, bodies), (DISC, [r for r in runs if r.is_disc])):
            markers = np.zeros(classes.shape, np.int32)
            for index, run in enumerate(members, 1):
                margin = 0.12 * (run.stop - run.start)
                inside = core & (kinds == kind) & (along >= run.start + margin) & (along <= run.stop - margin)
                markers[tuple(where[inside].T)] = index
            if not markers.any():
                continue
            mask = (classes == kind) & ~sacrum
            parts = np.asarray(watershed(np.zeros(classes.shape, np.uint8), markers, mask=mask), np.int32)
            _adopt(parts, mask, members, line, spacing, drop=ARCH_DROP if kind == VERTEBRA else 0.0)
            for index, run in enumerate(members, 1):
                level = _level(run, bodies, index)
                if level < len(UPWARD) and (parts == index).any():
                    number += 1
                    instances[parts == index] = number
                    code = UPWARD[level] if kind == VERTEBRA else f"IVD_{UPWARD[level]}"
                    table.append(Instance(number, "instances", code, kind))
    if sacrum.any():
        number += 1
        instances[sacrum] = number
        table.append(Instance(number, "instances", "SAC", SACRUM))
    why = "The lowest vertebra is taken for L5"
    why += "; a sixth lumbar vertebra or a transitional one would shift every number." if sacrum.any() else "; the sacrum is not in view."
    return Instances({"instances": _once(instances, table), "canal": canal}, classes, tuple(_merged(table)), why)


def _above_sacrum(runs: list[Run], sacrum: Mask, line: Floats, spacing: tuple[float, float, float]) -> list[Run]:
    """Return the runs without those that lie where the sacrum does: scraps of body and disc in its wings are no levels."""
    where = np.argwhere(sacrum)
    if not len(where):
        return runs
    along, away = _project(where * np.array(spacing), line)
    inside = along[away < CORE]
    if not len(inside):
        return runs
    top = float(np.percentile(inside, 90))
    return [run for run in runs if (run.start + run.stop) / 2 > top]


def _is_first_sacral(runs: list[Run]) -> bool:
    """Return whether the lowest body, short and with no disc below it, is the top of the sacrum taken for a vertebra."""
    bodies = [r.stop - r.start for r in runs if not r.is_disc]
    return len(bodies) > 2 and not runs[0].is_disc and bodies[0] < 0.8 * float(np.median(bodies[1:]))


def _level(run: Run, bodies: list[Run], index: int) -> int:
    """Return the place from the lowest vertebra (0) of a body, or of the body above a disc."""
    if not run.is_disc:
        return index - 1
    return sum(b.stop <= (run.start + run.stop) / 2 for b in bodies)


def _merged(table: list[Instance]) -> list[Instance]:
    """Keep the first id of a structure that was found twice."""
    first: dict[str, Instance] = {}
    for entry in table:
        first.setdefault(entry.structure, entry)
    return list(first.values())


def _once(instances: Classes, table: list[Instance]) -> Classes:
    change = np.arange(256, dtype=np.uint8)
    kept = {entry.structure: entry.id for entry in _merged(table)}
    for entry in table:
        if entry.layer == "instances":
            change[entry.id] = kept[entry.structure]
    return change[instances]


def _adopt(
    parts: NDArray[np.int32], mask: Mask, members: list[Run], line: Floats, spacing: tuple[float, float, float], drop: float
) -> None:
    """Give each piece of ``mask`` that no marker reached to the run at its height; an arch hangs ``drop`` mm below its body."""
    pieces, _ = ndimage.label(mask & (parts == 0), np.ones((3, 3, 3)))
    middles = np.array([(r.start + r.stop) / 2 for r in members])
    for piece, box in enumerate(ndimage.find_objects(pieces), 1):
        inside = pieces[box] == piece
        where = np.argwhere(inside) + [b.start for b in box]
        along, _ = _project(where * np.array(spacing), line)
        height = np.full(len(along), along.mean()) if np.ptp(along) < 38 else along
        nearest = np.abs(height[:, None] + drop - middles[None]).argmin(axis=1)
        close = np.abs(height + drop - middles[nearest]) < 30
        parts[tuple(where.T)] = np.where(close, nearest + 1, 0)


def nearest_everywhere(labels: Classes, spacing: tuple[float, float, float], reach: float = 6.0) -> Classes:
    """Return the labels grown by ``reach`` mm, so that finer voxels at a border find whose they are."""
    away, index = ndimage.distance_transform_edt(labels == 0, sampling=spacing, return_indices=True)
    return np.where(away < reach, labels[tuple(index)], 0).astype(np.uint8)
