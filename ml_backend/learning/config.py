"""What a model is made of and how it is trained: frozen values, written beside the weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

CLASSES = ("background", "vertebra", "disc", "canal", "sacrum")
"""What the network tells apart; the index is the class."""


@dataclass(frozen=True)
class Preprocessing:
    """How any stack becomes what the network sees. Rows run to the feet, columns to the back, slices to the patient's left."""

    version: int = 1
    spacing: float = 0.95
    slice_pitch: float = 3.0
    clip: tuple[float, float] = (0.005, 0.995)
    window: tuple[float, float] = (-200.0, 1000.0)
    local_mm: float = 23.0
    multiple: int = 32

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class NetworkConfig:
    """``fold`` squares of pixels enter as channels and leave again, so that the network works at half the image's resolution."""

    channels: tuple[int, ...] = (16, 24, 32, 48, 64)
    groups: int = 8
    fold: int = 2
    inputs: int = 6
    classes: int = len(CLASSES)


@dataclass(frozen=True)
class TrainConfig:
    """``phantom_share`` of every batch is drawn from the phantom, so that a fine-tune forgets nothing."""

    seed: int = 1
    steps: int = 500
    batch: int = 8
    learning_rate: float = 6e-3
    weight_decay: float = 1e-4
    warmup: int = 20
    average: float = 0.99
    phantom_share: float = 0.25
    rows: int = 256
    columns: int = 192
    rotate_degrees: float = 8.0
    scale: tuple[float, float] = (0.88, 1.14)
    checkpoint_every: int = 50

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TrainConfig:
        read: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return cls(**read)


@dataclass(frozen=True)
class ModelConfig:
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    network: NetworkConfig = field(default_factory=NetworkConfig)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"preprocessing_digest": self.preprocessing.digest, "class_names": list(CLASSES)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ModelConfig:
        """Read what :meth:`to_json` wrote. Raises ``ValueError`` when the profile is not the one its digest names."""
        read: dict[str, dict[str, Any]] = {
            part: {k: tuple(v) if isinstance(v, list) else v for k, v in data[part].items()} for part in ("preprocessing", "network")
        }
        preprocessing, network = Preprocessing(**read["preprocessing"]), NetworkConfig(**read["network"])
        if data.get("preprocessing_digest", preprocessing.digest) != preprocessing.digest:
            raise ValueError(
                f"The preprocessing profile is {preprocessing.digest}, the model was made with {data['preprocessing_digest']}."
            )
        return cls(preprocessing, network)
