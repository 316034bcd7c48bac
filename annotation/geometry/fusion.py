"""One outline out of several: what most have drawn, and what weighs them by how well each agrees with the others. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
_ROUNDS = 60
_STILL = 1e-6


def majority(masks: Sequence[Mask]) -> Mask:
    """Return the voxels that more than half of the masks hold. All are bool [slice, row, column] of one shape."""
    held = np.sum(np.stack(masks), axis=0)
    return np.asarray(held * 2 > len(masks))


def staple(masks: Sequence[Mask]) -> Mask:
    """Return the likeliest true outline behind several, each reader weighed by sensitivity and specificity as they are estimated with it.

    Expectation-maximisation of Warfield, Zou and Wells 2004 (doi:10.1109/TMI.2004.828354) for two classes, on the voxels about which
    anybody differs or that anybody drew, with one voxel around; the prior is the share drawn there. Masks are bool [slice, row, column]
    of one shape; with nothing drawn nothing comes back.
    """
    stacked = np.stack(masks)
    drawn = np.asarray(stacked.any(axis=0))
    if not drawn.any():
        return drawn
    box = tuple(slice(max(0, int(at.min()) - 1), int(at.max()) + 2) for at in np.nonzero(drawn))
    weights = 1 << np.arange(len(masks))
    where = np.tensordot(weights, stacked[(slice(None), *box)].astype(np.uint8), axes=1)
    patterns = (np.arange(1 << len(masks))[None, :] & weights[:, None]) > 0
    count = np.bincount(where.ravel(), minlength=patterns.shape[1]).astype(float)
    prior = float((patterns.mean(axis=0) * count).sum() / count.sum())
    right, clear = np.full(len(masks), 0.95), np.full(len(masks), 0.95)
    true = np.zeros(patterns.shape[1])
    for _ in range(_ROUNDS):
        yes = prior * np.prod(np.where(patterns, right[:, None], 1 - right[:, None]), axis=0)
        no = (1 - prior) * np.prod(np.where(patterns, 1 - clear[:, None], clear[:, None]), axis=0)
        before, true = true, yes / (yes + no)
        weight, rest = true * count, (1 - true) * count
        right = np.clip((patterns * weight).sum(axis=1) / max(weight.sum(), 1e-12), 0.001, 0.999)
        clear = np.clip((~patterns * rest).sum(axis=1) / max(rest.sum(), 1e-12), 0.001, 0.999)
        if np.abs(true - before).max() < _STILL:
            break
    found = np.zeros_like(drawn)
    found[box] = (true >= 0.5)[where]
    return found
