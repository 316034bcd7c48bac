"""PostgreSQL in a folder of its own, without durability: for tests."""

from __future__ import annotations

import signal
import subprocess
import uuid
from pathlib import Path
from typing import Any

from tests.servers.process import Server, as_user, free_port, launch, own, program

USER = "columna"
DATABASE = "columna"
TEMPLATE = "columna_migrated"


def start(folder: Path, *, port: int | None = None) -> Server:
    """Return a running server; ``server.url`` is what COLUMNA_DATABASE_URL takes. The same folder keeps its data over a restart."""
    places = [str(place) for place in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    initdb, postgres = (program(name, "postgresql", *places) for name in ("initdb", "postgres"))
    own(folder, "postgres")
    data = folder / "data"
    become = as_user("postgres")
    if not data.exists():
        locale = ["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([*become, initdb, "-D", str(data), "-U", USER, *locale], check=True, capture_output=True, cwd="/")
    port = port or free_port()
    fast = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=127.0.0.1", "max_connections=200"]
    options = [part for setting in fast for part in ("-c", setting)]
    command = [*become, postgres, "-D", str(data), "-p", str(port), "-k", str(folder), *options]
    server = launch("postgresql", command, port=port, folder=folder, ready=lambda: _answers(port), stop_signal=signal.SIGINT)
    server.url = f"postgresql://{USER}@127.0.0.1:{port}/{DATABASE}"
    server.settings = {"COLUMNA_DATABASE_URL": server.url}
    _create_database(port)
    return server


def own_database(url: str) -> str:
    """Return the address of a new, empty database on the server of ``url``."""
    import psycopg2

    name = f"columna_{uuid.uuid4().hex[:12]}"
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        connection.cursor().execute(f'CREATE DATABASE "{name}"')
    finally:
        connection.close()
    return f"{url.rsplit('/', 1)[0]}/{name}"


def template_keep(url: str) -> None:
    """Keep a copy of the migrated database of ``url``, from which :func:`template_fill` makes others on its server."""
    server, name = url.rsplit("/", 1)
    _ask(f"{server}/postgres", f'CREATE DATABASE "{TEMPLATE}" TEMPLATE "{name}"')


def template_fill(url: str) -> bool:
    """Fill the empty database of ``url`` as a migrated one is. Return whether there was one to copy: migrating takes seconds."""
    server, name = url.rsplit("/", 1)
    there = _ask(f"{server}/postgres", "SELECT datname FROM pg_database") or []
    if (TEMPLATE,) not in there or _ask(url, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'"):
        return False
    dropped = _ask(f"{server}/postgres", f'DROP DATABASE "{name}"')
    return dropped is not None and _ask(f"{server}/postgres", f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"') is not None


def _ask(url: str, statement: str) -> list[tuple[Any, ...]] | None:
    """Return the rows of one statement outside any transaction, none where it gives none; None where it is refused."""
    import psycopg2

    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        cursor = connection.cursor()
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
    except psycopg2.Error:  # somebody is connected to it, or it is there already
        return None
    finally:
        connection.close()


def _answers(port: int) -> bool:
    import psycopg2

    try:
        psycopg2.connect(host="127.0.0.1", port=port, user=USER, dbname="postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


def _create_database(port: int, name: str = DATABASE) -> None:
    import psycopg2
    from psycopg2 import errors

    connection = psycopg2.connect(host="127.0.0.1", port=port, user=USER, dbname="postgres")
    connection.autocommit = True
    try:
        connection.cursor().execute(f'CREATE DATABASE "{name}"')
    except errors.DuplicateDatabase:
        pass
    finally:
        connection.close()
