"""``manage.py up``: what ``make run`` ends in."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from io import StringIO
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.environment import BASE_DIR
from config.launch.say import say, step
from config.supervisor import Child, Supervisor

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_GIB = 1024**3
_NEEDED_GIB = 1.0
_HOPELESS = 4


class Command(BaseCommand):
    help = "Run all of Columna on this machine: web, dispatcher, workers, prompts, DICOM listener. Ctrl-C stops everything."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="Leave the demo project and its accounts out.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.demo = settings.ENVIRONMENT.mode == "embedded" and not options["no_demo"]
        self.environment = settings.ENVIRONMENT
        self.started = time.monotonic()
        self._refuse_what_cannot_work()
        lock = self._lock()
        self._prepare()
        say("Columna: starting (Ctrl-C stops everything)")
        self.green = False
        self.looked_at_disk = 0.0
        self.supervisor = Supervisor(self._children(), write=say)
        status = self.supervisor.run(each_second=self._watch, give_up=self._give_up)
        lock.close()
        say(
            "Columna has stopped; all data is kept."
            if status == 0
            else "Columna stopped because it could not start; the lines above say why."
        )
        sys.exit(status)

    def _refuse_what_cannot_work(self) -> None:
        environment = self.environment
        if environment.mode == "embedded":
            for name in ("web_host", "prompts_host"):
                if getattr(environment, name) not in _LOOPBACK:
                    raise CommandError(
                        f"COLUMNA_{name.upper()} is {getattr(environment, name)}: with demo accounts Columna stays on loopback. "
                        "For other machines to reach it, run the full stack (docker/compose.yaml)."
                    )
        environment.data_dir.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(environment.data_dir).free / _GIB
        if free < _NEEDED_GIB:
            raise CommandError(
                f"The disk of {environment.data_dir} has {free:.2f} GiB free, and Columna needs {_NEEDED_GIB:g}. "
                "Free some, or put the data elsewhere: COLUMNA_DATA_DIR=/a/larger/disk make run"
            )

    def _lock(self) -> IO[str]:
        """Hold the data folder for this process, then look whether the ports are free. The kernel lets go when the process ends."""
        path = self.environment.data_dir / "up.lock"
        handle = path.open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise CommandError(
                f"Columna already runs on this data folder ({handle.read().strip()}). Stop it with Ctrl-C there, "
                "or use another folder and port: COLUMNA_DATA_DIR=/other COLUMNA_WEB_PORT=8001 make run"
            ) from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()}, {self.environment.base_url}")
        handle.flush()
        for what, name in (("web", "WEB"), ("the DICOM listener", "DICOM"), ("prompts", "PROMPTS")):
            host, port = (getattr(self.environment, f"{name.lower()}_{part}") for part in ("host", "port"))
            if _taken(host, port):
                raise CommandError(
                    f"Port {port}, which {what} needs, is taken by another program. End that one, or choose another port: "
                    f"COLUMNA_{name}_PORT={port + 1} make run"
                )
        return handle

    def _prepare(self) -> None:
        out = StringIO()
        with step("Bringing the database up to date"):
            call_command("migrate", verbosity=0, interactive=False, stdout=out)
        with step("Collecting static files"):
            call_command("collectstatic", verbosity=0, interactive=False, stdout=out)
        if self.demo:
            with step("Making sure the demo project is there"):
                call_command("demo", stdout=out)

    def _children(self) -> list[Child]:
        python, manage = sys.executable, str(BASE_DIR / "manage.py")
        single = {"OMP_NUM_THREADS": "1"}
        at_once = str(self.environment.worker_processes)
        learning = {"OMP_NUM_THREADS": str(self.environment.learning_threads)}

        def command(*arguments: str) -> list[str]:
            return [python, manage, *arguments]

        children = [
            Child("web", [python, "-m", "gunicorn", "-c", str(BASE_DIR / "config" / "gunicorn.py"), "config.wsgi"], single),
            Child("dispatcher", command("dispatch"), single),
            Child("worker", command("work", "--name", "general", "--queues", "intake,frames,export", "--concurrency", at_once), single),
            Child("learning", command("work", "--name", "learning", "--queues", "predict,train"), learning),
        ]
        offered = get_commands()
        if "receiver" in offered:
            children.append(Child("dicom", command("receiver"), single))
        if "prompts" in offered:
            children.append(Child("prompts", command("prompts"), learning))
        return children

    def _watch(self) -> None:
        """Print the address once web answers; warn while the disk is nearly full."""
        if not self.green and _answers(f"http://{self.environment.web_host}:{self.environment.web_port}/health"):
            self.green = True
            self._welcome()
        if time.monotonic() - self.looked_at_disk > 30:
            self.looked_at_disk = time.monotonic()
            free = shutil.disk_usage(self.environment.data_dir).free / _GIB
            if free < _NEEDED_GIB / 2:
                say(
                    f"WARNING: {self.environment.data_dir} has {free:.2f} GiB free. Free some now: nothing new can be stored on a full disk."
                )

    def _give_up(self, child: Child) -> bool:
        return not self.green and child.name == "web" and child.crashes >= _HOPELESS

    def _welcome(self) -> None:
        environment = self.environment
        lines = ["", f"Columna is ready after {time.monotonic() - self.started:.0f} s:  {environment.base_url}", ""]
        if self.demo:
            from config.management.commands.demo import PEOPLE, password_of

            lines += [
                "  account      password                    who",
                *(f"  {user:<12} {password_of(user):<27} {name}" for user, name, _ in PEOPLE),
            ]
        if any(child.name == "dicom" for child in self.supervisor.children):
            lines += ["", f"  DICOM        {environment.dicom_ae_title} on {environment.dicom_host}:{environment.dicom_port}"]
        lines += [f"  data         {_short(environment.data_dir)}", "", "  Ctrl-C stops everything; the data stays.", ""]
        say("\n".join(lines))


def _short(path: Path) -> str:
    return str(path.relative_to(BASE_DIR)) + "/" if path.is_relative_to(BASE_DIR) else str(path)


def _taken(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 (our own address)
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
