"""The built-in model: learned from the phantom alone, by a recipe that repeats to the byte."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ml_backend.learning.config import CLASSES, ModelConfig, TrainConfig
from ml_backend.learning.inference import network_of
from ml_backend.learning.metrics import dice_by_class, mean
from ml_backend.learning.train import Progress, Stream, train
from ml_backend.learning.transforms import normalise
from ml_backend.learning.weights import weights_digest, weights_pack, weights_unpack


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights: the generator's seed and number of people, the training, the network."""

    version: int = 1
    seed: int = 7
    people: int = 220
    training: TrainConfig = field(
        default_factory=lambda: TrainConfig(
            seed=1, steps=900, learning_rate=4e-3, phantom_share=1.0, rows=320, columns=256, rotate_degrees=12.0, scale=(0.8, 1.25)
        )
    )
    model: ModelConfig = field(default_factory=ModelConfig)


def samples_digest(stream: Stream, count: int = 3) -> str:
    """Return the SHA-256 of the first samples, by which a change of the generator shows."""
    digest = hashlib.sha256()
    for image, classes in islice(stream(0), count):
        digest.update(np.ascontiguousarray(np.round(image, 3)).tobytes())
        digest.update(np.ascontiguousarray(classes).tobytes())
    return digest.hexdigest()


def measure(data: bytes, held_out: Stream, count: int) -> dict[str, Any]:
    """Return Dice on phantom slices that were not learned from."""
    weights, config = weights_unpack(data)
    network = network_of(weights, config)
    found: dict[str, list[float | None]] = {name: [] for name in CLASSES[1:]}
    with torch.inference_mode():
        for image, classes in islice(held_out(0), count):
            scores = network(normalise(torch.from_numpy(image)[None], config.preprocessing))
            for name, value in dice_by_class(scores.argmax(dim=1)[0].numpy().astype(np.uint8), classes, range(1, len(CLASSES))).items():
                found[name].append(value)
    structures = {name: mean(values) for name, values in found.items()}
    return {"slices": count, "structures": structures, "mean": mean(structures.values())}


def pretrain(
    recipe: Recipe,
    stream: Stream,
    held_out: Stream,
    *,
    slices: int = 48,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> tuple[bytes, dict[str, Any]]:
    """Return the weights file and its recipe as JSON. ``held_out`` yields phantoms of other people, to measure on ``slices``."""
    started = time.monotonic()
    weights = train(recipe.model, recipe.training, phantoms=stream, checkpoint=checkpoint, progress=progress)
    data = weights_pack(weights, recipe.model)
    return data, {
        "version": recipe.version,
        "made_by": "manage.py pretrain",
        "generator": {"seed": recipe.seed, "people": recipe.people, "first_samples_sha256": samples_digest(stream)},
        "training": asdict(recipe.training),
        "model": recipe.model.to_json(),
        "weights": {"sha256": weights_digest(data), "bytes": len(data), "parameters": sum(w.numel() for w in weights.values())},
        "environment": {"torch": torch.__version__.split("+")[0], "numpy": np.__version__, "threads": 1, "machine": platform.machine()},
        "report": {"phantom": measure(data, held_out, slices), "training": {"seconds": round(time.monotonic() - started, 1)}},
    }


def recipe_write(folder: Path, data: bytes, recipe: dict[str, Any]) -> None:
    (folder / "phantom.safetensors").write_bytes(data)
    (folder / "phantom.json").write_text(json.dumps(recipe, indent=1, sort_keys=True) + "\n")
