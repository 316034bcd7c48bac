"""Every case gets a proposal, or a reason why it has none."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation.geometry.banding import LEAST
from annotation.models import Annotation, Case, Revision
from annotation.services.assignment import assignment_open
from annotation.services.case import case_open
from annotation.services.revision import revision_values
from annotation.services.uncertainty import uncertainty_read
from jobs.models import Event, Job
from jobs.services.job import job_create
from ml_backend.learning.metrics import dice
from ml_backend.models import Prediction
from ml_backend.services.model_version import champion_of, model_promote, models_sync
from storage.models import Series, Stack
from storage.services.assembly import series_settled
from storage.services.blob import blob_read
from storage.tasks import assemble_idle
from tests.factories import make_member, make_project
from tests.ml_backend.cases import GRID, make_model, make_phantom_case, phantom
from tests.work import work_off

pytestmark = pytest.mark.django_db(transaction=True)


def proposed(case: Case) -> Revision:
    case.refresh_from_db()
    assert case.proposal_revision is not None
    return case.proposal_revision


def test_a_case_that_opens_gets_a_proposal_that_fits() -> None:
    case = make_phantom_case(make_project(), seed=1)
    jobs = work_off()
    assert [job.kind for job in jobs].count("ml_backend.predict") == 1
    revision, scan = proposed(case), phantom(1)
    values = revision_values(revision=revision, stack=case.stacks.get(), layers=["instances"])
    truth = scan.anatomy.instances
    assert case.state == Case.State.PROPOSED
    assert (dice((values > 0) & (values < 26), (truth > 0) & (truth < 26)) or 0) > 0.75
    assert (dice(values == 24, truth == 24) or 0) > 0.6, "the lowest vertebra is L5"
    assert {s["status"] for s in revision.content["segments"]} == {"proposed"}


def test_uncertainty_is_told_per_structure_and_slice() -> None:
    case = make_phantom_case(make_project(), seed=1)
    work_off()
    revision = proposed(case)
    told = json.loads(blob_read(digest=revision.uncertainty))
    stack = case.stacks.get()
    layers = told["stacks"][str(stack.pk)]["layers"]
    ids = {(s["layer"], str(s["id"])) for s in revision.content["segments"]}
    assert {(layer, number) for layer, by in layers.items() for number in by} == ids
    some = next(iter(layers["instances"].values()))
    assert 0 <= some["mean"] <= 1
    assert some["level"] in ("sure", "look", "doubtful")
    assert set(some["slices"]) <= {f"{s['digest']}:{s['frame']}" for s in stack.slices}
    assert told["stacks"][str(stack.pk)]["numbering"]["sure"] is False


def test_grades_that_are_proposed_are_hollow_and_say_why() -> None:
    case = make_phantom_case(make_project(), seed=1)
    work_off()
    revision = proposed(case)
    told = uncertainty_read(revision=revision)["grades"]
    cells = {(form, site): cell for form, by_site in revision.content["grades"].items() for site, cell in by_site.items()}
    assert cells, "a phantom has discs whose nucleus is lost"
    for (form, site), cell in cells.items():
        assert (cell["status"], cell["by"]) == ("proposed", None)
        assert told[form][site]["value"] == cell["value"]
        assert told[form][site]["confidence"] >= LEAST
        assert told[form][site]["reason"]


def test_a_sealed_case_gets_none() -> None:
    case = make_phantom_case(make_project(), fold="sealed")
    work_off()
    case.refresh_from_db()
    assert case.proposal_revision is None
    assert Prediction.objects.get(case=case).skipped_reason == "sealed"


@pytest.mark.parametrize(
    ("modality", "geometry", "reason"), [("DX", GRID, "modality_unsupported"), ("MR", None, "no_volume")], ids=["radiograph", "no volume"]
)
def test_what_the_model_cannot_draw_is_left_out_with_a_reason(modality: str, geometry: object, reason: str) -> None:
    case = make_phantom_case(make_project(), modality=modality, geometry=geometry)  # type: ignore[arg-type]  # the grid or none
    work_off()
    prediction = Prediction.objects.get(case=case)
    assert prediction.skipped_reason == reason
    assert next(iter(prediction.scores.values()))["message"]
    case.refresh_from_db()
    assert case.proposal_revision is None


def test_a_case_that_was_read_keeps_what_it_has() -> None:
    case = make_phantom_case(make_project())
    Case.objects.filter(pk=case.pk).update(state=Case.State.SUBMITTED)
    work_off()
    assert Prediction.objects.get(case=case).skipped_reason == "already_read"


def test_predicting_twice_changes_nothing() -> None:
    from ml_backend.services.drafting import prediction_make

    case = make_phantom_case(make_project())
    work_off()
    before = proposed(case)
    again = prediction_make(case=case, model=models_sync(), job=None)
    assert again.revision == before
    assert Prediction.objects.count() == 1
    assert proposed(case).digest == before.digest


def grown(case: Case) -> Stack:
    """Let a slice join the case's stack: a new stack of the same series, ready, in its place."""
    old = case.stacks.get()
    newer = Stack.objects.get(pk=old.pk)
    newer.pk, newer._state.adding = uuid4(), True
    newer.slices_digest, newer.revision, newer.ready_at = "e" * 64, old.revision + 1, timezone.now()
    newer.save()
    Stack.objects.filter(pk=old.pk).update(is_current=False)
    return newer


def test_a_stack_that_still_grows_waits_and_gets_one_proposal_when_it_is_whole() -> None:
    case = make_phantom_case(make_project())
    Series.objects.update(received=9, assembled=8)
    assert [job.result for job in work_off()] == [{"skipped": "still_arriving"}]
    Series.objects.update(assembled=9)
    series_settled(series=Series.objects.get())
    work_off()
    assert proposed(case).number == 1
    assert Prediction.objects.count() == 1
    series_settled(series=Series.objects.get())
    work_off()
    assert proposed(case).number == 1, "hearing it twice makes no second one"


def test_a_series_whose_frames_are_given_up_is_named_and_holds_up_nobody() -> None:
    case = make_phantom_case(make_project())
    ready = case.stacks.get()
    never = Stack.objects.get(pk=ready.pk)
    never.pk, never._state.adding = uuid4(), True
    never.slices_digest, never.ordinal, never.ready_at = "d" * 64, 1, None
    never.save()
    frames, _ = job_create(kind="storage.frames", queue="frames", payload={}, dedupe_key=f"frames:{never.pk}")
    work_off(kinds=["annotation.case_open", "ml_backend.predict"])
    assert not Prediction.objects.exists(), "the series may still come"
    Job.objects.filter(pk=frames.pk).update(state=Job.State.FAILED, error_code="worker_lost")
    assemble_idle()
    work_off()
    never.refresh_from_db()
    assert never.flags["frames_failed"], "the intake page says so"
    assert proposed(case).number == 1
    assemble_idle()
    assert not Event.objects.filter(dispatched_at=None).exists(), "it is said once"


def test_a_slice_that_joins_later_replaces_the_proposal_and_never_a_readers_work() -> None:
    case = make_phantom_case(make_project())
    work_off()
    first = proposed(case)
    reader = make_member("radiologist", case.project)
    _, draft = assignment_open(case=case, user=reader)
    Annotation.objects.filter(pk=draft.pk).update(seq=1)
    case_open(stack=grown(case))
    work_off()
    assert proposed(case).number == 2
    _, again = assignment_open(case=case, user=reader, takeover=True)
    assert (again.pk, again.seq, again.derived_from) == (draft.pk, 1, first), "what they began with stays under what they did"


def test_an_answer_on_fewer_slices_never_replaces_a_newer_one() -> None:
    from ml_backend.services.drafting import prediction_make

    case = make_phantom_case(make_project())
    grown(case)
    late = prediction_make(case=case, model=models_sync(), job=None)
    assert (late.revision, late.skipped_reason) == (None, "superseded")
    case.refresh_from_db()
    assert case.proposal_revision is None


def test_promoting_makes_new_proposals_of_cases_nobody_began(client) -> None:
    project = make_project()
    case, begun = make_phantom_case(project), make_phantom_case(project, seed=2)
    work_off()
    Case.objects.filter(pk=begun.pk).update(state=Case.State.OPEN)
    model = make_model(project)
    client.force_login(make_member("data_manager", project), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(f"/api/models/{model.pk}/promote", {}, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert champion_of(project) == model
    work_off()
    assert proposed(case).annotation.model_version == model.pk
    assert proposed(begun).annotation.model_version == models_sync().pk


def test_a_refused_model_is_not_promoted(client) -> None:
    project = make_project()
    model = make_model(project, state="refused", report={"gate": {"verdict": "refuse", "reasons": ["It is worse on disc."]}})
    client.force_login(make_member("data_manager", project), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(f"/api/models/{model.pk}/promote", {}, content_type="application/json")
    assert answer.status_code == 409
    assert answer.json()["error"]["state"]["gate"]["reasons"] == ["It is worse on disc."]


def test_going_back_to_the_built_in_model_retires_the_projects_own() -> None:
    project = make_project()
    manager = make_member("data_manager", project)
    first = model_promote(model=make_model(project), project=project, user=manager)
    second = model_promote(model=make_model(project, name="m-0.2"), project=project, user=manager)
    first.refresh_from_db()
    assert (first.state, second.state) == ("retired", "champion")
    model_promote(model=models_sync(), project=project, user=manager)
    second.refresh_from_db()
    assert second.state == "retired"
    assert champion_of(project).is_built_in
    assert model_promote(model=first, project=project, user=manager).state == "champion", "a retired model can be taken back"
