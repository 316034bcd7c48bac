"""``make lock``: resolve what is asked for (requirements*.in, package.json) into locks that name every package, version and hash.

torch comes in two builds that must share one lock (docs/decisions/0004): the resolution runs once with the folder that offers the CPU
build and once without. ``make lock UPGRADE=1`` moves every pin to its newest allowed version; without it pins stay where they can.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from config.launch.machine import check_node, check_python
from config.launch.packages import ROOT, install_packages, pip_configuration, uv
from config.launch.say import Stop, call, main, step

UV = "uv==0.13.9"
_HEAD = (
    "# Written by `make lock` from requirements.in. torch carries the hashes of its CPU build and of the ordinary one;\n"
    "# the ordinary build also needs requirements-cuda.txt.\n"
)
_CUDA_HEAD = "# Written by `make lock`: what the ordinary torch build needs beside requirements.txt. The CPU build needs none of it.\n"
_DEV_HEAD = "# Written by `make lock` from requirements-dev.in: what the checks need beside requirements.txt.\n"
_BOOT_HEAD = "# Written by `make lock`: what installs the rest.\n"


def blocks(text: str) -> dict[str, str]:
    """Return the lock's entries by package name: the requirement line with its hashes and comments."""
    found: dict[str, str] = {}
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE):
        name = re.match(r"([A-Za-z0-9._-]+)(\[[^\]]*\])?==", block)
        if name:
            found[name.group(1).lower()] = block.rstrip("\n") + "\n"
    return found


def hashes(block: str) -> list[str]:
    return sorted(set(re.findall(r"--hash=(sha256:[0-9a-f]+)", block)))


def both_builds(cpu: str, ordinary: str) -> str:
    """Return torch's entry: its plain version, the hashes of both builds, the CPU entry's comments."""
    version = re.match(r"torch==([0-9.]+)", cpu)
    if version is None or f"torch=={version.group(1)}+cpu" not in cpu or not ordinary.startswith(f"torch=={version.group(1)} "):
        raise Stop(
            "the two resolutions do not hold the CPU and the ordinary build of one torch version. Is the CPU wheel in pip's find-links?"
        )
    lines = [f"torch=={version.group(1)}", *(f"    --hash={value}" for value in sorted({*hashes(cpu), *hashes(ordinary)}))]
    comments = "".join(line + "\n" for line in cpu.splitlines() if line.lstrip().startswith("#"))
    return " \\\n".join(lines) + "\n" + comments


def lock() -> int:
    check_python()
    check_node()
    install_packages(dev=False)
    configured = pip_configuration()
    plain = {**configured, "find-links": []}
    upgrade = ["--upgrade"] if os.environ.get("UPGRADE") else []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def resolve(source: str, target: Path, *more: str, using: dict[str, list[str]]) -> dict[str, str]:
            options = ["--generate-hashes", "--python-version", "3.11", "--no-header", "--quiet", "--output-file", str(target)]
            uv("pip", "compile", source, *options, *upgrade, *more, configured=using)
            return blocks(target.read_text())

        def starting_from(lock: str) -> Path:
            target = folder / lock
            if (ROOT / lock).exists():
                kept = blocks((ROOT / lock).read_text())
                kept.pop("torch", None)  # its hashes are of two builds: it is resolved anew each time
                target.write_text("".join(kept.values()))
            return target

        with step("Resolving requirements.in with the CPU build of torch"):
            cpu = resolve("requirements.in", starting_from("requirements.txt"), using=configured)
        pins = folder / "pins.txt"
        pins.write_text("".join(block.splitlines()[0].rstrip(" \\") + "\n" for package, block in cpu.items() if package != "torch"))
        with step("Resolving it again with the ordinary build"):
            target = starting_from("requirements-cuda.txt")
            ordinary = resolve("requirements.in", target, "--constraint", str(pins), using=plain)
        cpu["torch"] = both_builds(cpu["torch"], ordinary["torch"])
        _write("requirements.txt", _HEAD, cpu)
        _write("requirements-cuda.txt", _CUDA_HEAD, {package: block for package, block in ordinary.items() if package not in cpu})
        with step("Resolving requirements-dev.in"):
            dev = resolve("requirements-dev.in", starting_from("requirements-dev.txt"), using=plain)
        _write("requirements-dev.txt", _DEV_HEAD, dev)
        (folder / "boot.in").write_text(UV + "\n")
        with step("Resolving the installer"):
            boot = resolve(str(folder / "boot.in"), folder / "boot.txt", "--no-annotate", using=plain)
        _write("requirements-boot.txt", _BOOT_HEAD, boot)
    with step("Resolving package.json"):
        call(["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"], cwd=ROOT / "frontend")
    if '"resolved"' in (ROOT / "frontend" / "package-lock.json").read_text():
        raise Stop("package-lock.json holds addresses of a registry. frontend/.npmrc must say omit-lockfile-registry-resolved=true.")
    return 0


def _write(name: str, head: str, entries: dict[str, str]) -> None:
    text = re.sub(r"-(r|c) \S*/([\w.-]+\.(?:txt|in))", r"-\1 \2", "".join(entries[package] for package in sorted(entries)))
    text = re.sub(r"^    #   -c pins\.txt\n", "", text, flags=re.MULTILINE)
    (ROOT / name).write_text(head + text)


if __name__ == "__main__":
    sys.exit(main(lock))
