"""Redis with its append-only file, as the full stack runs it."""

from __future__ import annotations

from pathlib import Path

from tests.servers.process import Server, free_port, launch, program


def start(folder: Path, *, port: int | None = None) -> Server:
    """Return a running server; ``server.url`` is what COLUMNA_BROKER_URL takes. The same folder keeps its queue over a restart."""
    binary = program("redis-server", "redis-server")
    port = port or free_port()
    durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
    command = [binary, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--daemonize", "no", *durable]
    server = launch("redis", command, port=port, folder=folder)
    server.url = f"redis://127.0.0.1:{port}/0"
    server.settings = {"COLUMNA_BROKER_URL": server.url}
    return server
