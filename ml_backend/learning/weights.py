"""Weights as bytes: half-precision safetensors with the model's configuration in the header."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import torch
from safetensors.torch import load, save
from torch import Tensor

from ml_backend.learning.config import ModelConfig


def weights_pack(weights: Mapping[str, Tensor], config: ModelConfig) -> bytes:
    """Return the file's bytes; the same weights and configuration give the same bytes."""
    half = {name: value.to(torch.float16).contiguous() for name, value in sorted(weights.items())}
    return bytes(save(half, metadata={"config": json.dumps(config.to_json(), sort_keys=True)}))


def weights_unpack(data: bytes) -> tuple[dict[str, Tensor], ModelConfig]:
    """Return float32 weights and the configuration. Raises ``ValueError`` when the file carries none."""
    length = int.from_bytes(data[:8], "little")
    described = json.loads(data[8 : 8 + length]).get("__metadata__", {})
    if "config" not in described:
        raise ValueError("These weights carry no configuration: they were not written by Columna.")
    return {name: value.float() for name, value in load(data).items()}, ModelConfig.from_json(json.loads(described["config"]))


def weights_digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
