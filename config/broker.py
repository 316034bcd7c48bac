"""How the broker is reached. It is only a doorbell: everything here may fail or lose messages, and no job is lost."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from config.environment import Environment

_IMPATIENT = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5}
_CONNECT_SECONDS = 2.0


def broker_folder(environment: Environment) -> Path | None:
    """Return the folder that is the broker in the embedded default, None when there is a broker server."""
    return None if environment.broker_url.get_secret_value() else environment.data_dir / "broker"


def broker_settings(environment: Environment) -> dict[str, Any]:
    """Return Celery's broker settings. A broker that is away is given up on after about two seconds, so web never hangs on it."""
    url = environment.broker_url.get_secret_value()
    patience = {
        "broker_connection_timeout": _CONNECT_SECONDS,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
    }
    if url:
        options: dict[str, Any] = dict(_IMPATIENT)
        if url.startswith(("redis://", "rediss://")):
            options |= {"socket_connect_timeout": _CONNECT_SECONDS, "visibility_timeout": 300}
        return {"broker_url": url, "broker_transport_options": options, **patience}
    folder = environment.data_dir / "broker"
    for name in ("queue", "control", "processed"):
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)  # who can write here can ring for any job
    options = {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
        "processed_folder": str(folder / "processed"),
        "store_processed": True,
        "polling_interval": 0.1,
    }
    return {"broker_url": "filesystem://", "broker_transport_options": options, **patience}


def broker_prune(environment: Environment, *, older_than_seconds: float = 60.0) -> int:
    """Delete the folder broker's messages that were taken a while ago. Return how many."""
    folder = broker_folder(environment)
    if folder is None:
        return 0
    limit, pruned = time.time() - older_than_seconds, 0
    for message in (folder / "processed").iterdir():
        try:
            if message.stat().st_mtime < limit:
                message.unlink()
                pruned += 1
        except FileNotFoundError:
            continue
    return pruned
