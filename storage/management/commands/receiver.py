"""``manage.py receiver``: the DICOM listener, in several processes that share one socket."""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from config.process import die_with_parent
from storage.spread import Spread, spread_leave, spread_page

_RESTART_SECONDS = 1.0
_COLLECT_AFTER = 20_000
"""Objects made and not let go of before the collector looks: an image makes some thousands, and leaves nothing that only it finds."""


class Command(BaseCommand):
    help = "Listen for DICOM associations (C-STORE, C-ECHO) of authorised sources. Runs until it is stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--processes", type=int, default=max(1, min(4, os.cpu_count() or 1)), help="processes that share the port")
        parser.add_argument("--socket", type=int, default=None, help="(internal) listening socket inherited from the parent")
        parser.add_argument("--tls-socket", type=int, default=None, help="(internal) listening socket for TLS")
        parser.add_argument("--spread", type=int, default=None, help="(internal) page on which the processes say how much they have")
        parser.add_argument("--place", type=int, default=0, help="(internal) this process's place on that page")
        parser.add_argument("--ready", type=int, default=None, help="(internal) pipe on which a child says that it answers")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        if options["socket"] is not None:
            spread = Spread(options["spread"], options["place"])
            _serve(options["socket"], options["tls_socket"], stop, ready=options["ready"], spread=spread)
            return
        environment = settings.ENVIRONMENT
        plain = _listen(environment.dicom_host, environment.dicom_port)
        tls = _listen(environment.dicom_host, environment.dicom_tls_port) if environment.dicom_tls_port else None
        if tls is not None:
            tls_context()
        where = f"{environment.dicom_host}:{plain.getsockname()[1]}"

        def say() -> None:
            self.stdout.write(f"listening for DICOM on {where} as {environment.dicom_ae_title}")
            self.stdout.flush()

        connections.close_all()
        _supervise(plain, tls, max(1, options["processes"]), stop, answering=say)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise CommandError(
            f"{host}:{port} cannot be bound ({error.strerror}). Stop what uses it, or set COLUMNA_DICOM_PORT to a free port."
        ) from None
    listening.listen(128)
    return listening


def tls_context() -> ssl.SSLContext:
    """Return the TLS context of the listener: its own certificate, and client certificates required when an authority is given."""
    environment = settings.ENVIRONMENT
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(str(environment.dicom_tls_certificate), str(environment.dicom_tls_key))
        if environment.dicom_tls_clients:
            context.load_verify_locations(str(environment.dicom_tls_clients))
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise CommandError(
            f"The certificates of the DICOM listener cannot be read ({type(error).__name__}). Check COLUMNA_DICOM_TLS_CERTIFICATE and its neighbours."
        ) from None
    return context


def _supervise(
    plain: socket.socket, tls: socket.socket | None, count: int, stop: threading.Event, *, answering: Callable[[], None]
) -> None:
    """Keep ``count`` children alive; a child that dies is replaced, and the socket never closes meanwhile.

    ``answering`` is called once, when the first child can answer: until then a sender would wait in the socket's queue.
    """
    children: dict[int, subprocess.Popen[bytes]] = {}
    ready, told = os.pipe()
    page = spread_page(count)
    is_said = False
    sockets = [plain, *([tls] if tls else [])]
    command = [sys.executable, str(Path(sys.argv[0]).resolve()), "receiver", "--socket", str(plain.fileno()), "--ready", str(told)]
    command += ["--spread", str(page)]
    command += ["--tls-socket", str(tls.fileno())] if tls else []
    while not stop.is_set():
        for place in range(count):
            if place in children and children[place].poll() is None:
                continue
            spread_leave(page, place)
            shared, bound = [told, page, *(item.fileno() for item in sockets)], partial(die_with_parent, os.getpid())
            children[place] = subprocess.Popen([*command, "--place", str(place)], pass_fds=shared, preexec_fn=bound)  # noqa: S603  our own command
        if is_said:
            stop.wait(_RESTART_SECONDS)
        elif select.select([ready], [], [], _RESTART_SECONDS)[0]:
            answering()
            is_said = True
    for item in sockets:
        item.close()
    for child in children.values():
        child.terminate()
    deadline = time.monotonic() + 10
    for child in children.values():
        try:
            child.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _serve(number: int, tls_number: int | None, stop: threading.Event, *, ready: int | None, spread: Spread) -> None:
    """Be one child: serve until told to stop, or until the parent is gone."""
    from storage.dicom.rehearsal import rehearse
    from storage.receiver import Receiver

    parent = os.getppid()
    receivers = [Receiver(socket.socket(fileno=number), spread=spread)]
    if tls_number is not None:
        receivers.append(Receiver(socket.socket(fileno=tls_number), tls=tls_context(), spread=spread))
    for receiver in receivers:
        receiver.start()
    if ready is not None:
        os.write(ready, b".")
        os.close(ready)
    rehearse()
    gc.freeze()  # what is there now stays, and need not be looked at again and again
    gc.set_threshold(_COLLECT_AFTER, 10, 10)
    while not stop.wait(1.0) and os.getppid() == parent:
        pass
    for receiver in receivers:
        receiver.stop()
    connections.close_all()
