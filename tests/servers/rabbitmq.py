"""RabbitMQ without systemd: its own node, port mapper and folder, on loopback only."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from pathlib import Path

from tests.servers.process import Server, as_user, free_port, launch, own, program


def start(folder: Path) -> Server:
    """Return a running server; ``server.url`` is what COLUMNA_BROKER_URL takes. Its first start takes about 15 s."""
    binary = program("rabbitmq-server", "rabbitmq-server", "/usr/lib/rabbitmq/bin")
    if Path("/usr/lib/rabbitmq/bin/rabbitmq-server").exists():
        binary = "/usr/lib/rabbitmq/bin/rabbitmq-server"
    own(folder, "rabbitmq")
    port, distribution, mapper = free_port(), free_port(), free_port()
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\nloopback_users.guest = true\nconsumer_timeout = 172800000\nlog.console = true\nlog.file = false\n"
    )
    (folder / "enabled_plugins").write_text("[].\n")
    environment = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"columna{uuid.uuid4().hex[:8]}@localhost",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(mapper),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2",
    }
    command = [*as_user("rabbitmq"), binary]
    server = launch("rabbitmq", command, port=port, folder=folder, environment=environment, ready=lambda: _answers(port), timeout=180)
    server.url = f"amqp://guest:guest@127.0.0.1:{port}//"
    server.settings = {"COLUMNA_BROKER_URL": server.url}
    server.also_stop = lambda: _stop_mapper(mapper)
    return server


def _answers(port: int) -> bool:
    from kombu import Connection

    try:
        with Connection(f"amqp://guest:guest@127.0.0.1:{port}//", connect_timeout=10) as connection:
            connection.connect()
    except (OSError, *Connection("amqp://").connection_errors):
        return False
    return True


def _stop_mapper(port: int) -> None:
    """End the Erlang port mapper that this node started; it listens on a port of its own, so it is nobody else's."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if (entry.parent / "comm").read_text().strip() == "epmd" and f"ERL_EPMD_PORT={port}".encode() in entry.read_bytes().split(
                b"\0"
            ):
                os.kill(int(entry.parent.name), signal.SIGTERM)
        except (OSError, subprocess.SubprocessError):
            continue
