"""Group commit: what several associations have ready at one time is written in one transaction, and one wait for the disk.

There is no thread for it. Who is ready waits a moment for those of this process who are still at work, then takes the turn, or waits for
it; who has the turn writes what all of them have ready, its own and theirs. Processes of one machine take turns too where the database lets one write at a time: a waiter of SQLite asks, sleeps and
asks again, a waiter of a file lock is woken.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import close_old_connections, connection

from storage.models import ImportBatch, Source
from storage.services.intake_commit import batches_commit
from storage.services.prepared import Outcome, Prepared

_GROUP = 64
"""Objects of one transaction at most, so that no sender waits for too many others."""
_COMPANY = 0.01
"""Seconds that somebody who is ready waits for the others at most; one of them may be reading text."""


@dataclass
class _Waiting:
    source: Source
    batch: ImportBatch
    prepared: Prepared
    future: Future[Outcome] = field(default_factory=Future)


class Committer:
    """The turn of one process, and what waits for it. ``lock`` is the file on which processes agree."""

    def __init__(self, lock: Path) -> None:
        self._turn, self._waiting = threading.Lock(), list[_Waiting]()
        self._at_work, self._news = 0, threading.Condition()
        self._lock = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def work(self) -> Iterator[None]:
        """Be waited for, a moment, by those who are ready."""
        with self._news:
            self._at_work += 1
        try:
            yield
        finally:
            with self._news:
                self._at_work -= 1
                if not self._at_work:
                    self._news.notify_all()

    def commit(self, source: Source, batch: ImportBatch, prepared: Prepared) -> Outcome:
        """Return the outcome once it is durable. Raises what the database raised."""
        own = _Waiting(source, batch, prepared)
        self._waiting.append(own)
        deadline = time.monotonic() + _COMPANY
        with self._news:
            while self._at_work and not own.future.done() and (left := deadline - time.monotonic()) > 0:
                self._news.wait(left)
        with self._turn:
            while not own.future.done():  # else somebody has written it meanwhile
                with self._alone():
                    ready, self._waiting[:_GROUP] = self._waiting[:_GROUP], []
                    _write(ready)
        return own.future.result()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the machine's turn; the kernel gives it back when the process dies."""
        if connection.vendor != "sqlite":
            yield
            return
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)


def _write(waiting: list[_Waiting]) -> None:
    groups: dict[Any, list[_Waiting]] = {}
    for item in waiting:
        groups.setdefault(item.batch.pk, []).append(item)
    try:
        close_old_connections()
        found = batches_commit(groups=[(items[0].source, items[0].batch, [item.prepared for item in items]) for items in groups.values()])
    except Exception as error:  # every association that waits must hear of it
        for item in waiting:
            item.future.set_exception(error)
        return
    for items, outcomes in zip(groups.values(), found, strict=True):
        for item, outcome in zip(items, outcomes, strict=True):
            item.future.set_result(outcome)
