"""Columna's command line with two kinds of work for tests: ``python -m tests.jobs.probe <manage.py arguments>``.

``probe.note`` appends the payload's ``mark`` to a file; ``probe.slow`` does so, sleeps, and does so again. ``probe.happened`` leads to a note.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any


def note(path: str, line: str) -> None:
    with Path(path).open("a") as handle:
        handle.write(line + "\n")


def declare() -> None:
    from config.celery import JobContext, Retry, job_task
    from config.events import ROUTES

    @job_task(kind="probe.note", queue="intake")
    def note_task(context: JobContext) -> dict[str, Any]:
        note(context.payload["file"], context.payload["mark"])
        return {"noted": 1}

    @job_task(kind="probe.slow", queue="train")
    def slow_task(context: JobContext) -> dict[str, Any]:
        payload = context.payload
        note(payload["file"], f"{payload['mark']} begins attempt {context.job.attempt} in {os.getpid()}")
        limit = time.monotonic() + payload["seconds"]
        while time.monotonic() < limit:
            context.progress(0.5, "sleeping")
            time.sleep(0.1)
        note(payload["file"], f"{payload['mark']} ends attempt {context.job.attempt}")
        return {"slept": payload["seconds"]}

    @job_task(kind="probe.stuck", queue="train")
    def stuck_task(context: JobContext) -> None:
        """The first attempt never ends by itself; the next does at once."""
        note(context.payload["file"], f"{context.payload['mark']} begins attempt {context.job.attempt} in {os.getpid()}")
        while context.job.attempt == 1:
            context.progress(0.5, "stuck")
            time.sleep(0.1)
        note(context.payload["file"], f"{context.payload['mark']} ends attempt {context.job.attempt}")

    @job_task(kind="probe.flaky", queue="intake")
    def flaky_task(context: JobContext) -> None:
        if context.job.attempt == 1:
            raise Retry("away", "The other side is away.")

    @job_task(kind="probe.broken", queue="intake")
    def broken_task(context: JobContext) -> None:
        raise ZeroDivisionError("DOE^JANE divided by nothing")

    @job_task(kind="probe.endless", queue="intake", limit_seconds=1)
    def endless_task(context: JobContext) -> None:
        time.sleep(30)

    ROUTES["probe.happened"] = ("probe.note",)


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    declare()
    from django.core.management import call_command

    if sys.argv[1] == "enqueue":
        from config.celery import enqueue

        for number in range(int(sys.argv[5]) if len(sys.argv) > 5 else 1):
            job = enqueue(kind=sys.argv[2], payload={"file": sys.argv[3], "mark": f"job{number}", "seconds": float(sys.argv[4])})
            sys.stdout.write(f"{job.pk}\n")
    elif sys.argv[1] == "emit":
        from jobs.services.event import event_emit

        for number in range(int(sys.argv[3])):
            event_emit(kind="probe.happened", payload={"file": sys.argv[2], "mark": f"event{number}"})
    else:
        call_command(*sys.argv[1:])


if __name__ == "__main__":
    main()
