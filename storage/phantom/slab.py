"""The sampler that training draws from: three neighbouring sagittal slices with random contrast, and the true classes.

Classes are 0 background, 1 vertebra, 2 disc, 3 canal, 4 sacrum. Rows run to the feet, columns to the back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from storage.phantom.anatomy import Anatomy, anatomy_render
from storage.phantom.contrast import Table, random_table
from storage.phantom.image import means
from storage.phantom.levels import SACRUM
from storage.phantom.spine import SpineSpec

Floats = NDArray[np.float32]
CLASSES = ("background", "vertebra", "disc", "canal", "sacrum")


def classes_of(instances: NDArray[np.uint8], canal: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return training classes from the masks in ``spine-core`` values."""
    table = np.zeros(256, np.uint8)
    table[1:29] = 1
    table[SACRUM] = 4
    table[101:129] = 2
    out = table[instances]
    out[(canal > 0) & (out == 0)] = 3
    return out


@dataclass(frozen=True)
class Slab:
    """One person's slab, cut as ``parts`` sub-slices per slice; ``skin`` is the column of the skin of the back."""

    anatomy: Anatomy
    parts: int
    skin: float
    spacing: float
    target: NDArray[np.uint8]

    @property
    def slices(self) -> int:
        return self.anatomy.tissue.shape[0] // self.parts


def slab_draw(seed: int, *, rows: int = 320, columns: int = 256, spacing: float = 0.95) -> Slab:
    """Render a random person's lumbar slab: random pose, field of view, slice pitch and place off the midline."""
    rng = np.random.default_rng([seed, 17])
    fixed: dict[str, object] = {"screws": ("L4", "L5")} if rng.random() < 0.04 else {}
    spec = SpineSpec.draw(seed, **fixed)
    thick = rng.random() < 0.35
    pitch = rng.uniform(3.0, 5.0) if thick else rng.uniform(0.8, 1.4)
    parts, slices = (3, 5) if thick else (1, 7)
    turn = np.radians(rng.normal(0, 4))
    pose = np.radians(rng.normal(0, 5))
    left = np.array([np.cos(turn), np.sin(turn), 0.0])
    down = np.array([0.0, np.sin(pose), -np.cos(pose)])
    back = np.cross(down, left)
    back /= np.linalg.norm(back)
    back *= np.sign(back[1])
    middle = np.array([rng.normal(0, 14 if thick else 8), rng.uniform(0, 35), rng.uniform(45, 125)])
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = left * pitch / parts, down * spacing, back * spacing
    shape = (slices * parts, rows, columns)
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    anatomy = anatomy_render(spec, affine, shape)
    middle_slices = slice(parts // 2, None, parts)
    occupied = anatomy.tissue[shape[0] // 2].any(axis=0).nonzero()[0]
    skin = float(occupied.max()) if len(occupied) else float(columns)
    target = classes_of(anatomy.instances[middle_slices], anatomy.canal[middle_slices])
    nothing = np.zeros((len(anatomy.tissue), 0, 0), np.uint8)  # hundreds of slabs are held at once, and samples need no more
    kept = Anatomy(anatomy.tissue, anatomy.instances, nothing, nothing, anatomy.degeneration)
    return Slab(kept, parts, skin, spacing, target)


def _field(rng: np.random.Generator, shape: tuple[int, ...], knots: int, spread: float) -> Floats:
    small = rng.normal(0, spread, (knots, knots)).astype(np.float32)
    return zoom(small, [n / knots for n in shape], order=1, grid_mode=True, mode="nearest")


def slab_sample(slab: Slab, rng: np.random.Generator) -> tuple[Floats, NDArray[np.uint8]]:
    """Return (image float32 [3, row, column], classes uint8 [row, column]) of a random slice under a random contrast."""
    table, kind = random_table(rng)
    k = int(rng.integers(0, slab.slices))
    picture = np.stack([_slice(slab, int(np.clip(k + d, 0, slab.slices - 1)), table, rng) for d in (-1, 0, 1)])
    target = slab.target[k].copy()
    picture = _degrade(picture, slab, kind, rng)
    if rng.random() < 0.15:
        picture = picture.max() - picture if kind in ("free", "ct") else picture
    return _cut(picture, target, rng)


def _slice(slab: Slab, k: int, table: Table, rng: np.random.Generator) -> Floats:
    cut = slice(k * slab.parts, (k + 1) * slab.parts)
    a = slab.anatomy
    part = Anatomy(a.tissue[cut], a.instances[cut], a.canal[cut], a.implants[cut], a.degeneration)
    mean = means(part, table).mean(axis=0)
    spread = table[:, 1][part.tissue[slab.parts // 2]]
    return mean + spread * rng.standard_normal(mean.shape, np.float32) * np.float32(1.5)


def _degrade(picture: Floats, slab: Slab, kind: str, rng: np.random.Generator) -> Floats:
    """Apply blur, coil fall-off, saturation band, bias, noise and gamma."""
    rows, columns = picture.shape[1:]
    mm = np.float32(slab.spacing)
    if rng.random() < 0.75:
        picture = gaussian_filter(picture, (0, rng.uniform(0.3, 1.6) / mm, rng.uniform(0.3, 1.4) / mm), truncate=2.5)
    if kind != "ct":
        column = np.arange(columns, dtype=np.float32)[None, :]
        tilt = np.linspace(-1, 1, rows, dtype=np.float32)[:, None] * np.float32(rng.normal(0, 11)) / mm
        behind = np.maximum(slab.skin - column - tilt, 0) * mm
        gain = np.exp(-behind / np.float32(rng.uniform(48, 250)))
        if rng.random() < 0.6:
            edge = np.float32(rng.uniform(85, 145))
            gain = gain * (np.float32(rng.uniform(0.03, 0.5)) + 1 / (1 + np.exp((behind - edge) / np.float32(rng.uniform(3, 13)))))
        gain = gain * np.exp(_field(rng, (rows, columns), 4, 0.18))
        if rng.random() < 0.35:
            ends = np.minimum(np.arange(rows), np.arange(rows)[::-1])[:, None].astype(np.float32) * mm
            gain = gain * np.clip(ends / np.float32(rng.uniform(15, 76)), 0.05, 1)
        picture = picture * gain
    level = np.float32(np.exp(rng.uniform(np.log(0.005), np.log(0.12)))) * np.float32(np.percentile(picture[1, ::4, ::4], 98))
    a, b = (level * rng.standard_normal(picture.shape, np.float32) for _ in range(2))
    picture = np.hypot(picture + a, b) if kind != "ct" else np.clip(picture + a, 0, 1.5)
    return np.maximum(picture, 0) ** np.float32(np.exp(rng.normal(0, 0.2)))


def _cut(picture: Floats, target: NDArray[np.uint8], rng: np.random.Generator) -> tuple[Floats, NDArray[np.uint8]]:
    """Black out what a smaller field of view would not have seen."""
    rows, columns = picture.shape[1:]
    if rng.random() < 0.25:
        top, bottom = (int(rng.integers(0, rows // 4)) for _ in range(2))
        picture[:, :top], picture[:, rows - bottom :] = 0, 0
        target[:top], target[rows - bottom :] = 0, 0
    if rng.random() < 0.15:
        front = int(rng.integers(0, columns // 3))
        picture[:, :, :front] = 0
        target[:, :front] = 0
    return picture.astype(np.float32), target


def slab_stream(seed: int, *, people: int, start: int = 0) -> Iterator[tuple[Floats, NDArray[np.uint8]]]:
    """Yield samples for ever from ``people`` slabs, each rendered when first drawn. Sample ``n`` depends on ``seed`` and ``n`` alone."""
    pool: dict[int, Slab] = {}
    n = start
    while True:
        rng = np.random.default_rng([seed, n])
        person = int(rng.integers(0, people))
        if person not in pool:
            pool[person] = slab_draw(seed * 100_003 + person)
        yield slab_sample(pool[person], rng)
        n += 1
