"""``manage.py pretrain``: make the built-in model from the phantom."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from ml_backend.services.model_version import WEIGHTS


class Command(BaseCommand):
    help = "Train the built-in model on synthetic spines and write its weights and recipe. The same recipe gives the same bytes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--steps", type=int, help="Steps of training; the recipe's own number by default.")
        parser.add_argument("--people", type=int, help="How many synthetic people to learn from.")
        parser.add_argument("--release", type=int, help="Version of the built-in model.")
        parser.add_argument("--out", type=Path, default=WEIGHTS, help="Folder to write to; what Columna carries by default.")
        parser.add_argument("--checkpoint", type=Path, help="File to keep the run in, so that it can go on after a stop.")

    def handle(self, *args: Any, **options: Any) -> None:
        from ml_backend.learning.pretrain import Recipe, pretrain, recipe_write
        from storage.phantom.slab import slab_stream

        recipe = Recipe()
        recipe = replace(recipe, people=options["people"] or recipe.people, version=options["release"] or recipe.version)
        recipe = replace(recipe, training=replace(recipe.training, steps=options["steps"] or recipe.training.steps))

        def stream(first: int) -> Iterator[Any]:
            return slab_stream(recipe.seed, people=recipe.people, start=first)

        def held_out(first: int) -> Iterator[Any]:
            return slab_stream(recipe.seed + 1, people=24, start=first)

        losses: list[float] = []

        def progress(step: int, steps: int, loss: float) -> None:
            losses.append(loss)
            if step % 25 == 0 or step == steps:
                self.stdout.write(f"step {step} of {steps}: loss {sum(losses[-25:]) / len(losses[-25:]):.3f}")

        data, made = pretrain(recipe, stream, held_out, checkpoint=options["checkpoint"], progress=progress)
        options["out"].mkdir(parents=True, exist_ok=True)
        recipe_write(options["out"], data, made)
        figures = made["report"]
        self.stdout.write(
            f"{len(data) / 1e6:.2f} MB, {made['weights']['parameters']} parameters, {figures['training']['seconds']:.0f} s, "
            f"mean Dice {figures['phantom']['mean']:.3f} on {figures['phantom']['slices']} slices of other phantoms"
        )
