"""Celery, and the one way to declare work: ``@job_task``. The broker is a doorbell; the job row is the truth."""

from __future__ import annotations

import importlib
import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

logger = logging.getLogger(__name__)
app = Celery("columna")
QUEUES = ("intake", "frames", "predict", "train", "export")
TASK_MODULES = ("storage.tasks", "annotation.tasks", "datasets.tasks", "ml_backend.tasks")


def _configure() -> None:
    environment = settings.ENVIRONMENT
    broker = environment.broker_url.get_secret_value()
    options: dict[str, Any] = {}
    if not broker:
        folder = environment.data_dir / "broker"
        for name in ("queue", "control", "processed"):
            (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        broker = "filesystem://"
        options = {
            "data_folder_in": str(folder / "queue"),
            "data_folder_out": str(folder / "queue"),
            "control_folder": str(folder / "control"),
            "processed_folder": str(folder / "processed"),
            "store_processed": True,
            "polling_interval": 0.1,
        }
    app.conf.update(
        broker_url=broker,
        broker_transport_options=options,
        broker_connection_retry_on_startup=True,
        task_ignore_result=True,
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        task_default_queue="intake",
        task_serializer="json",
        accept_content=["json"],
        worker_hijack_root_logger=False,
    )


_configure()


class JobContext:
    """What a task is given: the job row, a way to tell progress, and whether it still owns the attempt."""

    def __init__(self, job: Any) -> None:
        self.job = job
        self.payload: dict[str, Any] = job.payload
        self.lost = threading.Event()

    def progress(self, fraction: float, note: str = "") -> None:
        from jobs.services.job import job_heartbeat

        if not job_heartbeat(job=self.job, progress=fraction, note=note):
            self.lost.set()
        if self.lost.is_set():
            raise AttemptLost


class AttemptLost(Exception):
    """Another worker has taken the job over; this one stops without a word."""


class Retry(Exception):
    """Something outside failed that may work later; the next attempt is queued."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


JobFunction = Callable[[JobContext], dict[str, Any] | None]
REGISTRY: dict[str, tuple[str, Any]] = {}


def job_task(*, kind: str, queue: str) -> Callable[[JobFunction], JobFunction]:
    """Declare the work of one kind of job. The function gets a :class:`JobContext` and returns figures for ``job.result``."""
    if queue not in QUEUES:
        raise ValueError(f"{queue!r} is not a queue; the queues are {', '.join(QUEUES)}.")

    def declare(function: JobFunction) -> JobFunction:
        def run(job_id: str) -> None:
            _run(kind, function, job_id)

        REGISTRY[kind] = (queue, app.task(run, name=kind, queue=queue))
        return function

    return declare


def load_tasks() -> None:
    for module in TASK_MODULES:
        importlib.import_module(module)


def ring(job: Any) -> None:
    """Tell a worker that a job waits. Losing this costs time, never the job: the dispatcher rings again."""
    from django.utils import timezone

    from jobs.models import Job

    load_tasks()
    queue, task = REGISTRY[job.kind]
    Job.objects.filter(pk=job.pk).update(sent_at=timezone.now())
    task.apply_async(args=[str(job.pk)], queue=queue)


def enqueue(*, kind: str, payload: dict[str, Any], project: Any = None, dedupe_key: str | None = None) -> Any:
    """Create the job row now and ring when the transaction commits. Entry points (api, tasks, commands) alone call this."""
    from django.db import transaction

    from jobs.services.job import job_create

    load_tasks()
    queue, _ = REGISTRY[kind]
    job, new = job_create(kind=kind, queue=queue, payload=payload, project=project, dedupe_key=dedupe_key)
    if new:
        transaction.on_commit(lambda: _ring_quietly(job))
    return job


def _ring_quietly(job: Any) -> None:
    try:
        ring(job)
    except OSError as error:  # the broker is away; the dispatcher will ring again
        logger.warning("job %s: the broker did not take the doorbell (%s)", job.pk, type(error).__name__)


def _run(kind: str, function: JobFunction, job_id: str) -> None:
    from django.db import close_old_connections

    from config.errors import ColumnaError
    from jobs.services.job import job_claim, job_fail, job_finish, job_heartbeat

    close_old_connections()
    job = job_claim(job_id=job_id, worker=f"{socket.gethostname()}:{os.getpid()}")
    if job is None:
        return
    context = JobContext(job)
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(settings.ENVIRONMENT.job_lease_seconds / 3):
            try:
                if not job_heartbeat(job=job):
                    context.lost.set()
            except Exception as error:
                logger.warning("job %s: heartbeat failed (%s)", job_id, type(error).__name__)
        close_old_connections()

    heart = threading.Thread(target=beat, name=f"heart-{job_id}", daemon=True)
    heart.start()
    try:
        result = function(context)
        job_finish(job=job, result=result)
    except AttemptLost:
        logger.info("job %s: another worker took it over", job_id)
    except Retry as error:
        job_fail(job=job, code=error.code, message=str(error), retry=True)
    except ColumnaError as error:
        job_fail(job=job, code=error.code, message=error.message)
    except Exception as error:
        logger.exception("job %s of kind %s failed", job_id, kind)
        job_fail(job=job, code=type(error).__name__, message="This should not have happened; the log of the worker has more.", retry=True)
    finally:
        stop.set()
