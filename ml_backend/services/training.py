"""A training run from the frozen version to the registered model: what a worker does; it loads torch."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from config.errors import Conflict
from datasets.models import Version
from datasets.services.dataset import dataset_for_training
from datasets.services.selection import pins_load
from datasets.services.version import version_freeze
from ml_backend.learning.config import ModelConfig, TrainConfig
from ml_backend.learning.gate import gate_check, structure_means
from ml_backend.learning.inference import OutOfProfile, guard, network_of
from ml_backend.learning.metrics import mean
from ml_backend.learning.train import LabelledStack, Stream, train
from ml_backend.learning.weights import weights_pack, weights_unpack
from ml_backend.models import ModelVersion, TrainingRun
from ml_backend.services.drafting import network_load
from ml_backend.services.evaluation import evaluate, references_of
from ml_backend.services.labels import taught_classes
from ml_backend.services.model_version import model_register
from ml_backend.services.training_run import cases_for
from storage.models import Stack
from storage.phantom.slab import slab_stream
from storage.services.blob import blob_read
from storage.services.stack import stack_geometry, stack_volume

if TYPE_CHECKING:
    from collections.abc import Iterator

Report = Callable[[float, str], None]
PEOPLE = 24
"""Phantoms that keep a fine-tune from forgetting what the base model knew."""


def code_version() -> str:
    """Return the commit this runs from, or the release where there is no repository."""
    command = ["git", "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    except OSError:
        return "unknown"
    return found.stdout.strip() or "unknown"


def phantoms_of(seed: int, people: int = PEOPLE) -> Stream:
    """Return a stream of phantom samples for a run's seed."""

    def stream(first: int) -> Iterator[Any]:
        return slab_stream(seed * 1000 + 77, people=people, start=first)

    return stream


def _freeze(run: TrainingRun, tell: Report) -> Version:
    """Return the run's frozen version; made once, so that a second attempt learns from the same readings."""
    if run.dataset_version_id is None:
        dataset = dataset_for_training(project=run.project)
        cases = list(cases_for(project=run.project, labels=run.labels).select_related("subject", "study", "protocol__schema"))
        version = version_freeze(
            dataset=dataset, kind=Version.Kind.TRAINING, cases=cases, user=run.requested_by, progress=lambda f, note: tell(0.15 * f, note)
        )
        run.dataset_version = version
        run.save(update_fields=["dataset_version"])
        return version
    return Version.objects.select_related("draft").get(pk=run.dataset_version_id)


def _stacks(version: Version, config: ModelConfig, tell: Report) -> tuple[list[LabelledStack], list[str]]:
    """Return what the version teaches, on the work grid, and the patients it comes from."""
    prepared: list[LabelledStack] = []
    patients: set[str] = set()
    pins = pins_load(version.draft.pins)
    for index, pin in enumerate(pins):
        tell(0.15 + 0.05 * index / len(pins), f"Reading case {index + 1} of {len(pins)}")
        if pin.case.subject.fold != "train":
            raise Conflict("A patient outside the train fold is in this version; nothing is trained on it.", code="sealed_in_training")
        wanted = [entry["stack"] for entry in pin.revision.content["stacks"]]
        for stack in Stack.objects.filter(pk__in=wanted).select_related("series").order_by("pk"):
            taught = taught_classes(revision=pin.revision, stack=stack)
            geometry = stack_geometry(stack=stack)
            if geometry is None or not taught.present:
                continue
            try:
                guard(stack.series.modality, geometry.affine, geometry.shape)
            except OutOfProfile:
                continue
            volume, _ = stack_volume(stack=stack)
            prepared.append(LabelledStack.prepare(volume, geometry.affine, taught.classes, stack.series.modality, config))
            patients.add(pin.case.subject.pseudonym)
    if not prepared:
        raise Conflict(
            "The frozen readings mark nothing that the model learns. Submit vertebrae, discs or the canal.", code="nothing_to_learn"
        )
    return prepared, sorted(patients)


def training_run_execute(*, run: TrainingRun, tell: Report) -> ModelVersion:
    """Freeze, train, measure, judge, register; return the model. A repeat goes on from the last checkpoint.

    ``tell(fraction, note)`` hears of progress and may raise to stop the run.
    """
    if run.result is not None:
        return run.result
    version = _freeze(run, tell)
    weights, config = weights_unpack(blob_read(digest=run.base_model.weights_digest))
    stacks, patients = _stacks(version, config, tell)
    plan = TrainConfig.from_json(run.config)
    folder = settings.ENVIRONMENT.data_dir / "training" / str(run.pk)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    losses: list[float] = []
    started = time.monotonic()
    last = [0.0]

    def progress(step: int, steps: int, loss: float) -> None:
        losses.append(loss)
        if time.monotonic() - last[0] > 1 or step == steps:
            last[0] = time.monotonic()
            tell(0.2 + 0.6 * step / steps, f"Step {step} of {steps}, loss {sum(losses[-20:]) / len(losses[-20:]):.3f}")

    learned = train(
        config,
        plan,
        stacks=stacks,
        phantoms=phantoms_of(plan.seed),
        start=weights,
        checkpoint=folder / "run.safetensors",
        progress=progress,
    )
    seconds = time.monotonic() - started
    data = weights_pack(learned, config)
    tuned, _ = weights_unpack(data)
    networks = {"before": network_load(run.base_model.weights_digest), "after": (network_of(tuned, config), config)}
    scores = evaluate(networks, references_of(run.project), lambda f: tell(0.8 + 0.19 * f, "Measuring on sealed patients"))
    gate = gate_check(scores["before"], scores["after"])
    report = {
        "sealed": {name: {"patients": found, "structures": structure_means(found), "mean": _mean(found)} for name, found in scores.items()},
        "gate": gate.to_json(),
        "training": {
            "seconds": round(seconds, 1),
            "steps": plan.steps,
            "seed": plan.seed,
            "stacks": len(stacks),
            "patients": len(patients),
            "loss": [round(sum(losses[i : i + 10]) / len(losses[i : i + 10]), 4) for i in range(0, len(losses), 10)],
            "phantom_share": plan.phantom_share,
        },
        "data": {"version": str(version), "manifest": version.manifest_digest, "labels": run.labels},
        "code": code_version(),
    }
    model = model_register(
        project=run.project, data=data, config=config.to_json(), dataset_version=version, parent=run.base_model, report=report
    )
    TrainingRun.objects.filter(pk=run.pk).update(result=model, report=report)
    shutil.rmtree(folder, ignore_errors=True)
    return model


def _mean(scores: dict[str, dict[str, float | None]]) -> float | None:
    return mean(mean(by.values()) for by in scores.values())
