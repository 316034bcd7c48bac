"""The life of a job, state by state."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.models import Job
from jobs.services.job import job_cancel, job_claim, job_create, job_fail, job_finish, job_heartbeat, job_reap, jobs_to_ring
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db


def make_job(**fields: Any) -> Job:
    return Job.objects.create(**{"kind": "storage.assemble", "queue": "frames", **fields})


def claimed(worker: str = "a:1", **fields: Any) -> Job:
    job = job_claim(job_id=str(make_job(**fields).pk), worker=worker)
    assert job is not None
    return job


def let_lease_run_out(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_only_one_worker_gets_a_job() -> None:
    job = make_job()
    assert job_claim(job_id=str(job.pk), worker="a:1") is not None
    assert job_claim(job_id=str(job.pk), worker="b:2") is None


def test_an_abandoned_job_goes_to_another_worker_and_the_first_may_write_nothing() -> None:
    first = claimed("a:1")
    let_lease_run_out(first)
    second = job_claim(job_id=str(first.pk), worker="b:2")
    assert second is not None
    assert second.attempt == 2
    assert not job_heartbeat(job=first)
    assert not job_finish(job=first, result={"from": "the first"})
    assert not job_fail(job=first, code="x", message="x")
    assert job_finish(job=second)
    assert fresh(first).result == {}


def test_the_same_process_does_not_keep_an_attempt_it_lost_to_itself() -> None:
    first = claimed("a:1")
    let_lease_run_out(first)
    again = job_claim(job_id=str(first.pk), worker="a:1")
    assert again is not None
    assert not job_finish(job=first)
    assert job_finish(job=again)


def test_reaping_queues_what_has_attempts_left_and_fails_what_has_none() -> None:
    left, spent, alive = claimed(), claimed(max_attempts=1), claimed()
    let_lease_run_out(left)
    let_lease_run_out(spent)
    assert job_reap() == 2
    assert fresh(left).state == Job.State.QUEUED
    assert (fresh(spent).state, fresh(spent).error_code) == (Job.State.FAILED, "worker_lost")
    assert fresh(alive).state == Job.State.RUNNING


def test_a_spent_job_cannot_be_claimed_before_it_is_reaped() -> None:
    job = claimed(max_attempts=1)
    let_lease_run_out(job)
    assert job_claim(job_id=str(job.pk), worker="b:2") is None


def test_a_retry_waits_and_is_not_rung_for_before_its_time() -> None:
    job = claimed()
    job_fail(job=job, code="away", message="The PACS is away.", retry=True)
    assert fresh(job).state == Job.State.QUEUED
    assert job_claim(job_id=str(job.pk), worker="b:2") is None
    assert jobs_to_ring(queues=("frames",)) == []
    Job.objects.filter(pk=job.pk).update(run_after=timezone.now() - timedelta(seconds=1))
    assert jobs_to_ring(queues=("frames",)) == [job]
    assert job_claim(job_id=str(job.pk), worker="b:2") is not None


def test_the_last_attempt_fails_for_good_and_success_clears_the_error() -> None:
    last = claimed(max_attempts=1)
    job_fail(job=last, code="away", message="The PACS is away.", retry=True)
    assert fresh(last).state == Job.State.FAILED
    healed = claimed(error_code="away", error_message="The PACS is away.")
    job_finish(job=healed)
    assert fresh(healed).error_code == ""


def test_cancelling_stops_a_running_job_at_its_next_heartbeat() -> None:
    job = claimed()
    assert job_cancel(job=job)
    assert not job_heartbeat(job=job, progress=0.5)
    assert not job_finish(job=job)
    assert fresh(job).state == Job.State.CANCELLED
    assert not job_cancel(job=job)


def test_a_dedupe_key_gives_the_same_job_for_ever() -> None:
    first, new = job_create(kind="storage.assemble", queue="frames", payload={}, dedupe_key="event:1")
    again, new_again = job_create(kind="storage.assemble", queue="frames", payload={}, dedupe_key="event:1")
    assert (first, new, new_again) == (again, True, False)


def test_a_backlog_is_rung_again_only_at_its_head() -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    for _ in range(30):
        make_job(sent_at=long_ago)
    never_rung = make_job()
    waiting = jobs_to_ring(queues=("frames",), each=5)
    assert len(waiting) == 6
    assert never_rung in waiting


def test_a_job_tells_its_project_and_nobody_else(client: Any) -> None:
    project, other = make_project(), make_project()
    job = make_job(project=project, payload={"series": "1"})
    client.force_login(make_member("data_manager", project))
    assert client.get(f"/api/jobs?project={project.slug}&state=queued").json()["results"][0]["id"] == str(job.pk)
    assert client.get(f"/api/jobs?project={project.slug}&state=failed").json()["count"] == 0
    client.force_login(make_member("data_manager", other))
    assert client.get("/api/jobs").json()["count"] == 0


def test_cancelling_twice_says_that_it_is_over(client: Any) -> None:
    job = make_job(project=make_project())
    client.force_login(make_member("data_manager", job.project))
    assert client.post(f"/api/jobs/{job.pk}/cancel").json()["state"] == "cancelled"
    again = client.post(f"/api/jobs/{job.pk}/cancel")
    assert again.status_code == 409
    assert again.json()["error"]["state"] == {"state": "cancelled"}
