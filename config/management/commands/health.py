"""``manage.py health``: the same questions as ``/health``, for processes that answer no HTTP."""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.health import readiness


class Command(BaseCommand):
    help = "Say whether database and object store answer, as JSON; the exit status is 1 when one does not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--listens", metavar="HOST:PORT", help="also ask whether somebody listens there")

    def handle(self, *args: Any, **options: Any) -> None:
        well, figures = readiness()
        if options["listens"]:
            host, _, port = options["listens"].rpartition(":")
            with socket.socket() as probe:
                probe.settimeout(3)
                figures["listens"] = probe.connect_ex((host, int(port))) == 0
            well = well and figures["listens"]
        self.stdout.write(json.dumps(figures))
        if not well:
            sys.exit(1)
