"""The browser part: its packages and its build, made again only when their sources changed."""

from __future__ import annotations

import os
from pathlib import Path

from config.launch.machine import check_disk, check_node
from config.launch.packages import ROOT, digest
from config.launch.say import Stop, call, say, step

FRONTEND = ROOT / "frontend"
OHIF = ROOT / "tests" / "servers" / "ohif"
_NEVER = ("node_modules", "dist", ".vite", "coverage")


def build_pages() -> None:
    """Bring ``frontend/dist`` to what the sources say. Nothing happens when it is there already."""
    install_node_packages()
    stamp, index = FRONTEND / "node_modules" / ".columna-build", FRONTEND / "dist" / "index.html"
    wanted = digest(*_sources())
    if index.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    with step("Building the viewer"):
        call(["npm", "run", "build"], cwd=FRONTEND, environment=_environment(), hint="")
    stamp.write_text(wanted)


def install_node_packages() -> None:
    version = check_node()
    stamp = FRONTEND / "node_modules" / ".columna-packages"
    wanted = version.split(".")[0] + digest(FRONTEND / "package.json", FRONTEND / "package-lock.json")
    if stamp.exists() and stamp.read_text() == wanted:
        return
    check_disk(FRONTEND, gib=1.5, what="the browser part", remedy="Free some.")
    with step("Installing the browser part's packages (npm ci)"):
        command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        call(command, cwd=FRONTEND, environment=_environment(), hint="Is npm's registry reachable? Behind a proxy set HTTPS_PROXY.")
    stamp.write_text(wanted)


def bring_ohif() -> list[str]:
    """Install the viewer that tests and benchmarks compare with; its one package, about 200 MB. Return what is lacking: nothing, or its name."""
    stamp = OHIF / "node_modules" / ".columna-packages"
    wanted = digest(OHIF / "package.json", OHIF / "package-lock.json")
    if stamp.exists() and stamp.read_text() == wanted:
        return []
    try:
        check_disk(OHIF, gib=0.5, what="OHIF", remedy="Free some.")
        with step("Installing OHIF for the tests (npm ci)"):
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            call(command, cwd=OHIF, environment=_environment(), hint="Is npm's registry reachable?")
    except Stop as reason:
        say(f"  Without OHIF: its test is skipped. {reason}")
        return ["OHIF"]
    stamp.write_text(wanted)
    return []


def _environment() -> dict[str, str]:
    return {**os.environ, "CI": "1", "NPM_CONFIG_UPDATE_NOTIFIER": "false"}


def _sources() -> list[Path]:
    """Every file the build reads, in a fixed order."""
    found = []
    for folder, folders, files in os.walk(FRONTEND):
        folders[:] = sorted(name for name in folders if name not in _NEVER)
        found += [Path(folder) / name for name in sorted(files)]
    return found
