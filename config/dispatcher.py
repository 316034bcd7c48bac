"""The dispatcher: turns events into jobs, rings for jobs, and takes jobs back from dead workers."""

from __future__ import annotations

import logging
import threading
import time

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections

from config.broker import broker_prune
from config.celery import QUEUES, REGISTRY, load_tasks, queue_of, ring
from config.events import ROUTES
from jobs.models import Event
from jobs.services.event import event_dispatch
from jobs.services.job import job_expire, job_reap, job_refuse, jobs_ahead, jobs_to_ring
from storage.services.arrival import Quiet
from storage.tasks import assemble_idle

logger = logging.getLogger(__name__)
_REAP_SECONDS = 1.0
_PRUNE_SECONDS = 30.0
_LONGEST_PAUSE = 5.0


class Dispatcher:
    """One is enough; two do no harm. :meth:`run` goes on until ``stop`` is set, whatever is away meanwhile."""

    def __init__(self) -> None:
        load_tasks()
        self.stop = threading.Event()
        self._unknown: set[int] = set()
        self._ahead: Quiet[object] = Quiet()
        self._reaped_at = self._pruned_at = 0.0

    def run(self) -> None:
        failures = 0
        while not self.stop.is_set():
            try:
                busy, broker_ok = self.step()
                failures = 0 if broker_ok else failures + 1
            except (DatabaseError, InterfaceError) as error:
                busy, failures = False, failures + 1
                if failures == 1:
                    logger.warning("the database does not answer (%s); trying again until it does", type(error).__name__)
                connections.close_all()
            if not busy:
                self.stop.wait(min(settings.ENVIRONMENT.outbox_poll_seconds * 2 ** min(failures, 5), _LONGEST_PAUSE))
        connections.close_all()

    def step(self) -> tuple[bool, bool]:
        """Do one round. Return whether there was anything to do, and whether the broker took every doorbell."""
        dispatched = self.dispatch()
        if time.monotonic() - self._reaped_at > _REAP_SECONDS:
            self._reaped_at = time.monotonic()
            self.expire()
            lost = job_reap()
            if lost:
                logger.warning("%d jobs had lost their worker", lost)
            assemble_idle()
        rung, broker_ok = self.ring()
        if time.monotonic() - self._pruned_at > _PRUNE_SECONDS:
            self._pruned_at = time.monotonic()
            broker_prune(settings.ENVIRONMENT)
        return broker_ok and dispatched + rung > 0, broker_ok

    def expire(self) -> None:
        """Take back jobs of dead workers whose lease lies far ahead because the clock was set back: a living worker renews it."""
        for job_id, (seconds, _) in self._ahead.look(jobs_ahead()).items():
            if seconds >= settings.ENVIRONMENT.job_lease_seconds:
                job_expire(job_id=job_id)

    def ring(self) -> tuple[int, bool]:
        """Ring for every job that waits for it. Return how many doorbells the broker took, and whether it took all."""
        rung = 0
        for job in jobs_to_ring(queues=QUEUES):
            if job.kind not in REGISTRY:
                job_refuse(job=job, code="unknown_kind", message=f"No room declares work of the kind {job.kind}.")
            elif self.stop.is_set() or not ring(job):
                return rung, self.stop.is_set()
            else:
                rung += 1
        return rung, True

    def dispatch(self) -> int:
        """Turn the oldest events into jobs. Return how many events were dispatched."""
        done = 0
        for event in Event.objects.filter(dispatched_at=None).exclude(pk__in=self._unknown).order_by("pk")[:200]:
            try:
                event_dispatch(event=event, routes=ROUTES, queue_of=queue_of)
                done += 1
            except KeyError as error:
                self._unknown.add(event.pk)
                logger.error("event %d of kind %s leads to a job that no room declares: %s", event.pk, event.kind, error)
        return done
