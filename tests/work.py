"""Doing in the test's own process, one after another, what dispatcher and workers do in theirs."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.test import override_settings

from config.celery import REGISTRY
from config.dispatcher import Dispatcher
from jobs.models import Job


def work_off(*, rounds: int = 50, kinds: Collection[str] = ()) -> list[Job]:
    """Dispatch every event and do every due job until nothing waits. Return the jobs done, as they stand now, in order; of these kinds alone, where some are named.

    The lease is long, so that no heart beats: it has a database connection of its own, which does not see a test's open transaction.
    """
    with override_settings(ENVIRONMENT=settings.ENVIRONMENT.model_copy(update={"job_lease_seconds": 24 * 3600})):
        return _work_off(rounds, kinds)


def _work_off(rounds: int, kinds: Collection[str]) -> list[Job]:
    dispatcher, done = Dispatcher(), []
    for _ in range(rounds):
        events = dispatcher.dispatch()
        waiting = [job for job in Job.objects.due().order_by("created_at") if not kinds or job.kind in kinds]
        for job in waiting:
            REGISTRY[job.kind][1](str(job.pk))
            done.append(job.pk)
        if not events and not waiting:
            rows = Job.objects.in_bulk(done)
            return [rows[pk] for pk in done]
    raise AssertionError(f"there is still work after {rounds} rounds: {list(Job.objects.due().values_list('kind', flat=True))}")
