"""A proposal's content: masks of segment ids on the stack's own grid, what the ids are, and how sure the model is of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend.learning.inference import Prediction
from ml_backend.learning.postprocess import Instances, nearest_everywhere, split

LEVELS = ((0.12, "sure"), (0.25, "look"), (1.01, "doubtful"))
"""Upper bounds of a structure's mean entropy and the word for it, as a traffic light shows it."""


@dataclass(frozen=True)
class Draft:
    """``masks`` uint8 [slice, row, column] of ids per layer; ``segments`` as annotations keep them; ``uncertainty`` for the viewer.

    ``kinds`` is {layer: {id: class}}; ``entropy`` float32 [slice, row, column]; ``keys`` name the slices, in stack order.
    """

    masks: dict[str, NDArray[np.uint8]]
    kinds: dict[str, dict[int, int]]
    segments: list[dict[str, Any]]
    uncertainty: dict[str, Any]
    unsure: str
    entropy: NDArray[np.float32]
    keys: tuple[str, ...]

    @property
    def classes(self) -> NDArray[np.uint8]:
        """Return the classes [slice, row, column] of what is proposed, instances before the canal."""
        found = []
        for layer in ("instances", "canal"):
            table = np.zeros(256, np.uint8)
            for number, kind in self.kinds[layer].items():
                table[number] = kind
            found.append(table[self.masks[layer]])
        return np.where(found[0] > 0, found[0], found[1]).astype(np.uint8)

    def doubt(self, layer: str) -> float:
        """Return the mean entropy of a layer's structures, 0 sure to 1 guessing."""
        found = [entry["mean"] for entry in self.uncertainty["layers"].get(layer, {}).values()]
        return float(np.mean(found)) if found else 1.0

    def with_instances(self, mask: NDArray[np.uint8], structures: Mapping[int, str], kinds: Mapping[int, int]) -> Draft:
        """Return the draft with other instances in the same voxels' places: ids → codes and classes; its uncertainty follows."""
        layers = {**self.uncertainty["layers"], "instances": _entropies(mask, self.entropy, self.keys)}
        others = [segment for segment in self.segments if segment["layer"] != "instances"]
        named = [{"id": k, "layer": "instances", "structure": code, "status": "proposed"} for k, code in structures.items()]
        return replace(
            self,
            masks={**self.masks, "instances": mask},
            kinds={**self.kinds, "instances": dict(kinds)},
            segments=[*named, *others],
            uncertainty={**self.uncertainty, "layers": layers},
        )


def level_of(entropy: float) -> str:
    return next(word for bound, word in LEVELS if entropy < bound)


COARSE = 2
"""Telling vertebrae apart needs half the work grid's resolution in the plane."""


def _coarse_split(prediction: Prediction) -> tuple[Instances, tuple[float, float, float]]:
    across, down, back = prediction.grid.spacing
    spacing = (across, down * COARSE, back * COARSE)
    return split(np.ascontiguousarray(prediction.work_classes[:, ::COARSE, ::COARSE]), spacing), spacing


def _masks(prediction: Prediction, instances: Instances, spacing: tuple[float, float, float]) -> dict[str, NDArray[np.uint8]]:
    """Return ids on the stack's grid: the class is decided there, whose it is on the coarse grid."""
    classes = prediction.classes
    rows, columns = prediction.probabilities.shape[2:]
    masks: dict[str, NDArray[np.uint8]] = {}
    for layer, labels in instances.labels.items():
        out = np.zeros(classes.shape, np.uint8)
        for kind in sorted(int(k) for k in np.unique(instances.classes[labels > 0])):
            mine = np.where(instances.classes == kind, labels, 0).astype(np.uint8)
            whose = nearest_everywhere(mine, spacing)
            whose = whose.repeat(COARSE, axis=1).repeat(COARSE, axis=2)[:, :rows, :columns]
            here = classes == kind
            out[here] = prediction.grid.back_nearest(whose)[here]
        masks[layer] = out
    return masks


def _entropies(mask: NDArray[np.uint8], entropy: NDArray[np.float32], keys: Sequence[str]) -> dict[str, Any]:
    """Return per id the mean entropy, its word, and the mean in each slice where the id occurs."""
    found: dict[str, Any] = {}
    total, weight = np.zeros(256), np.zeros(256)
    slices: dict[int, dict[str, float]] = {}
    for key, ids, values in zip(keys, mask, entropy, strict=True):
        count = np.bincount(ids.ravel(), minlength=256)
        amount = np.bincount(ids.ravel(), weights=values.ravel(), minlength=256)
        total, weight = total + amount, weight + count
        for k in np.flatnonzero(count[1:]) + 1:
            slices.setdefault(int(k), {})[key] = round(float(amount[k] / count[k]), 4)
    for k in np.flatnonzero(weight[1:]) + 1:
        mean = float(total[k] / weight[k])
        found[str(k)] = {"mean": round(mean, 4), "level": level_of(mean), "slices": slices[int(k)]}
    return found


def draft_of(prediction: Prediction, keys: Sequence[str]) -> Draft:
    """Return the draft of one stack whose slices are named by ``keys``, in stack order. Nothing found gives no segments."""
    instances, spacing = _coarse_split(prediction)
    masks = _masks(prediction, instances, spacing)
    entropy = prediction.grid.back(prediction.entropy())
    structures = {layer: _entropies(mask, entropy, keys) for layer, mask in masks.items()}
    segments = [
        {"id": e.id, "layer": e.layer, "structure": e.structure, "status": "proposed"}
        for e in instances.table
        if str(e.id) in structures[e.layer]
    ]
    uncertainty = {"measure": "mean predictive entropy, 0 sure to 1 guessing", "layers": structures}
    kinds = {layer: {e.id: e.kind for e in instances.table if e.layer == layer} for layer in masks}
    return Draft(masks, kinds, segments, uncertainty, instances.unsure, entropy, tuple(keys))
