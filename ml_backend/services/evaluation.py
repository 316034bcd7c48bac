"""How good a model is on the sealed patients of a project; it loads torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from annotation.models import Case
from annotation.services.slices import slice_keys
from datasets.services.selection import pins_choose
from ml_backend.learning.draft import draft_of
from ml_backend.learning.gate import Scores
from ml_backend.learning.inference import OutOfProfile, guard, predict
from ml_backend.learning.metrics import dice_by_class, mean
from ml_backend.services.labels import IGNORE, taught_classes
from storage.models import Stack
from storage.services.stack import stack_geometry, stack_volume

if TYPE_CHECKING:
    from accounts.models import Project
    from annotation.models import Revision
    from ml_backend.learning.config import ModelConfig
    from ml_backend.learning.network import SpineNetwork


def references_of(project: Project) -> list[Revision]:
    """Return the reading that stands for each sealed case: consensus before adjudication before reading before import."""
    sealed = Case.objects.filter(project=project, subject__fold="sealed", subject__withdrawn_at=None).select_related("subject")
    return [pin.revision for pin in pins_choose(sealed)[0]]


def evaluate(
    networks: dict[str, tuple[SpineNetwork, ModelConfig]], references: list[Revision], note: Callable[[float], None]
) -> dict[str, Scores]:
    """Return per network, per patient (pseudonym) the Dice of each structure that the patient's reference marks.

    Measured is what would be proposed, after components and numbering. Each stack is read once for all networks. ``note`` is told the share done.
    """
    found: dict[str, Scores] = {name: {} for name in networks}
    parts: dict[str, dict[str, dict[str, list[float | None]]]] = {name: {} for name in networks}
    for index, revision in enumerate(references):
        note(index / len(references))
        patient = revision.annotation.case.subject.pseudonym
        wanted = [entry["stack"] for entry in revision.content["stacks"]]
        for stack in Stack.objects.filter(pk__in=wanted).select_related("series").order_by("pk"):
            taught = taught_classes(revision=revision, stack=stack)
            geometry = stack_geometry(stack=stack)
            if geometry is None or not taught.present:
                continue
            try:
                guard(stack.series.modality, geometry.affine, geometry.shape)
            except OutOfProfile:
                continue
            volume, _ = stack_volume(stack=stack)
            for name, (network, config) in networks.items():
                prediction = predict(network, config, volume, geometry.affine, stack.series.modality)
                classes = draft_of(prediction, slice_keys(stack)).classes
                classes[~np.isin(classes, sorted(taught.present))] = 0
                scores = dice_by_class(classes, np.where(taught.classes == IGNORE, 255, taught.classes).astype(np.uint8), taught.present)
                for structure, value in scores.items():
                    parts[name].setdefault(patient, {}).setdefault(structure, []).append(value)
    for name, by_patient in parts.items():
        found[name] = {p: {s: mean(values) for s, values in sorted(by.items())} for p, by in sorted(by_patient.items())}
    return found
