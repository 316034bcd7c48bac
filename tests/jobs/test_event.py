"""The outbox and the dispatcher, round by round."""

from __future__ import annotations

import logging

import pytest
from django.conf import settings
from django.db import transaction

from config.celery import REGISTRY, JobContext, load_tasks, queue_of, run_job
from config.dispatcher import Dispatcher
from config.events import ROUTES
from jobs.models import Event, Job
from jobs.services.event import event_dispatch, event_emit
from tests.factories import make_project
from tests.work import work_off

pytestmark = pytest.mark.django_db


def queue(kind: str) -> str:
    return {"storage.assemble": "frames", "storage.sweep": "export"}[kind]


def test_an_event_becomes_each_of_its_jobs_once() -> None:
    project = make_project()
    event = event_emit(kind="series.seen", payload={"series": "1", "project": str(project.pk)})
    routes = {"series.seen": ("storage.assemble", "storage.sweep")}
    made = event_dispatch(event=event, routes=routes, queue_of=queue)
    assert [(job.kind, job.queue, job.project, job.payload) for job in made] == [
        ("storage.assemble", "frames", project, event.payload),
        ("storage.sweep", "export", project, event.payload),
    ]
    assert event_dispatch(event=event, routes=routes, queue_of=queue) == []
    assert Event.objects.get().dispatched_at is not None


def test_an_event_rolled_back_with_its_change_leads_to_nothing() -> None:
    with transaction.atomic():
        event_emit(kind="series.seen", payload={})
        transaction.set_rollback(True)
    assert not Event.objects.exists()


def test_an_event_of_a_deleted_project_still_becomes_a_job() -> None:
    event = event_emit(kind="series.seen", payload={"project": "00000000-0000-4000-8000-000000000000"})
    event_dispatch(event=event, routes={"series.seen": ("storage.assemble",)}, queue_of=queue)
    assert Job.objects.get().project is None


def test_an_event_that_leads_to_unknown_work_stays_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(ROUTES, "bad", ("nobody.does_this",))
    monkeypatch.setitem(ROUTES, "fine", ())
    bad, fine = event_emit(kind="bad", payload={}), event_emit(kind="fine", payload={})
    with caplog.at_level(logging.ERROR):
        assert Dispatcher().dispatch() == 1
    assert Event.objects.get(pk=bad.pk).dispatched_at is None
    assert Event.objects.get(pk=fine.pk).dispatched_at is not None
    assert "nobody.does_this" in caplog.text


def test_a_job_that_nobody_can_do_is_refused() -> None:
    Job.objects.create(kind="nobody.does_this", queue="frames")
    Dispatcher().ring()
    assert Job.objects.get().error_code == "unknown_kind"


def test_every_route_leads_to_work_that_a_room_declares() -> None:
    load_tasks()
    for kinds in ROUTES.values():
        for kind in kinds:
            queue_of(kind)


def test_work_in_the_tests_own_process_keeps_its_attempt_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heart would beat on a connection that does not see this test's transaction, and take the attempt for lost."""
    seen = []

    def task(context: JobContext) -> None:
        seen.append(settings.ENVIRONMENT.job_lease_seconds)
        context.progress(1.0)

    monkeypatch.setitem(REGISTRY, "probe.lease", ("export", lambda job_id: run_job("probe.lease", task, job_id)))
    Job.objects.create(kind="probe.lease", queue="export")
    assert [job.state for job in work_off()] == ["succeeded"]
    assert seen == [24 * 3600]
