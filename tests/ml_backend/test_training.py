"""Retraining through the product: frozen readings in, a judged model out, sealed patients never among the first."""

from __future__ import annotations

import pytest

from accounts.models import Project
from ml_backend.models import ModelVersion, TrainingRun
from ml_backend.services.labels import IGNORE, taught_classes
from ml_backend.services.model_version import models_sync
from tests.factories import make_member, make_project
from tests.ml_backend.cases import make_phantom_case
from tests.work import work_off

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project(client) -> Project:
    found = make_project()
    client.force_login(make_member("data_manager", found), backend="django.contrib.auth.backends.ModelBackend")
    return found


def ask(client, project: Project, **fields: object):
    body = {"project": project.slug, "labels": "all", "steps": 2, **fields}
    return client.post("/api/training-runs", body, content_type="application/json")


def test_retraining_makes_a_candidate_with_figures_before_and_after(client, project: Project) -> None:
    learned = [make_phantom_case(project, seed=s, labelled=True) for s in (1, 2)]
    sealed = make_phantom_case(project, seed=3, labelled=True, fold="sealed")
    work_off()
    answer = ask(client, project)
    assert answer.status_code == 202, answer.content
    assert answer.json()["state"] == "queued"
    assert ask(client, project).status_code == 409, "one at a time"
    work_off()
    run = client.get(f"/api/training-runs/{answer.json()['id']}").json()
    assert run["state"] == "succeeded", run
    model = ModelVersion.objects.get(pk=run["model"])
    assert (model.state, model.parent) == ("candidate", models_sync())
    assert set(model.report["sealed"]["after"]["patients"]) == {sealed.subject.pseudonym}
    assert set(model.report["sealed"]["before"]["structures"]) == {"vertebra", "disc", "canal", "sacrum"}
    assert model.report["gate"]["verdict"] == "insufficient"
    assert model.report["training"]["patients"] == 2
    version = model.dataset_version
    assert version is not None
    assert model.report["data"]["manifest"] == version.manifest_digest
    assert {pin["case"] for pin in version.draft.pins} == {str(case.pk) for case in learned}
    assert client.get(f"/api/models?project={project.slug}").json()["count"] == 2


def test_nothing_submitted_is_nothing_to_learn(client, project: Project) -> None:
    make_phantom_case(project, labelled=True, fold="sealed")
    answer = ask(client, project)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "nothing_to_learn"


def test_imported_masks_are_learned_from_only_when_asked_for(client, project: Project) -> None:
    make_phantom_case(project, labelled=True)
    assert ask(client, project, labels="readings").status_code == 409
    assert ask(client, project, labels="all").status_code == 202
    assert TrainingRun.objects.get().labels == "all"


def test_a_proposal_left_alone_teaches_nothing(project: Project) -> None:
    case = make_phantom_case(project, labelled=True)
    stack = case.stacks.get()
    revision = case.annotations.get(author_kind="import").revisions.get()
    said = taught_classes(revision=revision, stack=stack)
    assert said.present == {1, 2, 3, 4}
    untouched = {**revision.content, "segments": [{**s, "status": "proposed"} for s in revision.content["segments"]]}
    revision.content = untouched
    assert taught_classes(revision=revision, stack=stack).present == frozenset()
    changed = next(s for s in untouched["segments"] if s["structure"] == "L3")
    revision.figures = {"segments": [{**changed, "voxels_changed": 12}]}
    said = taught_classes(revision=revision, stack=stack)
    assert said.present == {1}
    assert (said.classes == IGNORE).any()


def test_sealed_and_validation_patients_never_reach_training(project: Project) -> None:
    from ml_backend.services.training_run import cases_for

    cases = {fold: make_phantom_case(project, seed=n, labelled=True, fold=fold) for n, fold in enumerate(("sealed", "validation", "train"))}
    assert list(cases_for(project=project, labels="all")) == [cases["train"]]
