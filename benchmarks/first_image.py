"""How soon is the first image there? Columna's manifest and first frame beside Orthanc's metadata and first frame (DICOMweb).

``python -m benchmarks.first_image`` starts both servers on loopback with the same CT phantom, asks as a viewer asks, decodes what
comes, and prints milliseconds and the ratio. *Cold* is the first request to a server that has just started, *warm* the median of
twenty more. The browser's own work is not in it: ``benchmarks/viewer`` measures that.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import numpy as np

ROUNDS, SLICES, SIDE = 20, 120, 512


def prepare(folder: Path) -> tuple[str, str, list[bytes]]:
    """Return stack id, session cookie and the DICOM files of one CT series, after filling a fresh data folder."""
    import django

    os.environ |= {"COLUMNA_DATA_DIR": str(folder / "data"), "COLUMNA_LOG_LEVEL": "ERROR", "DJANGO_SETTINGS_MODULE": "config.settings"}
    django.setup()
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client

    from storage.services.blob import blob_read
    from storage.services.frames import stack_render
    from storage.services.stack import stack_slices
    from tests.factories import make_member
    from tests.storage.stacks import grid, make_stack

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.normal(0, 3, (SIDE, SIDE)), axis=1)
    voxels = [(smooth + rng.normal(0, 12, (SIDE, SIDE))).astype(np.int16) for _ in range(SLICES)]
    uids = {"PatientID": "1", "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4", "Modality": "CT"}
    stack = make_stack(voxels, geometry=grid((SLICES, SIDE, SIDE)), fields=[{**uids, "InstanceNumber": n} for n in range(SLICES)])
    stack_render(stack=stack)
    client = Client()
    client.force_login(make_member("radiologist", stack.project), backend="django.contrib.auth.backends.ModelBackend")
    files = [blob_read(digest=ref.digest) for ref in stack_slices(stack=stack)]
    cookie = client.cookies["sessionid"].value
    connections.close_all()
    return str(stack.pk), cookie, files


def healthy(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False


def ask(connection: HTTPConnection, path: str, headers: dict[str, str]) -> bytes:
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    if response.status not in (200, 206):
        raise RuntimeError(f"{path} answered {response.status}: {body[:200]!r}")
    return body


def columna(port: int, stack: str, cookie: str, *, level: int | None) -> Callable[[], int]:
    """Return one opening of the middle slice: manifest, then the frame, whole or as far as ``level``; gives the bytes moved."""
    from storage.dicom.htj2k import decode_frame

    headers = {"Cookie": f"sessionid={cookie}"}

    def open_first() -> int:
        connection = HTTPConnection("127.0.0.1", port)
        manifest = ask(connection, f"/api/stacks/{stack}/manifest", headers)
        middle = json.loads(manifest)["slices"][SLICES // 2]
        reduce, ranged = 0, {}
        if level is not None:
            reduce, ranged = len(middle["levels"]) - 1 - level, {"Range": f"bytes=0-{middle['levels'][level] - 1}"}
        frame = ask(connection, f"/api/stacks/{stack}/frames/{middle['index']}", headers | ranged)
        decode_frame(frame, reduce=reduce)
        connection.close()
        return len(manifest) + len(frame)

    return open_first


def orthanc(port: int, user: str, password: str) -> Callable[[], int]:
    """The same with DICOMweb: the series' metadata, then one frame."""
    headers = {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}

    def open_first() -> int:
        connection = HTTPConnection("127.0.0.1", port)
        series = "/dicom-web/studies/1.2.3/series/1.2.3.4"
        metadata = ask(connection, f"{series}/metadata", headers | {"Accept": "application/dicom+json"})
        uid = json.loads(metadata)[SLICES // 2]["00080018"]["Value"][0]
        accept = {"Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1'}
        frame = ask(connection, f"{series}/instances/{uid}/frames/1", headers | accept)
        start = frame.index(b"\r\n\r\n") + 4
        np.frombuffer(frame[start : start + SIDE * SIDE * 2], np.int16).reshape(SIDE, SIDE)
        connection.close()
        return len(metadata) + len(frame)

    return open_first


def measure(name: str, opening: Callable[[], int]) -> tuple[float, float]:
    times = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        size = opening()
        times.append((time.perf_counter() - start) * 1000)
    cold, warm = times[0], statistics.median(times[1:])
    print(f"{name:34} cold {cold:8.1f} ms   warm {warm:8.1f} ms   {size / 1000:8.0f} kB")
    return cold, warm


def main() -> None:
    from tests.servers.pacs import start_orthanc
    from tests.servers.process import Server, free_port, launch

    with tempfile.TemporaryDirectory(prefix="columna-first-image-") as name:
        folder = Path(name)
        stack, cookie, files = prepare(folder)
        root = Path(__file__).resolve().parent.parent

        def web() -> Server:
            port = free_port()
            environment = {"PYTHONPATH": str(root), "COLUMNA_WEB_PORT": str(port)}
            command = [sys.executable, "-m", "gunicorn", "-c", str(root / "config" / "gunicorn.py"), "config.wsgi"]
            return launch("web", command, port=port, folder=folder, environment=environment, ready=lambda: healthy(port), timeout=60)

        with start_orthanc(folder / "orthanc") as peer:
            user, password = peer.settings["USER"], peer.settings["PASSWORD"]
            upload = {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}
            for data in files:
                connection = HTTPConnection("127.0.0.1", peer.port)
                connection.request("POST", "/instances", data, upload)
                connection.getresponse().read()
                connection.close()
            theirs = measure("Orthanc: metadata, one frame", orthanc(peer.port, user, password))
        with web() as server:
            whole = measure("Columna: manifest, one frame", columna(server.port, stack, cookie, level=None))
        with web() as server:
            small = measure("Columna: manifest, frame at 1/4", columna(server.port, stack, cookie, level=3))
    print(f"first image, ratio to Orthanc: cold {whole[0] / theirs[0]:.2f}, warm {whole[1] / theirs[1]:.2f}; "
          f"low resolution first: cold {small[0] / theirs[0]:.2f}, warm {small[1] / theirs[1]:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
