"""A click becomes a patch of the structure it lies in, and nothing outside the patch can change."""

from __future__ import annotations

import numpy as np
import pytest

from ml_backend.learning.prompts import Prompt, RandomWalker, View, roi_of

SPACING = (4.0, 1.0, 1.0)


def view(believed: float = 0.95) -> tuple[View, np.ndarray]:
    """Return a bright square on noise, believed in as much as ``believed``, and where it is."""
    rng = np.random.default_rng(1)
    truth = np.zeros((7, 120, 120), bool)
    truth[2:5, 40:65, 50:80] = True
    image = rng.normal(0, 8, truth.shape) + 100 * truth
    return View(image.astype(np.float32), np.where(truth, believed, 0.02).astype(np.float32), SPACING), truth


def drawn(view: View, prompts: list[Prompt]) -> np.ndarray:
    patch = RandomWalker().refine(view, prompts)
    whole = np.zeros(view.image.shape, bool)
    whole[tuple(slice(s, s + n) for s, n in zip(patch.start, patch.mask.shape, strict=True))] = patch.mask
    return whole


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


@pytest.mark.parametrize("believed", [0.95, 0.02], ids=["the model agrees", "the model saw nothing"])
def test_a_click_finds_the_structure_on_its_slices(believed: float) -> None:
    scene, truth = view(believed)
    found = drawn(scene, [Prompt("click", ((3, 52, 65),))])
    assert overlap(found[3], truth[3]) > 0.85


def test_a_negative_click_takes_away() -> None:
    scene, _ = view()
    kept = [Prompt("click", ((3, 52, 55),)), Prompt("click", ((3, 52, 76),), positive=False)]
    assert drawn(scene, kept[:1])[3, 52, 76]
    assert not drawn(scene, kept)[3, 52, 76]


def test_a_box_draws_what_is_in_it() -> None:
    scene, truth = view(0.4)
    found = drawn(scene, [Prompt("box", ((3, 38, 48), (3, 67, 82)))])
    assert overlap(found[3], truth[3]) > 0.85


def test_a_scribble_is_all_inside() -> None:
    scene, _ = view(0.3)
    path = tuple((3, 45, column) for column in range(54, 76))
    assert all(drawn(scene, [Prompt("scribble", path)])[point] for point in path)


def test_the_patch_is_small() -> None:
    rows, columns = roi_of((20, 512, 512), (4.4, 0.6, 0.6), [Prompt("click", ((10, 200, 200),))])[1:]
    assert rows.stop - rows.start < 90
    assert columns.stop - columns.start < 90


@pytest.mark.parametrize("prompts", [[], [Prompt("click", ((3, 500, 1),))], [Prompt("click", ((3, 5, 5),), positive=False)]])
def test_prompts_that_mean_nothing_are_refused(prompts: list[Prompt]) -> None:
    with pytest.raises(ValueError, match="inside"):
        RandomWalker().refine(view()[0], prompts)
