"""A study is readable while it arrives, joined when more comes, and its end is known."""

import pytest

from config.dispatcher import Dispatcher
from jobs.models import Job
from jobs.services.job import job_reap
from storage.models import ImportFinding, Series, Stack, Study
from storage.services.arrival import Quiet, series_waiting
from storage.services.import_batch import batch_open
from storage.services.intake import instance_intake
from storage.services.source import source_for
from storage.services.study_end import studies_idle
from storage.tasks import assemble_later, first_look_later
from tests.factories import make_project
from tests.storage.dicoms import series_of
from tests.work import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def arriving():
    """Return a function that lets the first ``count`` slices of a series of eight arrive, in the order of a scanner that interleaves."""
    project = make_project()
    source = source_for(project=project, kind="folder")
    batch = batch_open(project=project, source=source)
    waiting = iter(series_of(8, seed="arrival"))

    def arrive(count: int) -> Series:
        for _ in range(count):
            assert instance_intake(source=source, data=next(waiting), batch=batch).status == "stored"
        return Series.objects.get()

    return arrive


def slices() -> list[int]:
    return list(Stack.objects.current().ready().values_list("slice_count", flat=True))


def test_a_first_stack_is_ready_while_the_rest_arrives_and_the_rest_joins_it(arriving):
    first_look_later(arriving(4))
    work_off()
    assert slices() == [4]
    assert Series.objects.awaiting_assembly().count() == 1, "the end is still to come"
    assert not ImportFinding.objects.exists(), "nothing is said of gaps that may close"
    assemble_later(arriving(4))
    work_off()
    assert slices() == [8]
    assert list(Stack.objects.filter(is_current=False).values_list("slice_count", flat=True)) == [4]
    assert Series.objects.get().revision == 2


def test_a_series_that_arrives_for_long_gets_one_first_look(arriving, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"study_first_look_seconds": 0.0, "study_idle_seconds": 1000.0})
    series, quiet = arriving(2), Quiet()
    assert [(one.series, one.first_look) for one in series_waiting(quiet=quiet)] == [(series, True)]
    first_look_later(series)
    work_off()
    arriving(1)
    assert series_waiting(quiet=quiet) == []


def test_quiet_is_measured_by_a_clock_that_only_runs_forward(arriving, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"study_idle_seconds": 0.0})
    arriving(2)
    Series.objects.update(last_received_at="2099-01-01T00:00:00Z")
    Study.objects.update(last_received_at="2099-01-01T00:00:00Z")
    assert [one.first_look for one in series_waiting(quiet=Quiet())] == [False]
    assert studies_idle(quiet=Quiet()) == []
    assert Study.objects.get().ended_by == "idle"


def test_what_keeps_changing_is_never_quiet():
    quiet = Quiet()
    assert [quiet.look([("a", step), ("b", 0)], now=float(step)) for step in range(3)][2] == {"a": (0.0, 2.0), "b": (2.0, 2.0)}


def test_what_comes_late_opens_the_study_again(arriving):
    arriving(2)
    Study.objects.update(ended_at="2026-01-01T00:00:00Z", ended_by="idle")
    arriving(1)
    assert Study.objects.get().ended_at is None


def test_a_dead_workers_job_is_taken_back_though_the_clock_was_set_back(settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"job_lease_seconds": 0})
    job = Job.objects.create(
        kind="storage.assemble", queue="intake", state="running", attempt=1, worker="dead", lease_until="2099-01-01T00:00:00Z"
    )
    dispatcher = Dispatcher()
    dispatcher.expire()
    job_reap()
    job.refresh_from_db()
    assert job.state == "queued"
