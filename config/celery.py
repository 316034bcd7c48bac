"""Celery, and the one way to declare work: ``@job_task``. The broker is a doorbell; the job row is the truth."""

from __future__ import annotations

import importlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import worker_process_init
from django.conf import settings
from kombu.exceptions import KombuError

from config.broker import broker_settings
from config.process import die_with_parent

if TYPE_CHECKING:
    from accounts.models import Project
    from jobs.models import Job

logger = logging.getLogger(__name__)
QUEUES = ("intake", "frames", "predict", "train", "export")
TASK_MODULES = ("storage.tasks", "annotation.tasks", "datasets.tasks", "ml_backend.tasks")
HOUR = 3600.0
TRIES_OF_A_BUG = 3
_MAIN = os.getpid()

app = Celery("columna")
app.conf.update(
    **broker_settings(settings.ENVIRONMENT),
    task_ignore_result=True,
    task_acks_late=False,
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5},
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    worker_max_memory_per_child=None,
    task_default_queue="intake",
    task_serializer="json",
    accept_content=["json"],
)


@worker_process_init.connect(weak=False)
def _die_with_worker(**_: Any) -> None:
    """A pool process whose worker was killed stops at once: its lease runs out and another worker takes the job."""
    die_with_parent(_MAIN)


class JobContext:
    """What a task is given: the job row, a way to tell progress, and whether it still owns the attempt."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.payload: dict[str, Any] = job.payload
        self.lost = threading.Event()

    def progress(self, fraction: float, note: str = "") -> None:
        """Tell how far the work is (0 to 1). Raise :class:`AttemptLost` when it is another worker's now, or was cancelled."""
        from jobs.services.job import job_heartbeat

        if not job_heartbeat(job=self.job, progress=fraction, note=note):
            self.lost.set()
        self.check()

    def check(self) -> None:
        """Raise :class:`AttemptLost` when the heartbeat found the attempt lost; costs nothing, for inner loops."""
        if self.lost.is_set():
            raise AttemptLost


class AttemptLost(Exception):
    """Another worker has taken the job over, or it was cancelled; this one stops without a word."""


class Retry(Exception):
    """Something outside failed that may work later; the next attempt is queued."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


JobFunction = Callable[[JobContext], dict[str, Any] | None]
REGISTRY: dict[str, tuple[str, Any]] = {}


def job_task(*, kind: str, queue: str, limit_seconds: float = 2 * HOUR) -> Callable[[JobFunction], JobFunction]:
    """Declare the work of one kind of job. The function gets a :class:`JobContext` and returns figures for ``job.result``.

    An attempt that takes longer than ``limit_seconds`` fails with the code ``time_limit``.
    """
    if queue not in QUEUES:
        raise ValueError(f"{queue!r} is not a queue; the queues are {', '.join(QUEUES)}.")

    def declare(function: JobFunction) -> JobFunction:
        def run(job_id: str) -> None:
            run_job(kind, function, job_id)

        task = app.task(run, name=kind, soft_time_limit=limit_seconds, time_limit=limit_seconds + 60)
        REGISTRY[kind] = (queue, task)
        return function

    return declare


def load_tasks() -> None:
    """Import every room's tasks, so that each kind of job is known."""
    for module in TASK_MODULES:
        importlib.import_module(module)


def queue_of(kind: str) -> str:
    """Return the queue of a kind of job. Raise ``KeyError`` for a kind that no room declares."""
    load_tasks()
    return REGISTRY[kind][0]


def ring(job: Job) -> bool:
    """Tell a worker that a job waits. Return False when the broker is away: the dispatcher will ring again."""
    from django.utils import timezone

    from jobs.models import Job

    load_tasks()
    queue, task = REGISTRY[job.kind]
    Job.objects.filter(pk=job.pk).update(sent_at=timezone.now())
    try:
        task.apply_async(args=[str(job.pk)], queue=queue)
    except (OSError, KombuError, *app.connection_for_write().connection_errors) as error:
        logger.warning("job %s: the broker did not take the doorbell (%s)", job.pk, type(error).__name__)
        Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(sent_at=None)
        return False
    return True


def enqueue(*, kind: str, payload: dict[str, Any], project: Project | None = None, dedupe_key: str | None = None) -> Job:
    """Create the job row now and ring when the transaction commits. Entry points (api, tasks, commands) alone call this."""
    from django.db import transaction

    from jobs.services.job import job_create

    job, new = job_create(kind=kind, queue=queue_of(kind), payload=payload, project=project, dedupe_key=dedupe_key)
    if new:
        transaction.on_commit(lambda: ring(job))
    return job


class _Heart:
    """Beats while an attempt runs, from a thread with a database connection of its own."""

    def __init__(self, context: JobContext) -> None:
        self.context = context
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._beat, name=f"heart-{context.job.pk}", daemon=True)

    def _beat(self) -> None:
        from django.db import DatabaseError, InterfaceError, connections

        from jobs.services.job import job_heartbeat

        pause = settings.ENVIRONMENT.job_lease_seconds / 3
        while not self.stop.wait(pause):
            try:
                if not job_heartbeat(job=self.context.job):
                    self.context.lost.set()
                    break
                pause = settings.ENVIRONMENT.job_lease_seconds / 3
            except (DatabaseError, InterfaceError) as error:
                logger.warning("job %s: heartbeat failed (%s)", self.context.job.pk, type(error).__name__)
                connections.close_all()
                pause = min(1.0, pause)
        connections.close_all()

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(5)


def _lasting(write: Callable[[], bool]) -> None:
    """Write an attempt's outcome, trying again while the database is away, for as long as the lease could last."""
    from django.db import DatabaseError, InterfaceError, connection

    limit = time.monotonic() + settings.ENVIRONMENT.job_lease_seconds
    while True:
        try:
            write()
            return
        except (DatabaseError, InterfaceError):
            if time.monotonic() > limit or connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(0.5)


def run_job(kind: str, function: JobFunction, job_id: str) -> None:
    """Claim one job, do it, and record the outcome on its row. A doorbell for a job that is taken or over does nothing."""
    from django.db import connections

    from config.errors import ColumnaError
    from jobs.services.job import job_claim, job_fail, job_finish

    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:  # whoever calls this inside a transaction, as a test does, keeps it
            connection.close_if_unusable_or_obsolete()
    job = job_claim(job_id=job_id, worker=f"{socket.gethostname()}:{os.getpid()}")
    if job is None:
        return
    context = JobContext(job)
    start = time.monotonic()
    logger.info("job %s: %s, attempt %d", job_id, kind, job.attempt)
    outcome: partial[bool] | None
    with _Heart(context):
        try:
            result = function(context)
            outcome = partial(job_finish, job=job, result=result)
        except AttemptLost:
            logger.info("job %s: taken over or cancelled; this attempt stops", job_id)
            outcome = None
        except Retry as error:
            outcome = partial(job_fail, job=job, code=error.code, message=str(error), retry=True)
        except ColumnaError as error:
            outcome = partial(job_fail, job=job, code=error.code, message=error.message)
        except SoftTimeLimitExceeded:
            message = "The work took longer than its time limit."
            outcome = partial(job_fail, job=job, code="time_limit", message=message)
        except Exception as error:
            logger.exception("job %s of kind %s failed", job_id, kind)
            message = "This should not have happened; the worker's log has more."
            outcome = partial(job_fail, job=job, code=type(error).__name__, message=message, retry=job.attempt < TRIES_OF_A_BUG)
        if outcome is not None:
            _lasting(outcome)
            logger.info("job %s: %s after %.1f s", job_id, "done" if outcome.func is job_finish else "failed", time.monotonic() - start)
