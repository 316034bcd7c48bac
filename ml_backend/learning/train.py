"""Training, from samples to weights. Sample ``n`` of a run depends on its seed and ``n`` alone, so a run repeats and resumes exactly."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from ml_backend.learning.config import CLASSES, ModelConfig, TrainConfig
from ml_backend.learning.network import SpineNetwork
from ml_backend.learning.transforms import WorkGrid, augment, disturb, normalise, rescale

Sample = tuple[NDArray[np.float32], NDArray[np.uint8]]
Stream = Callable[[int], Iterator[Sample]]
"""Takes the first sample's number; yields (image [3, row, column], classes [row, column]) with every class labelled."""
Progress = Callable[[int, int, float], None]


@dataclass(frozen=True)
class LabelledStack:
    """A stack to learn from: images and classes (255: ignore) on the work grid, and which classes its reader labelled."""

    image: Tensor
    classes: Tensor
    labelled: frozenset[int]

    @classmethod
    def prepare(
        cls, volume: NDArray[np.generic], affine: NDArray[np.float64], classes: NDArray[np.uint8], modality: str, config: ModelConfig
    ) -> LabelledStack:
        """Bring a stack and its classes [slice, row, column] to the work grid. A class that never occurs counts as unlabelled."""
        grid = WorkGrid.of(affine, volume.shape, config.preprocessing)  # type: ignore[arg-type]  # volumes have three axes
        image = rescale(grid.image(volume), modality, config.preprocessing)
        present = frozenset(int(k) for k in np.unique(classes) if 0 < k < len(CLASSES))
        return cls(image, grid.labels(classes, len(CLASSES)), present | {0})


class Cancelled(Exception):
    """The caller's progress callback asked to stop."""


def marginal_loss(scores: Tensor, targets: Tensor, labelled: Tensor) -> Tensor:
    """Return cross-entropy plus soft Dice in which unlabelled classes count as background.

    ``scores`` [n, class, row, column], ``targets`` uint8 [n, row, column] (255: ignore), ``labelled`` bool [n, class]. A class
    that a sample's reader did not label gets gradient from that sample neither as itself nor against background.
    """
    p = scores.softmax(dim=1)
    mask = labelled[:, :, None, None].float()
    background = (p * (1 - mask)).sum(dim=1, keepdim=True)
    merged = torch.cat([p[:, :1] + background, p[:, 1:] * mask[:, 1:]], dim=1)
    known = (targets != 255).float()
    safe = torch.where(targets == 255, torch.zeros_like(targets), targets).long()
    picked = merged.gather(1, safe[:, None])[:, 0]
    weight = torch.where(safe > 0, 2.0, 1.0) * known
    entropy = -(picked.clamp_min(1e-6).log() * weight).sum() / weight.sum().clamp_min(1)
    truth = torch.nn.functional.one_hot(safe, scores.shape[1]).movedim(-1, 1).float() * known[:, None]
    overlap = (merged * truth)[:, 1:].sum(dim=(0, 2, 3))
    total = (merged * known[:, None] * mask + truth)[:, 1:].sum(dim=(0, 2, 3))
    return entropy + (1 - (2 * overlap + 1) / (total + 1)).mean()


def _real(stacks: Sequence[LabelledStack], n: int, config: TrainConfig) -> tuple[Tensor, Tensor, frozenset[int]]:
    """Draw a real sample: a stack, a slice in which a drawn class is rich, a window round its foreground."""
    rng = np.random.default_rng([config.seed, 1, n])
    stack = stacks[int(rng.integers(len(stacks)))]
    wanted = int(rng.choice(sorted(stack.labelled - {0}) or [0]))
    amount = (stack.classes == wanted).sum(dim=(1, 2)).double().numpy() + 1
    k = int(rng.choice(len(amount), p=np.sqrt(amount) / np.sqrt(amount).sum()))
    index = [max(k - 1, 0), k, min(k + 1, len(stack.image) - 1)]
    image, target = stack.image[index], stack.classes[k]
    image, label = _window(disturb(image, rng), target, rng, config)
    return image, label, stack.labelled


def _window(image: Tensor, target: Tensor, rng: np.random.Generator, config: TrainConfig) -> tuple[Tensor, Tensor]:
    """Cut or pad an image [3, row, column] and its classes to the training window, round what is marked."""
    size = (config.rows, config.columns)
    if tuple(target.shape) == size:
        return image, target
    spots = ((target > 0) & (target != 255)).nonzero()
    centre = spots.double().mean(dim=0).numpy() if len(spots) else np.array(target.shape) / 2
    out, label = torch.zeros(3, *size), torch.zeros(*size, dtype=torch.uint8)
    into, outof = [], []
    for wanted, wide, c in zip(size, target.shape, centre, strict=True):
        start = round(c + rng.normal(0, wanted / 16) - wanted / 2)
        start = int(np.clip(start, min(0, wide - wanted), max(0, wide - wanted)))
        a, b = max(start, 0), min(start + wanted, wide)
        into.append(slice(a - start, b - start))
        outof.append(slice(a, b))
    out[:, into[0], into[1]] = image[:, outof[0], outof[1]]
    label[into[0], into[1]] = target[outof[0], outof[1]]
    return out, label


def _batches(
    stacks: Sequence[LabelledStack], phantoms: Stream | None, config: TrainConfig, first: int
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    synthetic = config.batch if not stacks else round(config.batch * config.phantom_share) if phantoms else 0
    stream = phantoms(first * synthetic) if phantoms and synthetic else iter(())
    everything = frozenset(range(len(CLASSES)))
    step = first
    while True:
        parts: list[tuple[Tensor, Tensor, frozenset[int]]] = []
        for i in range(synthetic):
            image, target = next(stream)
            rng = np.random.default_rng([config.seed, 3, step, i])
            parts.append((*_window(torch.from_numpy(image), torch.from_numpy(target), rng, config), everything))
        parts += [_real(stacks, step * config.batch + i, config) for i in range(config.batch - synthetic)]
        labelled = torch.tensor([[k in p[2] for k in range(len(CLASSES))] for p in parts])
        images, targets = torch.stack([p[0] for p in parts]), torch.stack([p[1] for p in parts])
        rng = np.random.default_rng([config.seed, 2, step])
        images, targets = augment(images, targets, rng, config.rotate_degrees, config.scale)
        yield images, targets, labelled
        step += 1


def rate(step: int, config: TrainConfig) -> float:
    """Return the learning rate: a linear start, then half a cosine to 2 %."""
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    along = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.learning_rate * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * min(1.0, along))))


def train(
    model: ModelConfig,
    config: TrainConfig,
    *,
    stacks: Sequence[LabelledStack] = (),
    phantoms: Stream | None = None,
    start: dict[str, Tensor] | None = None,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    device: str = "cpu",
) -> dict[str, Tensor]:
    """Return the averaged weights after ``config.steps`` steps.

    ``start`` are weights to go on from. With ``checkpoint`` the run writes that file as it goes, and takes up where it finds one
    of the same configuration. ``progress`` is called with (step, steps, loss) after each step and may raise :class:`Cancelled`.
    """
    if not stacks and phantoms is None:
        raise ValueError("There is nothing to learn from: give labelled stacks, a phantom stream, or both.")
    torch.set_num_threads(1) if device == "cpu" else None
    torch.manual_seed(config.seed)
    network = SpineNetwork(model.network)
    if start is not None:
        network.load_state_dict(start)
    network.to(device).train()
    average = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    done = _resume(checkpoint, model, config, network, average, optimiser)
    for step, (images, targets, labelled) in zip(range(done, config.steps), _batches(stacks, phantoms, config, done), strict=False):
        for group in optimiser.param_groups:
            group["lr"] = rate(step, config)
        loss = marginal_loss(network(normalise(images.to(device), model.preprocessing)), targets.to(device), labelled.to(device))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        keep = min(config.average, (step + 1) / (step + 10))
        with torch.no_grad():
            for a, b in zip(average.parameters(), network.parameters(), strict=True):
                a.lerp_(b, 1 - keep)
        if progress is not None:
            progress(step + 1, config.steps, float(loss.detach()))
        if checkpoint is not None and (step + 1) % config.checkpoint_every == 0:
            _save(checkpoint, step + 1, model, config, network, average, optimiser)
    return {name: value.detach().cpu().clone() for name, value in average.state_dict().items()}


def _save(
    path: Path, step: int, model: ModelConfig, config: TrainConfig, network: SpineNetwork, average: SpineNetwork, optimiser: Any
) -> None:
    """Write the checkpoint beside its place and move it there, so that a crash leaves the one before."""
    tensors = {f"network.{k}": v.detach().cpu() for k, v in network.state_dict().items()}
    tensors |= {f"average.{k}": v.detach().cpu() for k, v in average.state_dict().items()}
    for index, parameter in enumerate(network.parameters()):
        state = optimiser.state[parameter]
        tensors |= {f"optimiser.{index}.{k}": state[k].detach().cpu().clone() for k in ("step", "exp_avg", "exp_avg_sq")}
    described = {"step": str(step), "run": json.dumps([asdict(model), asdict(config)], sort_keys=True)}
    temporary = path.with_suffix(".part")
    save_file({k: v.contiguous() for k, v in tensors.items()}, temporary, metadata=described)
    temporary.replace(path)


def _resume(
    path: Path | None, model: ModelConfig, config: TrainConfig, network: SpineNetwork, average: SpineNetwork, optimiser: Any
) -> int:
    """Load the checkpoint into the three and return the number of steps done; 0 when there is none of this configuration."""
    if path is None or not path.exists():
        return 0
    with safe_open(path, framework="pt") as file:
        described = file.metadata() or {}
        if described.get("run") != json.dumps([asdict(model), asdict(config)], sort_keys=True):
            return 0
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dict
    for prefix, module in (("network.", network), ("average.", average)):
        module.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
    for index, parameter in enumerate(network.parameters()):
        optimiser.state[parameter] = {
            k: tensors[f"optimiser.{index}.{k}"].to(parameter.device if k != "step" else "cpu") for k in ("step", "exp_avg", "exp_avg_sq")
        }
    return int(described["step"])
