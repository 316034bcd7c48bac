"""Debian's programs that tests start: brought where that is allowed, listed plainly where it is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.launch.say import Stop, call, say, step

ROOT = Path("/")
_POLICY = Path("/usr/sbin/policy-rc.d")
_SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])

NEEDED = {
    "chromium": "browser journeys",
    "dcmtk": "sending and receiving DICOM",
    "dicom3tools": "judging what comes out of the door",
    "gcc": "keeping Orthanc on loopback",
    "libc6-dev": "keeping Orthanc on loopback",
    "orthanc": "the stand-in for a PACS",
    "orthanc-dicomweb": "DICOMweb",
    "postgresql": "the full column",
    "rabbitmq-server": "jobs on RabbitMQ",
    "redis-server": "jobs on Redis",
    "tesseract-ocr": "reading burned-in text in tests",
    "tesseract-ocr-eng": "reading burned-in text in tests",
}
_PLACES = {
    "chromium": ["chromium"],
    "dcmtk": ["storescu"],
    "dicom3tools": ["dciodvfy"],
    "gcc": ["gcc"],
    "libc6-dev": ["/usr/include/stdio.h"],
    "orthanc": ["Orthanc"],
    "orthanc-dicomweb": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
    "postgresql": ["/usr/lib/postgresql"],
    "rabbitmq-server": ["rabbitmq-server"],
    "redis-server": ["redis-server"],
    "tesseract-ocr": ["tesseract"],
    "tesseract-ocr-eng": ["/usr/share/tesseract-ocr"],
}


def missing() -> list[str]:
    """Return the packages whose programs are not on this machine."""

    def there(place: str) -> bool:
        return Path(place).exists() if place.startswith("/") else shutil.which(place, path=_SEARCH) is not None

    return sorted(package for package, places in _PLACES.items() if not all(there(place) for place in places))


def bring_packages() -> list[str]:
    """Install what is missing when this is root on Debian. Return what is still missing, after saying how to get it."""
    packages = missing()
    if not packages:
        return []
    if os.geteuid() == 0 and shutil.which("apt-get") and not os.environ.get("COLUMNA_TEST_NO_APT"):
        try:
            _install(packages)
        except Stop as problem:
            say(f"  {problem}")
        packages = missing()
    if packages:
        say("  Some checks cannot run here, for these Debian packages are missing:")
        for package in packages:
            say(f"    {package:<18} {NEEDED[package]}")
        say("  To bring them (their services need not run; the tests start their own):")
        say(f"    sudo apt-get update && sudo apt-get install --no-install-recommends {' '.join(packages)}")
    return packages


def _install(packages: list[str]) -> None:
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"Installing Debian packages ({', '.join(packages)})"), _services_stay_off():
        call([*apt, "update"], cwd=ROOT, environment=environment, hint="Is Debian's mirror reachable?")
        call([*apt, "install", "--yes", "--no-install-recommends", *packages], cwd=ROOT, environment=environment)


@contextmanager
def _services_stay_off() -> Iterator[None]:
    """Tell Debian not to start the services it installs, unless this machine has a policy of its own."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)
