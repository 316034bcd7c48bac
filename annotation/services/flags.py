"""Rule flags of a proposal, written beside its uncertainty where the viewer looks for reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.geometry.flags import border_flags, island_flags, order_flags, volume_flags
from annotation.geometry.ladder import LAYER
from annotation.geometry.numbering import NORMAL, sequence
from storage.dicom.geometry import Geometry
from storage.models import Stack

_CHAIN = sequence({**NORMAL, "thoracic": 13, "lumbar": 6})
Segments = list[dict[str, Any]]


def uncertainty_flagged(
    uncertainty: Mapping[str, Any], masks: Mapping[str, Mapping[str, NDArray[np.uint8]]], segments: Segments, stacks: Mapping[str, Stack]
) -> dict[str, Any]:
    """Return the uncertainty with ``flags``, a list of words, on every segment of a stack that breaks a rule.

    Flags are: several islands, a volume that stands out from the neighbours', names against the order in space, cut by the image border (but for the outermost bodies, which always may be).
    A segment that the model said nothing of gets an entry of its own without a mean. ``masks`` as in
    :func:`annotation.services.proposal.proposal_create`.
    """
    told: dict[str, Any] = {**uncertainty, "stacks": {**uncertainty.get("stacks", {})}}
    found = [
        (stack_id, layer, _flags(mask, layer, segments, stacks[stack_id]))
        for stack_id, layers in masks.items()
        for layer, mask in layers.items()
    ]
    for stack_id, layer, flags in found:
        if not flags:
            continue
        entry = told["stacks"].get(stack_id, {})
        table = {**entry.get("layers", {}).get(layer, {})}
        for number, words in flags.items():
            before = table.get(str(number), {})
            table[str(number)] = {**before, "flags": [*before.get("flags", []), *words]}
        told["stacks"][stack_id] = {**entry, "layers": {**entry.get("layers", {}), layer: table}}
    if not any(flags for *_, flags in found):
        return dict(uncertainty)
    return told


def _flags(mask: NDArray[np.uint8], layer: str, segments: Segments, stack: Stack) -> dict[int, list[str]]:
    geometry = Geometry.from_json(stack.geometry) if stack.geometry else None
    names = {entry["id"]: str(entry["structure"]) for entry in segments if entry["layer"] == layer}
    found: dict[int, list[str]] = {}
    parts = [island_flags(mask, geometry.spacing if geometry else (1.0, 1.0, 1.0))]
    cut = border_flags(mask) if layer == LAYER else {}
    chain = sorted(((number, name) for number, name in names.items() if name in _CHAIN), key=lambda entry: _CHAIN.index(entry[1]))
    ends = {number for number, _ in (*chain[:1], *chain[-1:])}
    bodies_cut = {number: words for number, words in cut.items() if number in dict(chain) and number not in ends}
    parts.append(bodies_cut)
    if layer == LAYER and geometry is not None:
        voxel = float(np.prod(geometry.spacing))
        sizes = np.bincount(mask.ravel(), minlength=256)
        bodies = [(number, float(sizes[number] * voxel)) for number, name in chain if name[0] in "CTL" and name not in ("C1", "C2")]
        parts += [volume_flags(bodies, set(cut)), order_flags(chain, _heights(mask, geometry.affine, [number for number, _ in chain]))]
    for flags in parts:
        for number, words in flags.items():
            found.setdefault(number, []).append(words)
    return {number: words for number, words in found.items() if number in names}


def _heights(mask: NDArray[np.uint8], affine: NDArray[np.float64], numbers: list[int]) -> dict[int, float]:
    sums = np.zeros(256)
    counts = np.bincount(mask.ravel(), minlength=256)
    for axis in range(3):
        index = np.arange(mask.shape[axis], dtype=float).reshape([-1 if other == axis else 1 for other in range(3)])
        sums += affine[2, axis] * np.bincount(mask.ravel(), weights=np.broadcast_to(index, mask.shape).ravel(), minlength=256)
    return {number: float(sums[number] / counts[number] + affine[2, 3]) for number in numbers if counts[number]}
