"""Who may call the endpoints of learning."""

from __future__ import annotations

from django.core import signing

from ml_backend.api.prompt import SALT
from ml_backend.models import Prediction, TrainingRun
from tests.ml_backend.cases import make_model, make_phantom_case
from tests.permissions import Case, World


def _model(world: World) -> None:
    world.things["model"] = make_model(world.project)


def _run(world: World) -> None:
    _model(world)
    world.things["run"] = TrainingRun.objects.create(project=world.project, base_model=world.things["model"])


def _case(world: World) -> None:
    world.things["case"] = make_phantom_case(world.project)
    world.things["stack"] = world.things["case"].stacks.get()


def _prediction(world: World) -> None:
    _model(world)
    _case(world)
    world.things["prediction"] = Prediction.objects.create(
        project=world.project, case=world.things["case"], model_version=world.things["model"], stacks_digest="0" * 64
    )


def _token(world: World) -> str:
    person = str(world.asking.pk) if world.asking else ""
    return signing.dumps({"session": "0", "person": person, "stack": str(world.things["stack"].pk)}, salt=SALT)


def _id(world: World, name: str) -> str:
    return str(world.things[name].pk)


CASES = [
    Case(
        "GET", "models", "model.view", lambda w: f"/api/models?project={w.project.slug}", prepare=_model, denied="empty", outsider="allowed"
    ),
    Case("GET", "models/{id}", "model.view", lambda w: f"/api/models/{_id(w, 'model')}", prepare=_model, denied=404),
    Case(
        *("POST", "models/{id}/promote", "model.promote", lambda w: f"/api/models/{_id(w, 'model')}/promote"),
        body=lambda w: {},
        prepare=_model,
        denied="hidden",
    ),
    Case("GET", "training-runs", "model.view", lambda w: "/api/training-runs", prepare=_run, denied="empty", outsider="empty"),
    Case("GET", "training-runs/{id}", "model.view", lambda w: f"/api/training-runs/{_id(w, 'run')}", prepare=_run, denied=404),
    Case("POST", "training-runs", "model.train", lambda w: "/api/training-runs", body=lambda w: {"project": w.project.slug}),
    Case("GET", "predictions", "case.manage", lambda w: "/api/predictions", prepare=_prediction, denied="empty", outsider="empty"),
    Case("GET", "predictions/{id}", "case.manage", lambda w: f"/api/predictions/{_id(w, 'prediction')}", prepare=_prediction, denied=404),
    Case(
        *("POST", "prompts/sessions", "case.label", lambda w: "/api/prompts/sessions"),
        body=lambda w: {"stack": _id(w, "stack")},
        prepare=_case,
        denied="hidden",
    ),
    Case(
        *("POST", "prompts/sessions/{token}/points", "case.label", lambda w: f"/api/prompts/sessions/{_token(w)}/points"),
        body=lambda w: {"points": [[1, 2, 3]]},
        prepare=_case,
        denied="hidden",
    ),
]
