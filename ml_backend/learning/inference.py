"""From a stack to class probabilities on its own grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml_backend.learning.config import ModelConfig
from ml_backend.learning.network import SpineNetwork
from ml_backend.learning.transforms import WorkGrid, normalise, pad_to, rescale, triples_of

SUPPORTED = ("MR", "CT")
WIDEST_SLAB, COARSE_PITCH, HALF_WINDOW = 115.0, 9.0, 48.0
"""mm from side to side: above the first the spine is looked for, on slices so far apart, and drawn so far to either side."""


class OutOfProfile(Exception):
    """This stack is not what the model can draw; ``code`` names why, the message says it to a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Prediction:
    """``probabilities`` float32 [class, slice, row, column] on the work ``grid``, which knows the way back to the stack."""

    probabilities: Tensor
    grid: WorkGrid

    @property
    def work_classes(self) -> NDArray[np.uint8]:
        return np.asarray(self.probabilities.argmax(dim=0).numpy(), np.uint8)

    @property
    def classes(self) -> NDArray[np.uint8]:
        """Classes [slice, row, column] on the stack's grid, from probabilities interpolated there one class at a time."""
        best = self.grid.back(self.probabilities[0])
        found = np.zeros(best.shape, np.uint8)
        for k in range(1, len(self.probabilities)):
            other = self.grid.back(self.probabilities[k])
            found[other > best] = k
            np.maximum(best, other, out=best)
        return found

    def entropy(self) -> Tensor:
        """Return the predictive entropy per work voxel, 0 (sure) to 1 (every class alike)."""
        p = self.probabilities.clamp(1e-6, 1)
        entropy: Tensor = -(p * p.log()).sum(dim=0) / math.log(len(p))
        return entropy


def guard(modality: str, affine: NDArray[np.float64] | None, shape: tuple[int, ...]) -> None:
    """Raise :class:`OutOfProfile` unless the model was made for such stacks."""
    if modality not in SUPPORTED:
        named = {"CR": "radiographs", "DX": "radiographs", "US": "ultrasound", "XA": "fluoroscopy"}.get(modality, f"modality {modality}")
        raise OutOfProfile("modality_unsupported", f"The model draws on MR and CT volumes; it has learned nothing of {named}.")
    if affine is None or len(shape) != 3:
        raise OutOfProfile("no_volume", "The stack is not a volume with even spacing, so the model cannot place its slices.")
    extent = np.linalg.norm(affine[:3, :3], axis=0) * np.array(shape)
    along_feet = float(np.abs(affine[2, :3] * np.array(shape)).max())
    if shape[0] < 3 or along_feet < 50 or np.sort(extent)[1] < 60:
        raise OutOfProfile("too_little_seen", "The stack shows less than 5 cm along the spine or has fewer than three slices.")


def network_of(weights: dict[str, Tensor], config: ModelConfig) -> SpineNetwork:
    network = SpineNetwork(config.network)
    network.load_state_dict(weights)
    return network.eval()


def predict(
    network: SpineNetwork,
    config: ModelConfig,
    volume: NDArray[np.generic],
    affine: NDArray[np.float64],
    modality: str,
    *,
    device: str = "cpu",
) -> Prediction:
    """Return probabilities for ``volume`` [slice, row, column] whose ``affine`` takes [slice, row, column, 1] to LPS mm.

    Raises :class:`OutOfProfile` for what the model was not made for.
    """
    guard(modality, affine, volume.shape)
    if device == "cpu":
        torch.set_num_threads(1)
    grid = WorkGrid.of(affine, volume.shape, config.preprocessing)  # type: ignore[arg-type]  # the guard saw three axes
    triples = triples_of(rescale(grid.image(volume), modality, config.preprocessing))
    with torch.inference_mode():
        window = _spine_window(network, config, triples, grid.spacing[0], device)
        found = torch.zeros(config.network.classes, *grid.shape)
        found[0] = 1
        found[:, window] = _classify(network, config, triples[window], device)
        return Prediction(found, grid)


def _classify(network: SpineNetwork, config: ModelConfig, triples: Tensor, device: str) -> Tensor:
    """Return probabilities [class, slice, row, column] of slices with their neighbours."""
    rows, columns = triples.shape[2:]
    out = []
    for start in range(0, len(triples), 8):
        batch = normalise(pad_to(triples[start : start + 8], config.preprocessing.multiple).to(device), config.preprocessing)
        out.append(network(batch).softmax(dim=1).cpu()[:, :, :rows, :columns])
    return torch.cat(out).movedim(1, 0)


def _spine_window(network: SpineNetwork, config: ModelConfig, triples: Tensor, pitch: float, device: str) -> slice:
    """Return the slices worth looking at: all of a slab, and of a whole trunk those round the canal, found on every third."""
    if len(triples) * pitch <= WIDEST_SLAB:
        return slice(0, len(triples))
    step = max(1, round(COARSE_PITCH / pitch))
    classes = _classify(network, config, triples[::step], device).argmax(dim=0)
    seen = ((classes == 3).sum(dim=(1, 2)) + (classes == 2).sum(dim=(1, 2))).double()
    near = torch.nn.functional.conv1d(seen[None, None], torch.tensor([[[0.25, 0.5, 1.0, 0.5, 0.25]]]).double(), padding=2)[0, 0]
    middle, reach = int(near.argmax()) * step, round(HALF_WINDOW / pitch)
    return slice(max(0, middle - reach), min(len(triples), middle + reach + 1))
