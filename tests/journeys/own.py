"""A server of its own for one file of journeys whose project is read by other rules than the demo's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests import columns
from tests.journeys.browser import Web, missing
from tests.journeys.session import signed_in
from tests.reader import Reader

PROJECT = "lumbar-demo"


@contextmanager
def own_server(name: str, *seed: str, **protocol: Any) -> Iterator[Web]:
    """Yield a running web process with phantom cases; the settings of its one protocol are changed over HTTP, by its manager."""
    if lacking := missing():
        pytest.skip(lacking)
    server = Web(columns.session_folder(name))
    server.seed(*seed)
    server.start()
    try:
        protocol_set(server, **protocol)
        yield server
    finally:
        server.kill()


def person(server: Web, username: str) -> Reader:
    """Return the demo person of that name, signed in over HTTP."""
    return signed_in(server.url, username)


def protocol_set(server: Web, **settings: Any) -> dict[str, Any]:
    manager = person(server, "manager")
    (protocol,) = manager.get(f"/api/protocols?project={PROJECT}")["results"]
    changed: dict[str, Any] = manager.patch(f"/api/protocols/{protocol['id']}", {"version": protocol["version"], **settings})
    return changed
