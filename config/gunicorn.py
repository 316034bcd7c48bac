"""How gunicorn runs web: ``gunicorn -c config/gunicorn.py config.wsgi``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from config.environment import Environment
from config.process import die_with_parent

_environment = Environment()
_figures = _environment.data_dir / "metrics"
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_figures)

bind = f"{_environment.web_host}:{_environment.web_port}"
workers = _environment.web_processes
threads = _environment.web_threads
worker_class = "gthread"
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (heartbeat files, not data)
timeout = 120
graceful_timeout = 3
keepalive = 30
loglevel = "warning"
accesslog = None
control_socket_disable = True


def on_starting(server: Any) -> None:
    shutil.rmtree(_figures, ignore_errors=True)
    _figures.mkdir(parents=True)


def post_fork(server: Any, worker: Any) -> None:
    die_with_parent(worker.ppid)


def child_exit(server: Any, worker: Any) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)
