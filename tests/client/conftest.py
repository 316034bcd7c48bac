"""A real web process with a released dataset, and the `columna` command against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from config.environment import BASE_DIR
from tests import columns
from tests.servers.process import Server, free_port, launch


@dataclass
class Site:
    """A running Columna, its tokens by role, and how to run the command as somebody."""

    url: str
    tokens: dict[str, str]
    facts: dict[str, str]
    environment: dict[str, str]
    home: Path = field(default_factory=Path)

    def command(self, *words: str, role: str = "researcher", url: str | None = None) -> list[str]:
        return [sys.executable, "-m", "columna", "--server", url or self.url, *words]

    def settings(self, role: str = "researcher") -> dict[str, str]:
        """The environment of a person's shell: nothing of the server's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COLUMNA_")}
        own = {
            "COLUMNA_CONFIG_DIR": str(self.home / "config"),
            "COLUMNA_CACHE_DIR": str(self.home / "cache"),
            "COLUMNA_TOKEN": self.tokens[role],
        }
        return {**kept, **own, "PYTHONPATH": str(BASE_DIR / "client")}

    def run(self, *words: str, role: str = "researcher", url: str | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `columna` to its end; standard input is no terminal."""
        return subprocess.run(
            self.command(*words, url=url), env=self.settings(role), cwd=self.home, input=stdin, capture_output=True, text=True, timeout=120
        )


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/me", timeout=10):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code == 401
    except OSError:
        return False


@pytest.fixture(scope="session")
def _web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, dict[str, str]], dict[str, str]]]:
    folder = columns.session_folder("client")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COLUMNA_")}
    environment = {**kept, "COLUMNA_DATA_DIR": str(folder / "data"), "DJANGO_SETTINGS_MODULE": "config.settings", "OMP_NUM_THREADS": "1"}
    environment |= {"COLUMNA_DATABASE_URL": "", "COLUMNA_OBJECT_STORE": "folder"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.client.prepare"], env=environment, cwd=BASE_DIR, check=True, stdout=subprocess.PIPE, text=True
    )
    port = free_port()
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "config.wsgi",
        "--chdir",
        str(BASE_DIR),
        "-b",
        f"127.0.0.1:{port}",
        "-w",
        "1",
        "-k",
        "gthread",
        "--threads",
        "8",
    ]
    with launch("web", gunicorn, port=port, folder=folder, environment=environment, ready=lambda: _answers(port)) as server:
        yield server, json.loads(done.stdout), environment


@pytest.fixture
def site(_web: tuple[Server, dict, dict[str, str]], tmp_path: Path) -> Site:
    server, facts, environment = _web
    return Site(f"http://127.0.0.1:{server.port}", facts["tokens"], facts, environment, tmp_path)
