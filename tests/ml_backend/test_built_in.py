"""The built-in model is the one its recipe names, and its generator still draws what it learned from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from ml_backend.learning.config import CLASSES, ModelConfig
from ml_backend.learning.draft import draft_of
from ml_backend.learning.inference import OutOfProfile, guard, network_of, predict
from ml_backend.learning.metrics import dice_by_class
from ml_backend.learning.network import SpineNetwork, parameter_count
from ml_backend.learning.pretrain import Recipe, pretrain, samples_digest
from ml_backend.learning.weights import weights_unpack
from ml_backend.models import ModelVersion
from ml_backend.services.model_version import WEIGHTS, models_sync
from storage.phantom.image import ct_render
from storage.phantom.slab import classes_of, slab_stream
from storage.phantom.spine import SpineSpec
from tests.ml_backend.cases import GRID, phantom

RECIPE = json.loads((WEIGHTS / "phantom.json").read_text())
DATA = (WEIGHTS / "phantom.safetensors").read_bytes()


@pytest.fixture(scope="module")
def network() -> tuple[SpineNetwork, ModelConfig]:
    weights, config = weights_unpack(DATA)
    torch.set_num_threads(1)
    return network_of(weights, config), config


def test_the_weights_are_the_recipes() -> None:
    recipe = Recipe()
    assert hashlib.sha256(DATA).hexdigest() == RECIPE["weights"]["sha256"]
    assert RECIPE["weights"]["parameters"] == parameter_count(SpineNetwork(ModelConfig().network)) < 300_000
    assert len(DATA) < 1_000_000
    assert (RECIPE["generator"]["people"], RECIPE["training"]["steps"]) == (recipe.people, recipe.training.steps)
    assert weights_unpack(DATA)[1] == recipe.model


def test_the_generator_still_draws_what_the_model_learned_from() -> None:
    recipe = Recipe()

    def stream(first: int) -> Iterator[Any]:
        return slab_stream(recipe.seed, people=recipe.people, start=first)

    assert samples_digest(stream) == RECIPE["generator"]["first_samples_sha256"], "the phantom changed: run manage.py pretrain"


def test_a_recipe_gives_the_same_bytes_twice() -> None:
    recipe = replace(Recipe(), training=replace(Recipe().training, steps=1, batch=2), people=2)

    def stream(first: int) -> Iterator[Any]:
        return slab_stream(recipe.seed, people=recipe.people, start=first)

    (first, made), (second, _) = (pretrain(recipe, stream, stream, slices=1) for _ in range(2))
    assert first == second
    assert made["weights"]["sha256"] == hashlib.sha256(first).hexdigest()


@pytest.mark.parametrize("seed", [1001, 1002, 1003])
def test_it_draws_people_it_never_saw(network: tuple[SpineNetwork, ModelConfig], seed: int) -> None:
    scan = phantom(seed)
    found = predict(*network, scan.pixels, GRID.affine, "MR").classes
    scores = dice_by_class(found, classes_of(scan.anatomy.instances, scan.anatomy.canal), (1, 2, 3))
    assert all(value is not None and value > 0.6 for value in scores.values()), scores


def test_an_axial_ct_comes_back_on_its_own_grid(network: tuple[SpineNetwork, ModelConfig]) -> None:
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = [0, 0, 3], [0, 1.5, 0], [1.5, 0, 0], [-120, -110, -30]
    scan = ct_render(SpineSpec.draw(1004, variant="normal"), affine, (70, 150, 160), parts=1)
    prediction = predict(*network, scan.pixels, affine, "CT")
    draft = draft_of(prediction, [str(k) for k in range(70)])
    truth = classes_of(scan.anatomy.instances, scan.anatomy.canal)
    assert draft.masks["instances"].shape == scan.pixels.shape
    assert (dice_by_class(prediction.classes, truth, (1,))["vertebra"] or 0) > 0.5
    assert {"L5", "L4", "L3"} <= {s["structure"] for s in draft.segments}
    assert not prediction.classes[:, :, :20].any(), "what lies far from the canal is not looked at"


def test_what_is_out_of_profile_is_named() -> None:
    with pytest.raises(OutOfProfile, match="radiographs") as refusal:
        guard("DX", GRID.affine, GRID.shape)
    assert refusal.value.code == "modality_unsupported"
    with pytest.raises(OutOfProfile) as refusal:
        guard("MR", None, GRID.shape)
    assert refusal.value.code == "no_volume"
    thick = np.diag([1.0, 1.0, 3.0, 1.0])[[2, 1, 0, 3]]
    with pytest.raises(OutOfProfile) as refusal:
        guard("MR", thick, (16, 100, 100))
    assert refusal.value.code == "too_little_seen"


@pytest.mark.django_db
def test_syncing_registers_it_once() -> None:
    first, second = models_sync(), models_sync()
    assert first == second
    assert (first.project, first.state) == (None, "champion")
    assert ModelVersion.objects.count() == 1
    assert first.config["class_names"] == list(CLASSES)
