"""``manage.py work``: a worker process."""

from __future__ import annotations

import warnings
from typing import Any

from celery.platforms import SecurityWarning
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.celery import QUEUES, app, load_tasks


class Command(BaseCommand):
    help = "Do the jobs of the named queues, one at a time (or --concurrency of them). Runs until it is stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queues", default=",".join(QUEUES), help=f"comma-separated, of {', '.join(QUEUES)} (default: all)")
        parser.add_argument("--name", default="worker", help="what this worker is called beside its host's name")
        parser.add_argument("--concurrency", type=int, default=1, help="how many jobs at once (default: 1)")

    def handle(self, *args: Any, **options: Any) -> None:
        queues = options["queues"].split(",")
        unknown = sorted(set(queues) - set(QUEUES))
        if unknown:
            raise CommandError(f"{', '.join(unknown)}: no such queue; the queues are {', '.join(QUEUES)}.")
        load_tasks()
        level = settings.ENVIRONMENT.log_level
        who = ["--hostname", f"{options['name']}@%h", "--queues", ",".join(queues)]
        how = ["--pool", "prefork", "--concurrency", str(options["concurrency"]), "--loglevel", level]
        # celery warns root of unpickling; only JSON is taken here
        warnings.filterwarnings("ignore", category=SecurityWarning)
        app.worker_main(["--quiet", "worker", *who, *how, "--without-gossip", "--without-mingle", "--without-heartbeat"])
