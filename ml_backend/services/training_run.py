"""Asking for a training run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.services.audit import audit_record
from annotation.models import Case, Revision
from config.errors import Conflict
from ml_backend.learning.config import TrainConfig
from ml_backend.models import TrainingRun
from ml_backend.services.model_version import champion_of, models_sync

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import Project, User


def cases_for(*, project: Project, labels: str) -> QuerySet[Case]:
    """Return the cases a run learns from: of the train fold, with a submitted reading (or import, if asked for).

    Sealed patients judge a model and validation patients tune one; neither ever trains it.
    """
    revisions = Revision.objects.authored().filter(annotation__state="submitted", annotation__branch_of=None)
    if labels == TrainingRun.Labels.READINGS:
        revisions = revisions.exclude(annotation__author_kind="import")
    trainable = Case.objects.filter(project=project, subject__fold="train", subject__withdrawn_at=None)
    return trainable.filter(pk__in=revisions.values("annotation__case")).order_by("pk")


def training_run_create(*, project: Project, user: User | None, labels: str, steps: int, seed: int, from_champion: bool) -> TrainingRun:
    """Return a run that waits for its job. Raises :class:`Conflict` when there is nothing to learn from or one is under way."""
    if not cases_for(project=project, labels=labels).exists():
        raise Conflict("No reading of a patient of the train fold has been submitted. Submit one, then retrain.", code="nothing_to_learn")
    running = TrainingRun.objects.under_way().filter(project=project).first()
    if running is not None:
        raise Conflict(
            "This project trains already. Wait for it, or cancel its job.", code="training", state={"training_run": str(running.pk)}
        )
    base = champion_of(project) if from_champion else models_sync()
    config = asdict(TrainConfig(seed=seed, steps=steps))
    with transaction.atomic():
        run = TrainingRun.objects.create(project=project, base_model=base, labels=labels, config=config, requested_by=user)
        audit_record(actor=user, verb="training_run.create", object=run, project=project, detail={"labels": labels, "steps": steps})
    return run
