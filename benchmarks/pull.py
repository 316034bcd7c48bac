"""Pulling beside copying: ``python -m benchmarks.pull [IMAGES]``.

A release of CT volumes (40 × 512 × 512, noise, so that nothing compresses away) is pulled with ``columna pull`` from a web process on
loopback into an empty cache: every byte is hashed, synced and linked into the folder. The peer is ``cp -r`` of the same files on the same
disk, once as it is and once with ``sync`` of what it wrote. A second pull and a verify follow.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
SHAPE = (40, 512, 512)


def fill(images: int) -> str:
    """Freeze and release the volumes in a fresh installation; return a token that may pull."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from accounts.services.token import token_create
    from tests.datasets.cases import make_case, make_dataset, make_release
    from tests.factories import make_member

    call_command("migrate", verbosity=0)
    dataset, manager = make_dataset(cases=0)
    for number in range(images):
        make_case(dataset.project, seed=number, shape=SHAPE)
    start = time.perf_counter()
    version = make_release(dataset, manager)
    seconds = time.perf_counter() - start
    size = version.counts["bytes"] / 1e6
    print(f"{'freezing (decode, compress, store)':38} {size / seconds:8.1f} MB/s   {seconds:6.1f} s   {size:.0f} MB", flush=True)
    secret = token_create(user=make_member("researcher", dataset.project), name="bench", scopes=["pull"], days=1)[1]
    connections.close_all()
    return secret


def clock(command: list[str], environment: dict[str, str] | None = None) -> tuple[float, str]:
    """Return the seconds a command took, and what it said."""
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return time.perf_counter() - start, done.stdout


def main(images: int = 12) -> None:
    from tests.servers.process import free_port, launch

    with tempfile.TemporaryDirectory(prefix="columna-pull-") as name:
        folder, port = Path(name), free_port()
        os.environ |= {
            "COLUMNA_DATA_DIR": str(folder / "columna"),
            "COLUMNA_LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
        }
        token = fill(images)
        web = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "config" / "gunicorn.py"), "-b", f"127.0.0.1:{port}"]
        with launch("web", [*web, "--chdir", str(ROOT), "config.wsgi"], port=port, folder=folder, timeout=60):
            warm(f"http://127.0.0.1:{port}", token)
            compare(folder, f"http://127.0.0.1:{port}", token)


def warm(url: str, token: str) -> None:
    """Ask each process of the server something: one that has just started is not what is measured."""
    for _ in range(12):
        headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
        requests.get(f"{url}/api/datasets/lumbar/versions/1.0.0", headers=headers, timeout=60).raise_for_status()


def compare(folder: Path, url: str, token: str) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "client"), "COLUMNA_TOKEN": token, "HOME": str(folder)}
    columna = [sys.executable, "-m", "columna", "--server", url]
    pulled, said = clock([*columna, "pull", "lumbar@1.0.0", "--out", str(folder / "data")], environment)
    size = int(re.findall(r"moved (\d+) bytes", said)[0]) / 1e6
    again, said = clock([*columna, "pull", "lumbar@1.0.0", "--out", str(folder / "data")], environment)
    moved = int(re.findall(r"moved (\d+) bytes", said)[0])
    checked, _ = clock([*columna, "verify", str(folder / "data")], environment)
    os.sync()
    copied, _ = clock(["cp", "-r", str(folder / "data"), str(folder / "copy")])
    os.sync()
    synced, _ = clock(["sh", "-c", f"cp -r '{folder}/data' '{folder}/copy2' && find '{folder}/copy2' -type f -exec sync {{}} +"])
    for what, seconds in (
        ("columna pull (hashed, synced)", pulled),
        ("cp -r", copied),
        ("cp -r, synced", synced),
        ("columna verify", checked),
    ):
        print(f"{what:38} {size / seconds:8.1f} MB/s   {seconds:6.2f} s")
    print(f"{'columna pull again':38} moved {moved} bytes in {again:.2f} s")
    print(f"pull, ratio to cp: {copied / pulled:.2f}, to cp with sync: {synced / pulled:.2f} ({size:.0f} MB, {os.cpu_count()} cores)")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
