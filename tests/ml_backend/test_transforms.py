"""Stacks of any orientation reach the work grid, and what is found comes back to the voxel it belongs to."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
import torch

from ml_backend.learning.config import ModelConfig, Preprocessing
from ml_backend.learning.transforms import WorkGrid, augment, layout_of, normalise, resample_matrix, triples_of

PROFILE = Preprocessing()


def affine_of(order: tuple[int, ...], signs: tuple[int, ...], spacing: tuple[float, float, float]) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, (world, sign) in enumerate(zip(order, signs, strict=True)):
        affine[world, axis] = sign * spacing[axis]
    return affine


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_every_orientation_is_turned_the_same_way_and_back(order: tuple[int, ...]) -> None:
    volume = np.arange(5 * 6 * 7).reshape(5, 6, 7)
    for signs in product((1, -1), repeat=3):
        affine = affine_of(order, signs, (2.0, 1.0, 1.0))
        layout = layout_of(affine)
        turned = layout.apply(volume)
        corner = np.argwhere(volume == turned[0, 0, 0])[0]
        world = affine[:3, :3] @ corner
        others = [affine[:3, :3] @ np.array(c) for c in product((0, 4), (0, 5), (0, 6))]
        assert world[0] == min(o[0] for o in others), "slices run to the patient's left"
        assert world[1] == min(o[1] for o in others), "columns run to the back"
        assert world[2] == max(o[2] for o in others), "rows run to the feet"
        assert np.array_equal(layout.undo(turned), volume)


@pytest.mark.parametrize(
    ("shape", "spacing"), [((12, 200, 160), (4.4, 0.7, 0.7)), ((9, 90, 80), (3.0, 1.9, 1.9)), ((5, 120, 100), (4.0, 1.1, 1.3))]
)
def test_labels_come_back_to_their_own_voxels(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> None:
    affine = affine_of((0, 2, 1), (-1, 1, -1), spacing)
    labels = np.zeros(shape, np.uint8)
    labels[2:4, shape[1] // 4 : shape[1] // 2, shape[2] // 3 : shape[2] // 2] = 1
    grid = WorkGrid.of(affine, shape, PROFILE)
    work = grid.labels(labels, 2)
    back = grid.back((work == 1).float()) > 0.5
    overlap = (back & (labels == 1)).sum() * 2 / (back.sum() + labels.sum())
    assert back.shape == shape
    assert overlap > 0.95
    assert {int(k) for k in np.flatnonzero(back.any(axis=(1, 2)))} == {2, 3}, "a sagittal stack keeps its own slices"


def test_an_axial_stack_is_cut_into_sagittal_slices() -> None:
    affine = affine_of((2, 1, 0), (1, 1, 1), (2.0, 1.0, 1.0))
    grid = WorkGrid.of(affine, (60, 100, 90), PROFILE)
    assert grid.shape == (30, 126, 105)
    assert grid.back(torch.zeros(grid.shape)).shape == (60, 100, 90)


@pytest.mark.parametrize(("inside", "outside", "step"), [(10, 5, 2.0), (10, 20, 0.5), (7, 7, 1.0), (13, 9, 13 / 9)])
def test_resampling_keeps_a_constant_and_a_ramp(inside: int, outside: int, step: float) -> None:
    matrix = resample_matrix(inside, outside, step)
    assert torch.allclose(matrix.sum(dim=1), torch.ones(outside), atol=1e-5)
    ramp = matrix @ torch.arange(inside, dtype=torch.float32)
    centres = (torch.arange(outside) + 0.5) * step - 0.5
    assert torch.allclose(ramp[1:-1], centres[1:-1], atol=0.1)


def test_an_ignored_voxel_stays_ignored() -> None:
    labels = np.full((3, 40, 40), 255, np.uint8)
    labels[1] = 1
    work = WorkGrid.of(affine_of((0, 2, 1), (1, -1, 1), (4.0, 1.0, 1.0)), (3, 40, 40), PROFILE).labels(labels, 2)
    assert (work[0] == 255).all()
    assert (work[1] == 1).all()


def test_normalising_does_not_depend_on_the_scanners_scale() -> None:
    image = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(normalise(image, PROFILE), normalise(image * 700 + 30, PROFILE), atol=1e-3)


def test_neighbours_of_the_ends_repeat() -> None:
    triples = triples_of(torch.arange(4.0).view(4, 1, 1))
    assert triples[:, :, 0, 0].tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 3]]


def test_augmentation_never_mirrors() -> None:
    image = torch.zeros(20, 3, 64, 48)
    image[:, :, 10:20, 30:40] = 1
    moved, _ = augment(image, (image[:, 0] > 0).to(torch.uint8), np.random.default_rng(1), 12, (0.8, 1.25))
    for picture in moved[:, 0]:
        rows, columns = picture.nonzero(as_tuple=True)
        assert rows.float().mean() < 32
        assert columns.float().mean() > 24


def test_a_profile_that_changed_is_refused() -> None:
    stored = ModelConfig().to_json()
    assert ModelConfig.from_json(stored) == ModelConfig()
    stored["preprocessing"]["spacing"] = 1.0
    with pytest.raises(ValueError, match="profile"):
        ModelConfig.from_json(stored)
