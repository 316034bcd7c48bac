"""``manage.py prompts``: the process that answers clicks."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Answer clicks, boxes and scribbles: torch and the volumes stay warm. Loopback or a private network only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.ENVIRONMENT.prompts_host, help="address to bind (COLUMNA_PROMPTS_HOST)")
        parser.add_argument("--port", type=int, default=settings.ENVIRONMENT.prompts_port, help="port to bind (COLUMNA_PROMPTS_PORT)")

    def handle(self, *args: Any, **options: Any) -> None:
        from ml_backend.services.prompt_server import PromptServer
        from ml_backend.services.prompt_session import Sessions

        try:
            server = PromptServer((options["host"], options["port"]), Sessions())
        except OSError as error:
            raise CommandError(f"Port {options['port']} of {options['host']} is taken. Set COLUMNA_PROMPTS_PORT to another.") from error

        def stop(*_: object) -> None:
            threading.Thread(target=server.shutdown, daemon=True).start()

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, stop)
            signal.signal(signal.SIGINT, stop)
        self.stdout.write(f"prompts on http://{options['host']}:{server.server_address[1]}")
        self.stdout.flush()
        with server:
            server.serve_forever(poll_interval=0.2)
