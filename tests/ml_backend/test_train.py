"""Training repeats to the bit, resumes where it stopped, and learns nothing from what nobody labelled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ml_backend.learning.config import ModelConfig, NetworkConfig, TrainConfig
from ml_backend.learning.train import Cancelled, LabelledStack, marginal_loss, rate, train
from ml_backend.learning.weights import weights_pack, weights_unpack

MODEL = ModelConfig(network=NetworkConfig(channels=(8, 8), groups=4))
CONFIG = TrainConfig(steps=6, batch=2, rows=64, columns=64, checkpoint_every=2, warmup=2)


def stream(first: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield bright squares on noise: sample n depends on n alone."""
    n = first
    while True:
        rng = np.random.default_rng(n)
        classes = np.zeros((64, 64), np.uint8)
        row, column = rng.integers(5, 35, 2)
        classes[row : row + 20, column : column + 20] = 1
        yield (rng.random((3, 64, 64)) * 0.3 + classes).astype(np.float32), classes
        n += 1


def stack(seed: int = 0) -> LabelledStack:
    rng = np.random.default_rng(seed)
    classes = np.zeros((6, 80, 70), np.uint8)
    classes[:, 20:50, 20:40] = 1
    affine = np.eye(4)
    affine[:3, :3] = [[4, 0, 0], [0, 0, 1], [0, -1, 0]]
    return LabelledStack.prepare(rng.random(classes.shape) + classes, affine, classes, "MR", MODEL)


def equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def test_the_same_seed_gives_the_same_weights() -> None:
    runs = [train(MODEL, CONFIG, stacks=[stack()], phantoms=stream) for _ in range(2)]
    assert equal(*runs)
    assert not equal(runs[0], train(MODEL, replace(CONFIG, seed=2), stacks=[stack()], phantoms=stream))


def test_a_stopped_run_goes_on_as_if_it_had_not(tmp_path: Path) -> None:
    def stop(step: int, steps: int, loss: float) -> None:
        if step == 5:
            raise Cancelled

    whole = train(MODEL, CONFIG, stacks=[stack()], phantoms=stream)
    with pytest.raises(Cancelled):
        train(MODEL, CONFIG, stacks=[stack()], phantoms=stream, checkpoint=tmp_path / "run", progress=stop)
    steps: list[int] = []
    resumed = train(
        MODEL, CONFIG, stacks=[stack()], phantoms=stream, checkpoint=tmp_path / "run", progress=lambda s, n, loss: steps.append(s)
    )
    assert steps == [5, 6]
    assert equal(whole, resumed)


def test_a_checkpoint_of_another_configuration_is_not_taken(tmp_path: Path) -> None:
    train(MODEL, CONFIG, phantoms=stream, checkpoint=tmp_path / "run")
    steps: list[int] = []
    train(MODEL, replace(CONFIG, seed=9), phantoms=stream, checkpoint=tmp_path / "run", progress=lambda s, n, loss: steps.append(s))
    assert steps[0] == 1


def test_it_learns() -> None:
    losses: list[float] = []
    train(MODEL, replace(CONFIG, steps=60, batch=4, learning_rate=1e-2), phantoms=stream, progress=lambda s, n, loss: losses.append(loss))
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])


def test_an_unlabelled_structure_may_be_drawn_or_not() -> None:
    scores = torch.randn(1, 5, 8, 8, generator=torch.Generator().manual_seed(0))
    targets = torch.zeros(1, 8, 8, dtype=torch.uint8)
    targets[:, :4] = 1
    labelled = torch.tensor([[True, True, True, True, False]])
    probabilities = scores.softmax(dim=1)
    both = probabilities[:, 0] + probabilities[:, 4]
    moved = probabilities.clone()
    moved[:, 0], moved[:, 4] = 0.1 * both, 0.9 * both
    first, second = (marginal_loss(p.log(), targets, labelled) for p in (probabilities, moved))
    assert torch.allclose(first, second, atol=1e-5)


def test_an_ignored_voxel_gives_no_gradient() -> None:
    scores = torch.randn(1, 5, 8, 8, generator=torch.Generator().manual_seed(0), requires_grad=True)
    targets = torch.ones(1, 8, 8, dtype=torch.uint8)
    targets[:, 4:] = 255
    marginal_loss(scores, targets, torch.ones(1, 5, dtype=torch.bool)).backward()
    assert scores.grad is not None
    assert scores.grad[:, :, :4].abs().sum() > 0
    assert scores.grad[:, :, 4:].abs().sum() == 0


def test_a_class_that_never_occurs_counts_as_unlabelled() -> None:
    assert stack().labelled == {0, 1}


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to learn"):
        train(MODEL, CONFIG)


def test_the_rate_rises_then_falls() -> None:
    rates = [rate(step, TrainConfig(steps=100, warmup=10)) for step in range(100)]
    assert np.argmax(rates) in (9, 10)
    assert rates[-1] < 0.05 * max(rates)


def test_weights_pack_to_the_same_bytes_and_carry_their_configuration() -> None:
    weights = train(MODEL, replace(CONFIG, steps=1), phantoms=stream)
    data = weights_pack(weights, MODEL)
    again, config = weights_unpack(data)
    assert config == MODEL
    assert weights_pack(again, config) == data
    with pytest.raises(ValueError, match="no configuration"):
        weights_unpack((2).to_bytes(8, "little") + b"{}")
