"""A listener of its own with authorised peers, and Orthanc beside it: what the tests of the ways in stand on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.servers.installation import Installation, column_settings, until
from tests.servers.pacs import AE_TITLE, PASSWORD, USER, dcmtk, start_orthanc
from tests.servers.process import Server, free_port

_PREPARE = """
from accounts.models import Organisation, Project
from storage.services.source import source_create
hospital = Organisation.objects.create(slug="hospital", name="Hospital")
project = Project.objects.create(slug="spine", name="Spine", organisation=hospital)
"""


class Hospital:
    """Columna's processes, and what hospitals do to them."""

    def __init__(self, columna: Installation) -> None:
        self.columna = columna
        self.port = columna.environment["COLUMNA_DICOM_PORT"]

    def source(self, **fields: Any) -> None:
        self.shell(f"source_create(project=project, user=None, **{ ({'kind': 'dimse', **fields})!r})")

    def shell(self, code: str) -> str:
        """Run Python inside Columna with ``project`` and ``source_create`` at hand."""
        ready = "from accounts.models import Project\nfrom storage.services.source import source_create, source_update\n"
        return self.columna.manage("shell", "-v0", "-c", f"{ready}project = Project.objects.get(slug='spine')\n{code}")

    def listen(self, *arguments: str, processes: int = 1) -> subprocess.Popen[bytes]:
        log = self.columna.log("receiver")
        before = len(log.read_bytes()) if log.exists() else 0
        process = self.columna.start("manage.py", "receiver", "--processes", str(processes), *arguments, name="receiver")
        until(lambda: b"listening" in log.read_bytes()[before:], what="the listener")
        return process

    def send(
        self, *paths: Path, calling: str = "PACS", tool: str = "storescu", more: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*paths, calling=calling, tool=tool, more=more), env=_nodelay(), capture_output=True, text=True, timeout=90
        )

    def sending(self, *paths: Path, calling: str = "PACS", more: tuple[str, ...] = ("-v",)) -> subprocess.Popen[str]:
        command = self.command(*paths, calling=calling, more=more)
        return subprocess.Popen(command, env=_nodelay(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def command(self, *paths: Path, calling: str, tool: str = "storescu", more: tuple[str, ...] = ()) -> list[str]:
        return [dcmtk(tool), *more, "-aet", calling, "-aec", "COLUMNA", "127.0.0.1", self.port, *map(str, paths)]

    def count(self, table: str, where: str = "TRUE") -> int:
        return int(self.columna.rows(f"SELECT COUNT(*) FROM {table} WHERE {where}")[0][0])  # noqa: S608  a test's own words

    @property
    def stored(self) -> int:
        return self.count("storage_instance")

    def verbs(self) -> set[str]:
        return {verb for (verb,) in self.columna.rows("SELECT verb FROM accounts_auditevent")}

    def readable(self, *words: str) -> list[Path]:
        """Return the files of the installation, outside what is sealed, in which one of ``words`` stands."""
        found = []
        for path in self.columna.folder.rglob("*"):
            if path.is_file() and any(word.encode() in path.read_bytes() for word in words):
                found.append(path)
        return found


def _nodelay() -> dict[str, str]:
    return {**os.environ, "TCP_NODELAY": "1"}


@contextmanager
def hospital(folder: Path, **settings: str) -> Iterator[Hospital]:
    """Yield a migrated Columna on the test run's column with a project and no source; nothing runs yet."""
    columna = Installation(folder, {**column_settings(), "COLUMNA_DICOM_PORT": str(free_port()), **settings})
    try:
        columna.migrate()
        columna.manage("shell", "-v0", "-c", _PREPARE)
        yield Hospital(columna)
    finally:
        columna.stop()


class Orthanc:
    """Orthanc's REST, as an archivist would use it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.port = int(server.settings["DICOM_PORT"])
        self.session = requests.Session()
        self.session.auth = (USER, PASSWORD)

    def put(self, *files: bytes) -> list[str]:
        return [self.call("POST", "/instances", data=data)["ID"] for data in files]

    def call(self, method: str, path: str, **options: Any) -> Any:
        answer = self.session.request(method, self.server.url + path, timeout=180, **options)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def orthanc_beside(folder: Path, port: str, **extra: Any) -> Iterator[Orthanc]:
    """Yield an Orthanc that knows Columna's listener as ``COLUMNA``."""
    peers = {"COLUMNA": {"AET": "COLUMNA", "Host": "127.0.0.1", "Port": int(port)}}
    with start_orthanc(folder, modalities=peers, extra=extra) as server:
        here = Orthanc(server)
        try:
            yield here
        finally:
            here.session.close()


def address_of(orthanc: Orthanc) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": orthanc.port, "ae_title": AE_TITLE}


def write(folder: Path, data: list[bytes]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:04}.dcm" for number in range(len(data))]
    for path, item in zip(paths, data, strict=True):
        path.write_bytes(item)
    return paths
