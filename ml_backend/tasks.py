"""Work done behind the scenes. Torch is loaded here, in the bodies, and nowhere that web imports."""

from __future__ import annotations

from typing import Any

from accounts.models import Project
from annotation.models import Case
from config.celery import JobContext, enqueue, job_task
from config.errors import Missing
from ml_backend.models import ModelVersion, TrainingRun
from ml_backend.services.model_version import champion_of


@job_task(kind="ml_backend.predict", queue="predict")
def predict(context: JobContext) -> dict[str, Any]:
    """Propose masks for a case: seconds per stack. The payload may name a ``model``; otherwise it is the project's champion.

    While slices are still being put together nothing is proposed: this is asked again when they are (``stack.ready``, ``series.settled``).
    """
    from ml_backend.services.drafting import prediction_make
    from storage.services.arrival import study_is_settling

    case = Case.objects.select_related("project", "subject", "protocol").filter(pk=context.payload["case"]).first()
    if case is None:
        raise Missing("The case is not there any more.", code="case_missing")
    if study_is_settling(study_id=case.study_id):
        return {"skipped": "still_arriving"}
    named = context.payload.get("model")
    model = ModelVersion.objects.get(pk=named) if named else champion_of(case.project)
    prediction = prediction_make(case=case, model=model, job=context.job)
    if prediction.revision_id is not None:
        revision = str(prediction.revision_id)
        enqueue(kind="annotation.region", payload={"revision": revision}, project=case.project, dedupe_key=f"annotation.region:{revision}")
    return {"prediction": str(prediction.pk), "skipped": prediction.skipped_reason, "stacks": len(prediction.scores)}


@job_task(kind="ml_backend.train", queue="train")
def train(context: JobContext) -> dict[str, Any]:
    """Freeze, train, measure and register: minutes on one core."""
    from ml_backend.services.training import training_run_execute

    run = TrainingRun.objects.select_related("project", "base_model", "result", "requested_by").get(pk=context.payload["training_run"])
    model = training_run_execute(run=run, tell=context.progress)
    return {
        "model": str(model.pk),
        "verdict": model.report.get("gate", {}).get("verdict", ""),
        "mean": model.report["sealed"]["after"]["mean"],
    }


@job_task(kind="ml_backend.repredict", queue="predict")
def repredict(context: JobContext) -> dict[str, Any]:
    """Ask for new proposals of a project's cases that nobody has begun: one job each."""
    project = Project.objects.get(pk=context.payload["project"])
    model = ModelVersion.objects.get(pk=context.payload["model"])
    waiting = Case.objects.filter(project=project, state__in=[Case.State.NEW, Case.State.PROPOSED], subject__withdrawn_at=None)
    asked = 0
    for case in waiting.exclude(subject__fold="sealed").order_by("-priority", "created_at").iterator():
        context.check()
        key = f"ml_backend.predict:{context.job.pk}:{case.pk}"
        enqueue(kind="ml_backend.predict", payload={"case": str(case.pk), "model": str(model.pk)}, project=project, dedupe_key=key)
        asked += 1
    return {"cases": asked}
