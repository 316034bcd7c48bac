"""OHIF, the viewer that most people know, in front of a Columna: as its makers built it, from the npm package ``@ohif/app``."""

from __future__ import annotations

import sys
import urllib.request
from pathlib import Path

from tests.servers.process import Server, free_port, launch

ROOT = Path(__file__).resolve().parents[2]
DIST = Path(__file__).with_name("ohif") / "node_modules" / "@ohif" / "app" / "dist"


def missing() -> str:
    """Return what is lacking here, or nothing."""
    return "" if (DIST / "index.html").is_file() else "OHIF is not installed: run npm ci in tests/servers/ohif/."


def start(folder: Path, data: Path) -> Server:
    """Return OHIF and DICOMweb under one address, on the data folder of a Columna. Sessions of that Columna count here too."""
    port = free_port()
    environment = {
        "PYTHONPATH": str(ROOT), "COLUMNA_DATA_DIR": str(data), "COLUMNA_WEB_PORT": str(port), "COLUMNA_WEB_PROCESSES": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings", "OMP_NUM_THREADS": "1", "COLUMNA_LOG_LEVEL": "ERROR",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "config" / "gunicorn.py"), "tests.servers.ohif_wsgi"]
    server = launch("ohif", command, port=port, folder=folder, environment=environment, ready=lambda: _answers(port), timeout=180)
    server.url = f"http://127.0.0.1:{port}"
    return server


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=10):
            return True
    except OSError:
        return False
