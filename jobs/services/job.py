"""The life of a job. Every change of state is a compare-and-swap, so two workers never both own an attempt."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from jobs.models import Job

if TYPE_CHECKING:
    from accounts.models import Project


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
    """Take a queued job, or one whose lease ran out. Return None when somebody else has it or it is over."""
    now = timezone.now()
    free = Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_until__lt=now)
    taken = Job.objects.filter(free, pk=job_id, attempt__lt=F("max_attempts")).update(
        state=Job.State.RUNNING, attempt=F("attempt") + 1, worker=worker, started_at=now, **_lease()
    )
    return Job.objects.get(pk=job_id) if taken else None


def _own(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempt=job.attempt, worker=job.worker)


def job_heartbeat(*, job: Job, progress: float | None = None, note: str | None = None) -> bool:
    """Extend the lease. Return False when the attempt is no longer this worker's: it must stop."""
    fields = _lease()
    if progress is not None:
        fields["progress"] = progress
    if note is not None:
        fields["progress_note"] = note[:200]
    return bool(_own(job).update(**fields))


def job_finish(*, job: Job, result: dict[str, Any] | None = None) -> bool:
    """Mark the attempt done. Return False when it was taken over meanwhile."""
    return bool(
        _own(job).update(state=Job.State.SUCCEEDED, finished_at=timezone.now(), progress=1.0, lease_until=None, result=result or {})
    )


def job_fail(*, job: Job, code: str, message: str, retry: bool = False) -> bool:
    """Record why the attempt failed; ``retry`` queues the next one while attempts are left."""
    again = retry and job.attempt < job.max_attempts
    state = Job.State.QUEUED if again else Job.State.FAILED
    return bool(
        _own(job).update(
            state=state,
            finished_at=None if again else timezone.now(),
            lease_until=None,
            sent_at=None,
            error_code=code,
            error_message=message,
        )
    )


def job_reap() -> list[Job]:
    """Queue again what dead workers left; fail what has no attempt left. Return the jobs that need a doorbell."""
    now = timezone.now()
    dead = Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=now)
    dead.filter(attempt__gte=F("max_attempts")).update(
        state=Job.State.FAILED, finished_at=now, error_code="worker_lost", error_message="Every attempt ended with its worker dying."
    )
    dead.update(state=Job.State.QUEUED, lease_until=None, sent_at=None)
    stale = now - timedelta(seconds=settings.ENVIRONMENT.job_resend_seconds)
    return list(Job.objects.filter(Q(sent_at=None) | Q(sent_at__lt=stale), state=Job.State.QUEUED).order_by("created_at")[:500])
