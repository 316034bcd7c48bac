"""Storage commitment at the listener: an N-ACTION is taken, sealed and answered by a thread of its own (PS3.4 J.3.2)."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError, connections
from pynetdicom.dimse_primitives import N_ACTION
from pynetdicom.presentation import PresentationContext, build_context

from config.errors import ColumnaError
from storage.dicom.commitment import REQUEST, SOP_CLASS, SOP_INSTANCE, asked_of
from storage.services.commitment import commitment_answer, commitment_open, series_asked
from storage.tasks import assemble_later

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pynetdicom import evt
    from pynetdicom.association import Association

    from storage.dicom.commitment import Asked
    from storage.models import Commitment, Source

logger = logging.getLogger(__name__)
_SUCCESS, _NO_INSTANCE, _BAD_ARGUMENT, _NO_ACTION, _NO_RESOURCES = 0x0000, 0x0112, 0x0115, 0x0123, 0x0213
_AWAY = (DatabaseError, InterfaceError, OSError, ColumnaError)


def commitment_context() -> PresentationContext:
    return build_context(SOP_CLASS)


def commitment_take(source: Source, event: evt.Event) -> tuple[int, Dataset | None]:
    """Answer an N-ACTION with its status: success means that the question is durable, and that an N-EVENT-REPORT will follow."""
    if not isinstance(event.request, N_ACTION) or event.request.RequestedSOPInstanceUID != SOP_INSTANCE:
        return _NO_INSTANCE, None
    if event.action_type != REQUEST:
        return _NO_ACTION, None
    try:
        asked = asked_of(event.action_information)
    except (ValueError, TypeError, AttributeError, KeyError, NotImplementedError):
        return _BAD_ARGUMENT, None
    try:
        commitment = commitment_open(source=source, asked=asked)
    except _AWAY:
        connections.close_all()
        return _NO_RESOURCES, None
    association = None if source.host else event.assoc
    threading.Thread(target=_answer, args=(commitment, asked, association), name="commitment", daemon=True).start()
    return _SUCCESS, None


def _answer(commitment: Commitment, asked: Asked, association: Association | None) -> None:
    """What is committed is assembled at once: the sender has sent all of it. What cannot be told now, the dispatcher sees to."""
    try:
        for series in series_asked(source=commitment.source, asked=asked):
            assemble_later(series)
        commitment_answer(commitment=commitment, association=association)
    except _AWAY as error:
        logger.warning("a storage commitment waits for its answer (%s)", type(error).__name__)
    finally:
        connections.close_all()
