"""What the machine has, and what to do about what it lacks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from config.launch.say import Stop

GIB = 1024**3
NODE = (20, 19)
_NODE_HELP = "Install Node 20.19 or newer (on Debian 12: your hospital's mirror of nodesource, or https://nodejs.org), then run it again."


def check_python() -> None:
    if sys.version_info[:2] != (3, 11):
        raise Stop(
            f"this is Python {sys.version.split()[0]}, and Columna's lock is for Python 3.11.\n"
            "    On Debian 12: apt-get install python3.11 python3.11-venv. Elsewhere name one: make run PYTHON=/path/to/python3.11"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Stop("this Python cannot make virtual environments. On Debian: apt-get install python3.11-venv") from None


def check_node() -> str:
    """Return Node's version. Raise :class:`Stop` when Node or npm is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None:
        raise Stop(f"node is not on the path. {_NODE_HELP}")
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()  # noqa: S603
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if found < NODE:
        raise Stop(f"node is {version or 'broken'}, which is too old. {_NODE_HELP}")
    if npm is None:
        raise Stop(f"npm is not on the path, though node is ({node}). On Debian: apt-get install npm. {_NODE_HELP}")
    return version


def check_disk(folder: Path, *, gib: float, what: str, remedy: str) -> None:
    """Raise :class:`Stop` unless ``gib`` GiB are free where ``folder`` is or will be."""
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / GIB
    if free < gib:
        raise Stop(f"the disk of {folder} has {free:.1f} GiB free; {what} needs {gib:g}. {remedy}")
