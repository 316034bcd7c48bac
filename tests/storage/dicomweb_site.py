"""A real web process with one de-identified study behind DICOMweb, and tokens to read it with.

As a program (``python -m tests.storage.dicomweb_site``) it fills the data folder of the environment and prints the tokens as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import django

from tests.servers.installation import Installation, until
from tests.servers.process import free_port


@dataclass
class Site:
    """A running Columna: its address, a token per person, and the session cookie of the reader."""

    url: str
    tokens: dict[str, str]
    session: str
    pseudonym: str


def main() -> None:
    django.setup()
    from accounts.services.token import token_create
    from storage.models import Subject
    from tests.factories import make_member
    from tests.storage.dicomweb import open_room, slices

    room = open_room(slices())
    people = {"reader": room.reader, "outsider": make_member("radiologist"), "manager": make_member("data_manager")}
    tokens = {name: token_create(user=user, name=name, scopes=["write"], days=1)[1] for name, user in people.items()}
    tokens["pull"] = token_create(user=room.reader, name="pull", scopes=["pull"], days=1)[1]
    told = {"tokens": tokens, "session": room.client.cookies["sessionid"].value, "pseudonym": Subject.objects.get().pseudonym}
    sys.stdout.write(json.dumps(told) + "\n")


@contextmanager
def serve(folder: Path, program: str = "tests.storage.dicomweb_site") -> Iterator[Site]:
    """Fill a data folder with ``program`` and serve it on loopback until the end of the context."""
    port = free_port()
    settings = {"COLUMNA_WEB_PORT": str(port), "COLUMNA_LOG_LEVEL": "ERROR", "DJANGO_SETTINGS_MODULE": "config.settings"}
    columna = Installation(folder, settings)
    columna.migrate()
    columna.manage("createcachetable")
    said = columna.run("-m", program)
    columna.start("-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi", name="web")
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(url), what="web")
        yield Site(url, **json.loads(said.splitlines()[-1]))
    finally:
        columna.stop()


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/health/live", timeout=10) as answer:  # noqa: S310  our own server
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    main()
