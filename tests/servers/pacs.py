"""A PACS: Orthanc with its DICOMweb plugin, and dcmtk's tools, kept on loopback.

Neither can be told an address to bind, so a preloaded shim turns "every address" into loopback.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.servers.process import NotInstalled, Server, free_port, launch, program

AE_TITLE = "ORTHANC"
USER, PASSWORD = "columna", "columna"
_SOURCE = Path(__file__).with_name("loopback.c")
_DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def loopback_environment(folder: Path) -> dict[str, str]:
    """Return the environment that keeps Orthanc and dcmtk's servers on loopback, and dcmtk's sender from stalling."""
    shim = folder / "loopback.so"
    if not shim.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / f"loopback-{os.getpid()}.so"
        subprocess.run([program("gcc", "gcc"), "-shared", "-fPIC", "-O1", "-o", str(made), str(_SOURCE), "-ldl"], check=True)
        made.replace(shim)
    return {"LD_PRELOAD": str(shim), "TCP_NODELAY": "1"}


def dcmtk(tool: str) -> str:
    """Return the path of a dcmtk tool such as ``storescu``; run it with TCP_NODELAY=1.

    pynetdicom puts programs of the same names beside Python, so the system's folders are looked into first.
    """
    return shutil.which(tool, path="/usr/bin:/usr/local/bin:/opt/homebrew/bin") or program(tool, "dcmtk")


def start_orthanc(folder: Path, *, modalities: dict[str, Any] | None = None, lua: str = "", extra: dict[str, Any] | None = None) -> Server:
    """Return a running Orthanc. ``server.port`` is HTTP, ``server.settings["DICOM_PORT"]`` DIMSE.

    ``modalities`` is Orthanc's ``DicomModalities`` (name → {"AET", "Host", "Port"}), ``lua`` a script it runs.
    """
    binary = program("Orthanc", "orthanc orthanc-dicomweb")
    if not _DICOMWEB.exists():
        raise NotInstalled("Orthanc's DICOMweb plugin is not installed; on Debian: apt-get install orthanc-dicomweb")
    folder.mkdir(parents=True, exist_ok=True)
    http, dicom = free_port(), free_port()
    scripts = []
    if lua:
        (folder / "columna.lua").write_text(lua)
        scripts = [str(folder / "columna.lua")]
    configuration: dict[str, Any] = {
        "Name": "Columna test PACS",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(_DICOMWEB)],
        "HttpPort": http,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "DicomAet": AE_TITLE,
        "DicomPort": dicom,
        "DicomCheckCalledAet": False,
        "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True,
        "UnknownSopClassAccepted": True,
        "OverwriteInstances": True,
        "SynchronousCMove": True,
        "StableAge": 1,
        "DicomModalities": modalities or {},
        "LuaScripts": scripts,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "Host": f"127.0.0.1:{http}"},
        **(extra or {}),
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(configuration, indent=1))
    server = launch(
        "orthanc", [binary, str(path)], port=http, folder=folder, environment=loopback_environment(folder), ready=lambda: _answers(http)
    )
    server.url = f"http://127.0.0.1:{http}"
    server.settings = {"DICOM_PORT": str(dicom), "AE_TITLE": AE_TITLE, "USER": USER, "PASSWORD": PASSWORD}
    return server


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/system", timeout=10):
            return True
    except urllib.error.HTTPError as error:
        code = error.code
        error.close()
        return code == 401
    except OSError:
        return False
