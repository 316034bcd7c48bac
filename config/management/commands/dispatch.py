"""``manage.py dispatch``: the process between what happened and the work that follows."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.dispatcher import Dispatcher


class Command(BaseCommand):
    help = "Turn events into jobs, ring for waiting jobs, and give the jobs of dead workers to others. Runs until it is stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do one round and end")

    def handle(self, *args: Any, **options: Any) -> None:
        dispatcher = Dispatcher()
        if options["once"]:
            dispatcher.step()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: dispatcher.stop.set())
        dispatcher.run()
