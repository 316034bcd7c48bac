"""Images of a phantom as a scanner would give them: CT in Hounsfield units and MR, with the true masks on the same grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter, zoom

from storage.phantom.anatomy import Anatomy, anatomy_render
from storage.phantom.contrast import Sequence, Table, ct_table, degenerate, mr_table
from storage.phantom.spine import Spine, SpineSpec
from storage.phantom.tissue import Tissue

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scan:
    """``pixels`` [slice, row, column] and the anatomy (masks) on the same grid."""

    pixels: NDArray[np.generic]
    anatomy: Anatomy


def means(anatomy: Anatomy, table: Table) -> Floats:
    """Return table means, each disc's nucleus dimmed by its degeneration."""
    tissue = anatomy.tissue
    out = table[:, 0][tissue]
    nucleus = tissue == Tissue.NUCLEUS
    if nucleus.any():
        by_disc = np.full(256, table[Tissue.NUCLEUS, 0], np.float32)
        for value, state in anatomy.degeneration.items():
            by_disc[(value + 100) % 256] = degenerate(table, state)
        out[nucleus] = by_disc[anatomy.instances[nucleus]]
    return out


def brightness(anatomy: Anatomy, table: Table, rng: np.random.Generator) -> Floats:
    """Return :func:`means` with the texture of each tissue."""
    tissue = anatomy.tissue
    grain = rng.standard_normal(tissue.shape, np.float32)
    grain = gaussian_filter(grain, (0, 0.7, 0.7)) * np.float32(2.2)
    return means(anatomy, table) + table[:, 1][tissue] * grain


def thin(affine: NDArray[np.float64], factor: int) -> NDArray[np.float64]:
    """Return the affine of ``factor`` thinner slices that fill each slice of ``affine``."""
    fine = affine.copy()
    fine[:3, 0] = affine[:3, 0] / factor
    fine[:3, 3] = affine[:3, 3] - affine[:3, 0] * (factor - 1) / (2 * factor)
    return fine


def _fine(spec: SpineSpec, affine: ArrayLike, shape: tuple[int, int, int], parts: int, spine: Spine | None) -> tuple[Anatomy, Anatomy]:
    """Return the anatomy of ``parts`` sub-slices per slice, and that of the middle of each slice, whose masks are the truth."""
    grid = thin(np.asarray(affine, np.float64), parts)
    fine = anatomy_render(spec, grid, (shape[0] * parts, shape[1], shape[2]), spine=spine, soft_every=parts)
    keep = slice(parts // 2, None, parts)
    return fine, Anatomy(fine.tissue[keep], fine.instances[keep], fine.canal[keep], fine.implants[keep], fine.degeneration)


def _thick(fine: Anatomy, table: Table, parts: int, rng: np.random.Generator) -> Floats:
    """Return the brightness averaged over the sub-slices of each slice."""
    picture = brightness(fine, table, rng)
    return picture.reshape(-1, parts, *picture.shape[1:]).mean(axis=1)


def coil(shape: tuple[int, int, int], affine: NDArray[np.float64], rng: np.random.Generator) -> Floats:
    """Return the sensitivity of a spine coil: falling off from back to front, with a slow ripple."""
    y = (
        sum(affine[1, k] * np.arange(shape[k], dtype=np.float32).reshape([-1 if k == i else 1 for i in range(3)]) for k in range(3))
        + affine[1, 3]
    )
    fall = np.exp((y - np.float32(70)) / np.float32(rng.uniform(70, 140)))
    knots = rng.normal(0, 0.12, (min(2, shape[0]), 4, 4)).astype(np.float32)
    ripple = zoom(knots, [n / k for n, k in zip(shape, knots.shape, strict=True)], order=1, grid_mode=True, mode="nearest")
    return np.minimum(fall, 1.6).astype(np.float32) * np.exp(ripple)


def mr_study(
    spec: SpineSpec,
    affine: ArrayLike,
    shape: tuple[int, int, int],
    sequences: tuple[Sequence, ...],
    *,
    parts: int = 3,
    noise: float = 0.02,
    spine: Spine | None = None,
) -> dict[Sequence, Scan]:
    """Return MR volumes as uint16 (0..4095) on one grid; ``parts`` sub-slices make each thick slice.

    Magnitude noise is Rician: the length of a complex sum of signal and two normal parts.
    """
    matrix = np.asarray(affine, np.float64)
    fine, anatomy = _fine(spec, matrix, shape, parts, spine)
    scans: dict[Sequence, Scan] = {}
    for sequence in sequences:
        rng = np.random.default_rng([spec.seed, 200 + ("t1", "t2", "stir").index(sequence)])
        picture = gaussian_filter(_thick(fine, mr_table(sequence), parts, rng), (0, 0.6, 0.6)) * coil(shape, matrix, rng)
        real = picture + noise * rng.standard_normal(shape, np.float32)
        imaginary = noise * rng.standard_normal(shape, np.float32)
        scans[sequence] = Scan(np.clip(np.hypot(real, imaginary) * 1600, 0, 4095).astype(np.uint16), anatomy)
    return scans


def ct_render(
    spec: SpineSpec, affine: ArrayLike, shape: tuple[int, int, int], *, parts: int = 2, noise: float = 14.0, spine: Spine | None = None
) -> Scan:
    """Return a CT volume as int16 Hounsfield units on the grid, with correlated noise of a soft kernel."""
    fine, anatomy = _fine(spec, affine, shape, parts, spine)
    rng = np.random.default_rng([spec.seed, 210])
    grain = gaussian_filter(rng.standard_normal(shape, np.float32), (0, 0.9, 0.9)) * np.float32(3.2 * noise)
    picture = gaussian_filter(_thick(fine, ct_table(), parts, rng), (0, 0.6, 0.6)) + grain
    return Scan(np.clip(np.rint(picture), -1024, 3071).astype(np.int16), anatomy)
