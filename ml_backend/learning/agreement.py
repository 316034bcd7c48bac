"""One numbering for all stacks of a frame of reference: what lies in one place of the patient is one vertebra, whatever the sequence.

Each stack is first numbered by itself. The most regular numbering leads; the structures of the others take the names of what
they lie on, and what goes on beyond its ends is counted on from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml_backend.learning.postprocess import DISC, SACRUM, UPWARD, VERTEBRA

Labels = NDArray[np.uint8]
Floats = NDArray[np.float64]
REACH = 6.0
"""mm by which the leading structures are grown before others are held against them: a patient moves between two series."""
_MATCHED = 0.3
"""A structure of which less than this share lies on one of its kind is on nothing that the leading stack knows."""


@dataclass(frozen=True)
class Numbered:
    """A stack's instances: ``labels`` uint8 [slice, row, column] of ids, ``affine`` 4 × 4 [slice, row, column, 1] → mm LPS.

    ``structures`` maps ids to ``spine-core`` codes, ``kinds`` to classes; ``doubt`` is the mean entropy, 0 sure to 1 guessing.
    """

    labels: Labels
    affine: Floats
    structures: Mapping[int, str]
    kinds: Mapping[int, int]
    doubt: float

    def centres(self) -> dict[int, Floats]:
        """Return id → centre in mm LPS of every structure that has voxels."""
        present = [k for k in self.structures if (self.labels == k).any()]
        middles = ndimage.center_of_mass(np.ones_like(self.labels), self.labels, present)
        return {k: self.affine[:3, :3] @ np.array(m) + self.affine[:3, 3] for k, m in zip(present, middles, strict=True)}


def agree(stacks: Sequence[Numbered]) -> list[Numbered]:
    """Return the stacks, in their order, with one numbering. All share a frame of reference; one alone comes back as it is."""
    if len(stacks) < 2:
        return list(stacks)
    lead = min(range(len(stacks)), key=lambda at: irregularity(stacks[at]) + stacks[at].doubt)
    return [stack if at == lead else _follow(stacks[lead], stack) for at, stack in enumerate(stacks)]


def irregularity(stack: Numbered) -> float:
    """Return how unevenly the bodies follow each other: the mean deviation of their distances from the median, 0 when even, at most 9."""
    middles = sorted((float(c[2]), k) for k, c in stack.centres().items() if stack.kinds[k] == VERTEBRA)
    if len(middles) < 3:
        return 9.0 - len(middles)
    places = np.array([stack.centres()[k] for _, k in middles])
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    return float(min(9.0, np.abs(steps - np.median(steps)).mean() / np.median(steps)))


def _follow(lead: Numbered, stack: Numbered) -> Numbered:
    """Return the stack with its voxels called as the lead calls the place; ids are the lead's, new ones above them."""
    where = np.argwhere(stack.labels > 0)
    own = stack.labels[tuple(where.T)]
    theirs = _lead_ids(lead, stack, where, own)
    codes = dict(lead.structures)
    kinds = dict(lead.kinds)
    outside: list[tuple[float, int]] = []
    named = np.zeros(len(own), np.uint8)
    centres = stack.centres()
    low, high = _span(lead)
    for k, centre in centres.items():
        mine = own == k
        found = theirs[mine]
        if (found > 0).mean() >= _MATCHED:
            most = int(np.bincount(found[found > 0]).argmax())
            named[mine] = np.where(found > 0, found, most)
        elif not low < centre[2] < high:
            outside.append((float(centre[2]), k))
    for k, code in _continued(lead, stack, sorted(outside), high).items():
        number = next((n for n, known in codes.items() if known == code), 0) or max(codes, default=0) + 1
        codes[number], kinds[number] = code, stack.kinds[k]
        named[own == k] = number
    labels = np.zeros_like(stack.labels)
    labels[tuple(where.T)] = named
    present = set(np.unique(named[named > 0]).tolist())
    return replace(stack, labels=labels, structures={k: codes[k] for k in sorted(present)}, kinds={k: kinds[k] for k in sorted(present)})


def _lead_ids(lead: Numbered, stack: Numbered, where: NDArray[np.int64], own: Labels) -> Labels:
    """Return per voxel the lead's id at its place in the patient, of its own kind and grown by :data:`REACH`; 0 where there is none.

    What one network calls a vertebra and another the sacrum is bone either way.
    """
    points = where @ stack.affine[:3, :3].T + stack.affine[:3, 3]
    index = np.rint((points - lead.affine[:3, 3]) @ np.linalg.inv(lead.affine[:3, :3]).T).astype(int)
    spacing = np.linalg.norm(lead.affine[:3, :3], axis=0)
    near = np.clip(index, 0, np.array(lead.labels.shape) - 1)
    beyond = np.linalg.norm((index - near) * spacing, axis=1)
    found = np.zeros(len(own), np.uint8)
    for group in ((VERTEBRA, SACRUM), (DISC,)):
        ids = [k for k, kind in lead.kinds.items() if kind in group]
        mine = np.isin(own, [k for k, kind in stack.kinds.items() if kind in group]) & (beyond < REACH)
        chosen = np.where(np.isin(lead.labels, ids), lead.labels, 0)
        if not mine.any() or not chosen.any():
            continue
        away, nearest = ndimage.distance_transform_edt(chosen == 0, sampling=spacing, return_indices=True)
        at = tuple(near[mine].T)
        found[mine] = np.where(away[at] < REACH, chosen[tuple(nearest[(slice(None), *at)])], 0)
    return found


def _span(lead: Numbered) -> tuple[float, float]:
    """Return the heights (mm LPS) of the lowest and the highest centre that the lead knows."""
    heights = [float(c[2]) for c in lead.centres().values()]
    return min(heights, default=0.0), max(heights, default=0.0)


def _continued(lead: Numbered, stack: Numbered, outside: Sequence[tuple[float, int]], high: float) -> dict[int, str]:
    """Return id → code for what lies above the lead's highest: bodies counted on, each disc by the body above it.

    Nothing is counted on below: under the lowest body that one series shows, another may show the sacrum or one more lumbar one.
    """
    named = [UPWARD.index(code) for code in lead.structures.values() if code in UPWARD]
    if not named:
        return {}
    level, found = max(named), {}
    for height, k in outside:
        if height < high:
            continue
        level += stack.kinds[k] == VERTEBRA
        place = level if stack.kinds[k] == VERTEBRA else level + 1
        if place < len(UPWARD):
            found[k] = UPWARD[place] if stack.kinds[k] == VERTEBRA else f"IVD_{UPWARD[place]}"
    return found
