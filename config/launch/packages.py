"""The virtual environment and what is in it: exactly what the lock says, checked by hash."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
import venv
from pathlib import Path

from config.launch.machine import check_disk
from config.launch.say import Stop, call, main, say, step

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
TORCH = "torch==2.13.0"
_DISK = "Free some, or clone Columna onto a larger disk."
_OFFLINE = (
    "Is the package index reachable? Behind a proxy set HTTPS_PROXY; pip's own configuration (index-url, find-links, cert) is used too."
)


def digest(*paths: Path) -> str:
    """Return one SHA-256 over names and contents."""
    hasher = hashlib.sha256(sys.version.encode())
    for path in paths:
        hasher.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return hasher.hexdigest()


def install_packages(*, dev: bool = False) -> None:
    """Bring ``.venv`` to what the lock says. Nothing happens when it is there already."""
    names = ["requirements-boot.txt", "requirements.txt", "requirements-cuda.txt", *(["requirements-dev.txt"] if dev else [])]
    wanted = digest(*(ROOT / name for name in names))
    stamp = VENV / ("columna-dev.stamp" if dev else "columna.stamp")
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    if not _is_whole():
        check_disk(VENV, gib=4, what="the Python environment", remedy=_DISK)
        with step("Making the virtual environment .venv"):
            venv.EnvBuilder(with_pip=True, symlinks=True, clear=True).create(VENV)
    boot = ["--require-hashes", "--quiet", "--disable-pip-version-check", "-r", "requirements-boot.txt"]
    call([str(PYTHON), "-m", "pip", "install", *boot], cwd=ROOT, hint=_OFFLINE)
    configured = _ordinary_torch(pip_configuration())
    files = ["requirements.txt"]
    cpu = _cpu_build_on_offer(configured)
    if not cpu:
        say(
            "  No CPU build of torch is on offer (pip's find-links names none): taking the ordinary build with its CUDA libraries, about 6 GB."
        )
        check_disk(
            VENV, gib=10, what="torch with CUDA", remedy=f"{_DISK} A folder with the CPU wheel, given as UV_FIND_LINKS, needs far less."
        )
        files.append("requirements-cuda.txt")
    if dev:
        files.append("requirements-dev.txt")
    with step(f"Installing Python packages ({', '.join(files)})"):
        _install([str(_cpu_lock()) if cpu and name == "requirements.txt" else name for name in files], configured)
    stamp.write_text(wanted)
    if dev:
        (VENV / "columna.stamp").write_text(digest(*(ROOT / name for name in names[:-1])))


def _is_whole() -> bool:
    """Whether the environment can be installed into; one whose making was interrupted has a python and no pip."""
    pip = VENV / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages" / "pip" / "__main__.py"
    return PYTHON.exists() and pip.exists()


def _cpu_lock() -> Path:
    """Return a copy of the lock that names the CPU build: pip takes it for ``torch==2.13.0``, uv wants to be told."""
    copy = VENV / "requirements-cpu.txt"
    copy.write_text((ROOT / "requirements.txt").read_text().replace(f"\n{TORCH} ", f"\n{TORCH}+cpu "))
    return copy


def _install(files: list[str], configured: dict[str, list[str]]) -> None:
    chosen = [part for name in files for part in ("-r", name)]
    command = ["pip", "install", "--python", str(PYTHON), "--require-hashes", "--compile-bytecode", *chosen]
    try:
        uv(*command, configured=configured)
    except Stop:
        if not configured["extra-index-url"]:
            raise
        # hashes make it safe to look everywhere
        more = [part for url in configured["extra-index-url"] for part in ("--index", url)]
        uv(*command, *more, "--index-strategy", "unsafe-best-match", configured=configured)


def _ordinary_torch(configured: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the configuration without the folder of the CPU wheel, when CUDA is asked for."""
    return {**configured, "find-links": []} if os.environ.get("COLUMNA_TORCH") == "cuda" else configured


def uv(*arguments: str, configured: dict[str, list[str]]) -> str:
    """Run uv with what pip is configured with: uv does not read pip's configuration itself."""
    environment = {**os.environ, "UV_NO_PROGRESS": "1", "UV_LINK_MODE": os.environ.get("UV_LINK_MODE", "copy")}
    environment["UV_FIND_LINKS"] = ",".join(configured["find-links"])
    if not environment["UV_FIND_LINKS"]:
        del environment["UV_FIND_LINKS"]
    if configured["index-url"]:
        environment.setdefault("UV_DEFAULT_INDEX", configured["index-url"][0])
    if configured["cert"]:
        environment.setdefault("SSL_CERT_FILE", configured["cert"][0])
    environment.setdefault("UV_HTTP_TIMEOUT", "180")
    return call([str(BIN / "uv"), *arguments], cwd=ROOT, environment=environment, hint=_OFFLINE)


def pip_configuration() -> dict[str, list[str]]:
    """Return what pip's files and environment say of ``index-url``, ``extra-index-url``, ``find-links`` and ``cert``; UV_FIND_LINKS joins."""
    found: dict[str, list[str]] = {name: [] for name in ("index-url", "extra-index-url", "find-links", "cert")}
    for line in call([str(PYTHON), "-m", "pip", "config", "list"], cwd=ROOT).splitlines():
        key, _, value = line.partition("=")
        scope, _, name = key.rpartition(".")
        if name in found and scope in ("global", "install", ":env:"):
            found[name] += [part for part in str(ast.literal_eval(value)).split() if part not in found[name]]
    for part in os.environ.get("UV_FIND_LINKS", "").split(","):
        if part and part not in found["find-links"]:
            found["find-links"].append(part)
    return found


def _cpu_build_on_offer(configured: dict[str, list[str]]) -> bool:
    """Ask uv, without installing, which torch it would take."""
    if sys.platform == "darwin":
        return True  # the ordinary build has no CUDA there
    if os.environ.get("COLUMNA_TORCH") == "cuda":
        return False  # the image for GPU workers
    output = uv("pip", "install", "--python", str(PYTHON), "--dry-run", "--reinstall", "--no-deps", TORCH, configured=configured)
    return f"{TORCH}+cpu" in output


if __name__ == "__main__":
    sys.exit(main(install_packages))
