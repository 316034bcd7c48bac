"""All of Columna as ``make run`` starts it, with the demo's people and no study: what journeys across rooms begin from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.columns import session_folder
from tests.reader import Reader
from tests.servers.installation import Installation, until
from tests.servers.process import free_port

PROJECT = "lumbar-demo"


@contextmanager
def whole_columna(name: str) -> Iterator[Installation]:
    """Yield a running Columna on free ports; ``name`` names its folder."""
    ports = {f"COLUMNA_{part}_PORT": str(free_port()) for part in ("WEB", "DICOM", "PROMPTS")}
    installation = Installation(session_folder(name), ports)
    try:
        installation.migrate()
        installation.manage("demo", "--people-only")
        installation.start("manage.py", "up", "--no-demo", name="up")
        until(lambda: "Columna is ready" in installation.log("up").read_text(), seconds=180, what="a running Columna")
        yield installation
    finally:
        installation.stop(seconds=15)


def person(installation: Installation, username: str) -> Reader:
    """Return the demo person, signed in over HTTP."""
    url = f"http://127.0.0.1:{installation.environment['COLUMNA_WEB_PORT']}"
    return Reader(url).sign_in(username, f"{username}-columna-demo")


def settled(someone: Reader) -> bool:
    """Whether no event waits to become a job and no job waits or runs."""
    figures = someone.get("/health")["jobs"]
    return not (figures["undispatched_events"] or figures["queued"] or figures["running"])
