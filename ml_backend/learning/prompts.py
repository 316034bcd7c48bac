"""Clicks, boxes and scribbles to a mask: a random walker on the image and on what the model believes, inside a small box.

An engine is anything with :meth:`Engine.refine`; this one needs no GPU and answers in a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, label
from skimage.segmentation import random_walker

Index = tuple[int, int, int]
Floats = NDArray[np.float32]
KINDS = ("click", "box", "scribble")
REACH = 22.0  # mm of ROI round the prompts in the plane
THROUGH = 6.0  # mm of ROI to either side of the prompted slices
FREE = 7.0  # mm round a prompt in which the model's belief sets no seed
TOUCH = 1.6  # mm that one point of a click or scribble paints
LARGEST = 60_000  # voxels of an ROI; larger ones are solved on every second pixel


@dataclass(frozen=True)
class Prompt:
    """``points`` are [slice, row, column]: one for a click, two corners for a box, a path for a scribble."""

    kind: Literal["click", "box", "scribble"]
    points: tuple[Index, ...]
    positive: bool = True


@dataclass(frozen=True)
class View:
    """What an engine sees of a stack: values and the belief (0..1) in the wanted structure, both [slice, row, column]."""

    image: NDArray[np.generic]
    belief: Floats
    spacing: tuple[float, float, float]


@dataclass(frozen=True)
class Patch:
    """The only part of the mask that may change: ``mask`` bool, its voxel [0, 0, 0] at ``start`` of the stack."""

    start: Index
    mask: NDArray[np.bool_]


class Engine(Protocol):
    """Turns prompts into a patch; ``name`` is recorded with what it drew."""

    @property
    def name(self) -> str: ...

    def refine(self, view: View, prompts: list[Prompt]) -> Patch:
        """Return the patch for all prompts of a session so far. Raises ``ValueError`` for prompts it cannot use."""
        ...


def roi_of(shape: tuple[int, ...], spacing: tuple[float, float, float], prompts: list[Prompt]) -> tuple[slice, slice, slice]:
    """Return the box of the stack round all prompts."""
    points = np.array([p for prompt in prompts for p in prompt.points])
    if len(points) == 0 or np.any(points < 0) or np.any(points >= np.array(shape)):
        raise ValueError(f"Every prompt lies inside the stack of {shape}.")
    reach = np.array([THROUGH, REACH, REACH]) / np.array(spacing)
    reach[0] = max(1, reach[0])
    low = np.maximum(np.floor(points.min(axis=0) - reach), 0).astype(int)
    high = np.minimum(np.ceil(points.max(axis=0) + reach) + 1, shape).astype(int)
    a, b, c = (slice(int(x), int(y)) for x, y in zip(low, high, strict=True))
    return a, b, c


@dataclass(frozen=True)
class RandomWalker:
    """Diffusion from seeds over the image and the belief (Grady 2006, doi 10.1109/TPAMI.2006.233)."""

    name: str = field(default="random-walker-1", init=False)

    def refine(self, view: View, prompts: list[Prompt]) -> Patch:
        if not any(p.positive for p in prompts):
            raise ValueError("Give at least one point inside the structure.")
        roi = roi_of(view.image.shape, view.spacing, prompts)
        start = (roi[0].start, roi[1].start, roi[2].start)
        step = 2 if np.prod([s.stop - s.start for s in roi]) > LARGEST else 1
        thin = (slice(None), slice(None, None, step), slice(None, None, step))
        image = gaussian_filter(np.asarray(view.image[roi][thin], np.float32), (0, 0.8, 0.8))
        belief, asked = view.belief[roi][thin], _agrees(view, prompts)
        spacing = (view.spacing[0], view.spacing[1] * step, view.spacing[2] * step)
        low, high = np.percentile(image, [2, 98])
        image = (image - low) / max(high - low, 1e-6)
        seeds = _seeds(belief if asked else _alike(image, spacing, prompts, start, step), spacing, prompts, start, step)
        data = np.stack([image, 1.5 * belief if asked else image], axis=-1)
        found = random_walker(data, seeds, beta=120, mode="cg_j", tol=1e-3, prob_tol=0.1, spacing=spacing, channel_axis=-1) == 1
        found = _connected(found, seeds == 1)
        if step > 1:
            found = found.repeat(2, axis=1).repeat(2, axis=2)
        shape = tuple(s.stop - s.start for s in roi)
        return Patch(start, found[: shape[0], : shape[1], : shape[2]])


def _agrees(view: View, prompts: list[Prompt]) -> bool:
    """Return whether the model believes in the structure where the person points; if not, it is not asked about the rest either."""
    points = [p for prompt in prompts if prompt.positive and prompt.kind != "box" for p in prompt.points]
    points += [_middle(prompt) for prompt in prompts if prompt.kind == "box"]
    return float(np.mean([view.belief[p] for p in points])) > 0.5


def _middle(box: Prompt) -> Index:
    a, b, c = (int(x) for x in np.mean(box.points, axis=0))
    return a, b, c


def _alike(image: Floats, spacing: tuple[float, float, float], prompts: list[Prompt], start: Index, step: int) -> Floats:
    """Return how like the prompted places each voxel is, 0..1: what stands in for the belief where the model saw nothing."""
    points = [p for prompt in prompts if prompt.positive for p in (prompt.points if prompt.kind != "box" else (_middle(prompt),))]
    local = (np.array(points) - np.array(start)) // np.array([1, step, step])
    level = np.median([image[s, max(0, r - 1) : r + 2, max(0, c - 1) : c + 2].mean() for s, r, c in local])
    return np.exp(-(((image - level) / 0.2) ** 2)).astype(np.float32)


def _seeds(belief: Floats, spacing: tuple[float, float, float], prompts: list[Prompt], start: Index, step: int) -> NDArray[np.int32]:
    """Return 1 inside, 2 outside, 0 open. What a person said outweighs the belief, which is asked only away from the prompts."""
    touched = np.ones(belief.shape, bool)
    inside, outside = np.zeros(belief.shape, bool), np.zeros(belief.shape, bool)
    for prompt in prompts:
        points = (np.array(prompt.points) - np.array(start)) // np.array([1, step, step])
        if prompt.kind == "box":
            low, high = points.min(axis=0), points.max(axis=0) + 1
            window = (slice(None), slice(low[1], high[1]), slice(low[2], high[2]))
            beyond = np.ones(belief.shape, bool)
            beyond[window] = False
            outside |= beyond
            core = tuple(slice(a + (b - a) // 3, max(a + (b - a) // 3 + 1, b - (b - a) // 3)) for a, b in zip(low, high, strict=True))
            inside[core] = True
            touched[window] = False
            continue
        for p in points:
            touched[tuple(p)] = False
        mark = np.ones(belief.shape, bool)
        mark[tuple(points.T)] = False
        painted = distance_transform_edt(mark, sampling=spacing) <= TOUCH
        (inside if prompt.positive else outside)[painted] = True
        (outside if prompt.positive else inside)[painted] = False
    free = distance_transform_edt(touched, sampling=spacing) < FREE
    sure, surely_not = (belief > 0.9) & ~free & ~outside, (belief < 0.05) & ~free & ~inside
    near, count = label((belief > 0.5) | inside)
    if count:
        reached = np.unique(near[inside & (near > 0)])
        sure &= np.isin(near, reached[reached > 0])
    rim = np.zeros(belief.shape, bool)
    for axis in (1, 2):
        rim[(slice(None),) * axis + (0,)] = rim[(slice(None),) * axis + (-1,)] = True
    seeds = np.zeros(belief.shape, np.int32)
    seeds[(rim & (belief < 0.5)) | surely_not | outside] = 2
    seeds[(sure | inside) & ~outside] = 1
    if not (seeds == 2).any():
        seeds[rim & ~inside] = 2
    return seeds


def _connected(found: NDArray[np.bool_], seeds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep what hangs together with a seed inside."""
    parts, _ = label(found)
    kept = np.unique(parts[seeds])
    return np.isin(parts, kept[kept > 0])
