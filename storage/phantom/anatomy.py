"""A synthetic person rendered on any grid: tissue, and the true masks in ``spine-core`` values per layer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from storage.phantom.bones import Capsule, arch, atlas, body_distance, dens, disc_distance, sacral_wings
from storage.phantom.canal import paint_canal
from storage.phantom.grid import Box, Grid, Texture
from storage.phantom.levels import CAGE, IMPLANT, SACRUM, SCREW, disc_value, region_of
from storage.phantom.soft import soft_tissue
from storage.phantom.spine import Body, Spine, SpineSpec, spine_build
from storage.phantom.tissue import Tissue

Volume = NDArray[np.uint8]


@dataclass(frozen=True)
class Anatomy:
    """One person on one grid; every array is uint8 [slice, row, column].

    ``tissue`` holds :class:`Tissue`; ``instances`` vertebrae, sacrum and discs, ``canal`` canal and cord, ``implants`` metal,
    each in ``spine-core`` values, one volume per layer of the schema.
    """

    tissue: Volume
    instances: Volume
    canal: Volume
    implants: Volume
    degeneration: dict[int, float]

    @property
    def layers(self) -> dict[str, Volume]:
        return {"instances": self.instances, "canal": self.canal, "implants": self.implants}


@dataclass
class _Canvas:
    grid: Grid
    tissue: Volume
    instances: Volume
    canal: Volume
    implants: Volume

    def bone(self, box: Box, distance: NDArray[np.float32], value: int, marrow: Tissue, rind: float) -> None:
        """Paint a bone: marrow inside, a rind of cortex across its border; the mask ends at distance 0."""
        tissue, instances = self.tissue[box], self.instances[box]
        tissue[distance < rind * 0.4] = Tissue.CORTEX
        tissue[distance < -rind * 0.6] = marrow
        instances[distance < 0] = value


def anatomy_render(
    spec: SpineSpec, affine: ArrayLike, shape: tuple[int, int, int], *, spine: Spine | None = None, soft_every: int = 1
) -> Anatomy:
    """Render ``spec`` on the grid whose ``affine`` (4x4) takes [slice, row, column, 1] to LPS mm.

    ``soft_every`` paints soft tissue once per so many slices, which the sub-slices of one thick slice may share. The middle of S1's upper plate is the world's origin; put the grid round what should be seen.
    """
    spine = spine or spine_build(spec)
    grid = Grid(np.asarray(affine, np.float64), shape)
    canvas = _Canvas(grid, *(np.zeros(shape, np.uint8) for _ in range(4)))
    _in_slabs(canvas, spine, soft_every)
    paint_canal(canvas.tissue, canvas.canal, grid, spine)
    rng = np.random.default_rng([spec.seed, 3])
    rough = Texture.draw(rng, 4.0)
    _paint_discs(canvas, spine, rng)
    for body in spine.sacrum:
        _paint_body(canvas, body, rough, Tissue.SACRAL_MARROW)
    _paint_sacral_remnants(canvas, spine)
    for body in spine.vertebrae:
        _paint_body(canvas, body, rough, Tissue.MARROW)
    _paint_implants(canvas, spine)
    canvas.canal[(canvas.instances > 0) | (canvas.implants > 0)] = 0
    return Anatomy(canvas.tissue, canvas.instances, canvas.canal, canvas.implants, {b.value: b.disc_state for b in spine.vertebrae})


def _in_slabs(canvas: _Canvas, spine: Spine, every: int) -> None:
    """Paint soft tissue a few slices at a time, to keep memory low on large grids."""
    slices, rows, columns = canvas.grid.shape
    affine = canvas.grid.affine.copy()
    affine[:3, 3] += affine[:3, 0] * (every // 2)
    affine[:3, 0] *= every
    coarse = Grid(affine, (-(-slices // every), rows, columns))
    step = max(1, 2_000_000 // (rows * columns))
    for start in range(0, coarse.shape[0], step):
        box = (slice(start, min(start + step, coarse.shape[0])), slice(0, rows), slice(0, columns))
        soft = np.repeat(soft_tissue(coarse, box, spine), every, axis=0)
        canvas.tissue[start * every : start * every + len(soft)] = soft[: slices - start * every]


def _frame_box(canvas: _Canvas, body: Body, low: tuple[float, float, float], high: tuple[float, float, float]) -> Box | None:
    corners = np.array([body.to_world(u, v, w) for u in (low[0], high[0]) for v in (low[1], high[1]) for w in (low[2], high[2])])
    return canvas.grid.around(corners, 3.0)


def _capsules(canvas: _Canvas, body: Body, parts: list[Capsule], value: int, marrow: Tissue, rough: Texture) -> None:
    for part in parts:
        ends = np.array([part.start, part.end])
        reach = np.array(part.radii)
        box = _frame_box(canvas, body, tuple(ends.min(axis=0) - reach), tuple(ends.max(axis=0) + reach))
        if box is not None:
            u, v, w = canvas.grid.local(box, body.centre, body.rotation)
            canvas.bone(box, part.distance(u, v, w) + np.float32(0.35) * rough.at(*canvas.grid.world(box)), value, marrow, 1.3)


def _paint_body(canvas: _Canvas, body: Body, rough: Texture, marrow: Tissue) -> None:
    h, d, w_ = body.height * 0.75, body.depth * 0.7, body.width * 0.7
    if body.name == "C1":
        _capsules(canvas, body, atlas(body), body.value, Tissue.ARCH_MARROW, rough)
        return
    parts = sacral_wings(body) if body.value == SACRUM else arch(body)
    arch_marrow = Tissue.SACRAL_MARROW if body.value == SACRUM else Tissue.ARCH_MARROW
    _capsules(canvas, body, parts, body.value, arch_marrow, rough)
    if body.name == "C2":
        _capsules(canvas, body, [dens(body)], body.value, marrow, rough)
    box = _frame_box(canvas, body, (-w_, -d, -h), (w_, d, h))
    if box is None:
        return
    u, v, w = canvas.grid.local(box, body.centre, body.rotation)
    distance = body_distance(body, u, v, w) + np.float32(0.45) * rough.at(*canvas.grid.world(box))
    canvas.bone(box, distance, body.value, marrow, 1.0 if region_of(body.name[:1] + "1") != "C" else 0.8)
    if body.value != SACRUM:
        vein = (np.abs(w + 0.05 * body.height) < 1.6) & (np.abs(u) < 5) & (v > 0.05 * body.depth) & (distance < -1)
        canvas.tissue[box][vein] = Tissue.VEIN


def _paint_discs(canvas: _Canvas, spine: Spine, rng: np.random.Generator) -> None:
    below = [*spine.vertebrae[1:], spine.sacrum[0]]
    for upper, lower in zip(spine.vertebrae, below, strict=True):
        value = disc_value(upper.name)
        bulge = 0.4 + 2.6 * upper.disc_state * float(rng.random())
        jitter = float(rng.uniform(0.35, 0.62))
        if not value:
            continue
        middle = (upper.plate(upper=False).centre + lower.plate(upper=True).centre) / 2
        reach = max(upper.depth, upper.width) * 0.62 + 4
        box = canvas.grid.around(middle[None] + np.array([[-reach] * 3, [reach] * 3]), 0.0)
        if box is None:
            continue
        above, under = (canvas.grid.local(box, b.centre, b.rotation) for b in (upper, lower))
        distance, radius = disc_distance(upper, lower, above, under, bulge)
        inside = distance < 0
        tissue = canvas.tissue[box]
        tissue[(distance < 0.9) & (radius > 0.9)] = Tissue.LIGAMENT
        tissue[inside] = Tissue.ANNULUS
        tissue[inside & (distance < -0.12 * upper.disc_height) & (radius < jitter * (1.3 - 0.5 * upper.disc_state))] = Tissue.NUCLEUS
        canvas.instances[box][inside] = value


def _paint_sacral_remnants(canvas: _Canvas, spine: Spine) -> None:
    """Draw what is left of the S1/S2 and S2/S3 discs: thin dark lines inside the sacrum's mask."""
    for upper, lower in zip(spine.sacrum[:3], spine.sacrum[1:4], strict=True):
        middle = upper.plate(upper=False).centre
        box = canvas.grid.around(middle[None], 20.0)
        if box is None:
            continue
        u, v, w = canvas.grid.local(box, middle, upper.rotation)
        a, b = u / np.float32(upper.width * 0.3), v / np.float32(lower.depth * 0.42)
        line = (np.abs(w) < 1.4 - 0.3 * spine.sacrum.index(upper)) & (a * a + b * b < 1)
        canvas.tissue[box][line] = Tissue.ANNULUS
        canvas.instances[box][line] = SACRUM


def _paint_implants(canvas: _Canvas, spine: Spine) -> None:
    """Draw pedicle screws with two rods, and cages in discs."""
    heads: dict[float, list[NDArray[np.float64]]] = {-1.0: [], 1.0: []}
    for name in spine.spec.screws:
        body = spine.body(name)
        at = body.canal_width / 2 + 3.5
        for side in (-1.0, 1.0):
            start = (side * (at + 3), body.depth / 2 + body.canal_depth + 6, 0.18 * body.height)
            end = (side * at * 0.55, -0.2 * body.depth, 0.12 * body.height)
            _metal(canvas, body.centre, body.rotation, Capsule(start, end, (2.8, 2.8, 2.8)), SCREW)
            heads[side].append(body.to_world(start[0], start[1] + 3, start[2]))
    for points in heads.values():
        for a, b in pairwise(points):
            _metal(canvas, np.zeros(3), np.eye(3), Capsule(tuple(a), tuple(b), (2.8, 2.8, 2.8)), IMPLANT)
    for name in spine.spec.cages:
        body = spine.body(name)
        w = -body.height / 2 - body.disc_height / 2
        half = body.disc_height / 2
        _metal(canvas, body.centre, body.rotation, Capsule((-6, -2, w), (6, -2, w), (5, 9, half)), CAGE)


def _metal(canvas: _Canvas, origin: NDArray[np.float64], turn: NDArray[np.float64], part: Capsule, value: int) -> None:
    ends = origin + np.array([part.start, part.end]) @ turn.T
    box = canvas.grid.around(ends, max(part.radii) + 2)
    if box is None:
        return
    inside = part.distance(*canvas.grid.local(box, origin, turn)) < 0
    canvas.tissue[box][inside] = Tissue.METAL
    canvas.implants[box][inside] = value
