"""The life of a job. Every change of state is a compare-and-swap, so two workers never both own an attempt."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from jobs.models import Job

if TYPE_CHECKING:
    from accounts.models import Project

PAUSES = (2, 10, 60, 300)
"""Seconds between a failed attempt and the next: the first, second, third and every later time."""


def job_create(
    *, kind: str, queue: str, payload: dict[str, Any], project: Project | None = None, dedupe_key: str | None = None
) -> tuple[Job, bool]:
    """Return the job and whether it is new; the same ``dedupe_key`` gives the same job for ever."""
    defaults = {"kind": kind, "queue": queue, "payload": payload, "project": project}
    if dedupe_key is None:
        return Job.objects.create(**defaults), True
    return Job.objects.get_or_create(dedupe_key=dedupe_key, defaults=defaults)


def _lease() -> dict[str, Any]:
    now = timezone.now()
    return {"heartbeat_at": now, "lease_until": now + timedelta(seconds=settings.ENVIRONMENT.job_lease_seconds)}


def job_claim(*, job_id: str, worker: str) -> Job | None:
    """Take a job that is due, or one whose lease ran out. Return None when somebody else has it, it waits, or it is over."""
    now = timezone.now()
    due = Q(state=Job.State.QUEUED) & (Q(run_after=None) | Q(run_after__lte=now))
    abandoned = Q(state=Job.State.RUNNING, lease_until__lt=now)
    taken = Job.objects.filter(due | abandoned, pk=job_id, attempt__lt=F("max_attempts")).update(
        state=Job.State.RUNNING, attempt=F("attempt") + 1, worker=worker, started_at=now, run_after=None, **_lease()
    )
    if not taken:
        return None
    job = Job.objects.get(pk=job_id)
    return job if job.worker == worker and job.state == Job.State.RUNNING else None


def _own(job: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempt=job.attempt, worker=job.worker)


def job_heartbeat(*, job: Job, progress: float | None = None, note: str | None = None) -> bool:
    """Extend the lease. Return False when the attempt is no longer this worker's (taken over, cancelled): it must stop."""
    fields = _lease()
    if progress is not None:
        fields["progress"] = min(max(progress, 0.0), 1.0)
    if note is not None:
        fields["progress_note"] = note[:200]
    return bool(_own(job).update(**fields))


def job_finish(*, job: Job, result: dict[str, Any] | None = None) -> bool:
    """Mark the attempt done. Return False when it was taken over or cancelled meanwhile."""
    done = {"state": Job.State.SUCCEEDED, "finished_at": timezone.now(), "progress": 1.0, "lease_until": None}
    return bool(_own(job).update(**done, result=result or {}, error_code="", error_message=""))


def job_fail(*, job: Job, code: str, message: str, retry: bool = False) -> bool:
    """Record why the attempt failed; ``retry`` queues the next one, after a pause, while attempts are left."""
    now = timezone.now()
    again = retry and job.attempt < job.max_attempts
    pause = PAUSES[min(job.attempt, len(PAUSES)) - 1]
    return bool(
        _own(job).update(
            state=Job.State.QUEUED if again else Job.State.FAILED,
            finished_at=None if again else now,
            run_after=now + timedelta(seconds=pause) if again else None,
            lease_until=None,
            sent_at=None,
            error_code=code[:64],
            error_message=message,
        )
    )


def job_cancel(*, job: Job) -> bool:
    """Stop a job that is not over. A running one notices at its next sign of progress. Return False when it was over already."""
    open_job = Job.objects.filter(pk=job.pk).exclude(state__in=Job.OVER)
    return bool(open_job.update(state=Job.State.CANCELLED, finished_at=timezone.now(), lease_until=None))


def jobs_ahead() -> list[tuple[Any, Any]]:
    """Return (id, end of the lease) of running jobs whose lease ends later than any that is given now: the clock was set back."""
    ahead = timezone.now() + timedelta(seconds=2 * settings.ENVIRONMENT.job_lease_seconds)
    return list(Job.objects.filter(state=Job.State.RUNNING, lease_until__gt=ahead).values_list("pk", "lease_until"))


def job_expire(*, job_id: Any) -> bool:
    """End a lease of :func:`jobs_ahead`: whoever holds it has not renewed it since the clock was set."""
    ahead = timezone.now() + timedelta(seconds=2 * settings.ENVIRONMENT.job_lease_seconds)
    expired = timezone.now() - timedelta(seconds=1)
    return bool(Job.objects.filter(pk=job_id, state=Job.State.RUNNING, lease_until__gt=ahead).update(lease_until=expired))


def job_refuse(*, job: Job, code: str, message: str) -> bool:
    """Fail a queued job that nobody could ever do."""
    fields = {"state": Job.State.FAILED, "finished_at": timezone.now(), "error_code": code[:64], "error_message": message}
    return bool(Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(**fields))


def job_reap() -> int:
    """Queue again what dead workers left; fail what has no attempt left. Return how many jobs lost their worker."""
    now = timezone.now()
    dead = Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=now)
    if not dead.exists():  # reading first spares SQLite's one write lock
        return 0
    lost = {"error_code": "worker_lost", "error_message": "Every attempt ended with its worker dying."}
    failed = dead.filter(attempt__gte=F("max_attempts")).update(state=Job.State.FAILED, finished_at=now, lease_until=None, **lost)
    queued = dead.filter(attempt__lt=F("max_attempts")).update(state=Job.State.QUEUED, lease_until=None, sent_at=None, run_after=None)
    return failed + queued


def jobs_to_ring(*, queues: tuple[str, ...], each: int = 20) -> list[Job]:
    """Return, per queue, the oldest due jobs that never had a doorbell, or whose doorbell nobody answered for a while.

    ``each`` bounds how many unanswered ones of a queue are rung again: behind a long job a backlog must not flood the broker.
    """
    stale = timezone.now() - timedelta(seconds=settings.ENVIRONMENT.job_resend_seconds)
    waiting: list[Job] = []
    for queue in queues:
        due = Job.objects.filter(queue=queue).due().order_by("created_at")
        waiting += due.filter(sent_at=None)[:500]
        waiting += [job for job in due[:each] if job.sent_at is not None and job.sent_at < stale]
    return waiting
