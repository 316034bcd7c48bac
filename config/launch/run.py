"""``make run``: from a fresh clone to a running Columna. The last act is to become ``manage.py up``."""

from __future__ import annotations

import os
import sys
import time

from config.launch.machine import check_node, check_python
from config.launch.packages import PYTHON, ROOT, install_packages
from config.launch.pages import build_pages
from config.launch.say import main, say


def install(*, dev: bool = False) -> None:
    check_python()
    check_node()
    install_packages(dev=dev)
    build_pages()


def run() -> None:
    say("Columna: installing what is missing")
    start = time.monotonic()
    install()
    if "--install-only" in sys.argv:
        say(f"Everything is installed ({time.monotonic() - start:.0f} s).")
        return
    os.execv(PYTHON, [str(PYTHON), str(ROOT / "manage.py"), "up"])  # noqa: S606 (becomes the supervisor: Ctrl-C reaches it alone)


if __name__ == "__main__":
    sys.exit(main(run))
