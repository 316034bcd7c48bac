"""Who is on the line: the associations that a listener holds, told to the source page, kept within the source's limits.

A thread renews them, so that those of a listener that was killed are gone soon; it also ends an association whose source was switched
off or given to another project meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError, connections

from accounts.services.audit import audit_record
from storage.services.contact import association_enter, association_leave, contact_note, listener_beat, listener_leave

if TYPE_CHECKING:
    from pynetdicom.association import Association

    from storage.models import Source
    from storage.services.certificate import Certificate

logger = logging.getLogger(__name__)
_AWAY = (DatabaseError, InterfaceError, OSError)
_BEAT_SECONDS = 5.0
_AUDIT_SECONDS = 60.0


@dataclass
class _Line:
    association: Association
    source: Source
    row: int


class Presence:
    """What one listener knows of its associations. Losing touch with the database costs figures, never images."""

    def __init__(self) -> None:
        self.listener = uuid.uuid4().hex
        self._lines: dict[int, _Line] = {}
        self._audited: dict[tuple[object, str], float] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)
        self._thread.start()

    def enter(self, association: Association, source: Source, certificate: Certificate | None) -> bool:
        """Return whether the source may open one more association. What cannot be written is no reason to turn it away: objects are told."""
        try:
            row = association_enter(source=source, listener=self.listener, certificate=certificate)
        except _AWAY:
            logger.warning("an association could not be noted")
            return True
        if row is None:
            self.refused(source, "too_many_associations")
            return False
        with self._lock:
            self._lines[id(association)] = _Line(association, source, row)
        return True

    def leave(self, association: Association) -> None:
        with self._lock:
            line = self._lines.pop(id(association), None)
        if line is not None:
            association_leave(row=line.row)

    def echoed(self, source: Source) -> None:
        try:
            contact_note(source=source, echoed=True)
        except _AWAY:
            logger.warning("a C-ECHO could not be noted")

    def refused(self, source: Source, code: str) -> None:
        """Note that something of a known source was turned away for being too much; the audit trail hears of it once a minute."""
        key = (source.pk, code)
        if time.monotonic() - self._audited.get(key, -_AUDIT_SECONDS) < _AUDIT_SECONDS:
            return
        self._audited[key] = time.monotonic()
        contact_note(source=source, refused=code)
        audit_record(actor=None, verb="source.refuse", object=source, project=source.project, detail={"reason": code})

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stop.wait(_BEAT_SECONDS):
            try:
                self._beat()
            except _AWAY as error:
                logger.warning("the open associations could not be renewed (%s)", type(error).__name__)
                connections.close_all()
        try:
            listener_leave(listener=self.listener)
        except _AWAY:
            logger.warning("the open associations will be seen to be gone")
        connections.close_all()

    def _beat(self) -> None:
        with self._lock:
            lines = list(self._lines.values())
        if not lines:
            return
        listener_beat(listener=self.listener)
        for line in lines:
            project = line.source.project_id
            try:
                line.source.refresh_from_db()
            except line.source.DoesNotExist:
                line.source.is_active = False
            if not line.source.is_active or line.source.project_id != project:
                line.association.abort()
