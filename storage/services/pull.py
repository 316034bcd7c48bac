"""Fetching from a PACS: ask what it has (C-FIND), have it sent (C-GET, or C-MOVE to the listener). What comes passes the same door."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from pydicom.dataset import Dataset
from pynetdicom import AE, _config, build_role, evt
from pynetdicom.association import Association
from pynetdicom.presentation import build_context

from config.errors import Invalid, Unavailable
from storage.dicom import sop_classes
from storage.dicom.parse import ENCAPSULATED, NATIVE
from storage.models import Source
from storage.services.import_batch import batch_close, batch_open
from storage.services.intake import instance_intake

if TYPE_CHECKING:
    from storage.models import ImportBatch, Series

_config.LOG_HANDLER_LEVEL = "none"  # its messages quote identifiers
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)

_FIND, _MOVE, _GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.2.3"
_PENDING = (0xFF00, 0xFF01)
_MOST_CLASSES = 120
FILTERS = frozenset({"method", "modalities", "body_part", "description", "date", "days", "accession_numbers"})


@dataclass
class Pulled:
    """``series`` wait for assembly; C-MOVE leaves that, and the batch, to the listener."""

    studies: int = 0
    failed: int = 0
    stored: int = 0
    series: tuple[Series, ...] = ()


def source_pull(*, source: Source, progress: Callable[[float, str], None] | None = None) -> Pulled:
    """Fetch every study that fits the source's ``pull_filter``. What is here already is recognised and changes nothing.

    Raises :class:`Invalid` for a filter that cannot be used, :class:`Unavailable` when the PACS does not answer. No identifier of a
    patient is logged or kept: the answers of the PACS live in memory only.
    """
    query = _checked(source)
    method = query.get("method", "get")
    studies = list(_studies(source, query))
    done = Pulled()
    if method == "move":
        for number, study in enumerate(studies):
            done.failed += not _move(source, study)
            done.studies += 1
            if progress:
                progress((number + 1) / len(studies), f"{number + 1} of {len(studies)} studies")
        return done
    batch = batch_open(project=source.project, source=source)
    failed = True
    try:
        for number, study in enumerate(studies):
            done.failed += not _get(source, batch, study)
            done.studies += 1
            if progress:
                progress((number + 1) / len(studies), f"{number + 1} of {len(studies)} studies")
        failed = False
    finally:
        done.series = tuple(batch_close(batch=batch, failed=failed))
    batch.refresh_from_db()
    done.stored = batch.stored
    return done


def sources_due() -> list[Source]:
    """Return the sources whose time to pull has come, each once: their clock is moved on in the same step."""
    now = timezone.now()
    found = []
    for source in Source.objects.active().exclude(pull_seconds=None).exclude(host="").select_related("project"):
        due = now - timedelta(seconds=source.pull_seconds or 0)
        late = Source.objects.filter(Q(pulled_at=None) | Q(pulled_at__lte=due), pk=source.pk)
        if late.update(pulled_at=now):
            found.append(source)
    return found


def _checked(source: Source) -> dict[str, Any]:
    if not source.host or not source.port or not source.ae_title:
        raise Invalid("To pull, a source needs host, port and AE title of the PACS.", code="no_address")
    query = dict(source.pull_filter or {})
    if unknown := sorted(set(query) - FILTERS):
        raise Invalid(f"A pull filter has no {', '.join(unknown)}.", code="unknown_filter")
    if query.get("method", "get") not in ("get", "move"):
        raise Invalid("The method of a pull is get or move.", code="unknown_filter")
    if not query.keys() - {"method"}:
        raise Invalid(
            "An empty filter would fetch the whole PACS. Name a modality, date, description or accession numbers.", code="empty_filter"
        )
    return query


def _associate(source: Source, contexts: list[Any], *, roles: list[Any] | None = None, handlers: list[Any] | None = None) -> Association:
    try:  # pynetdicom leaks its socket when nobody listens, so ask first
        socket.create_connection((source.host, source.port or 104), timeout=10).close()
    except OSError:
        raise Unavailable("Nothing listens at the address of this PACS. Check host and port, and that it runs.", code="pacs_away") from None
    entity = AE(ae_title=settings.ENVIRONMENT.dicom_ae_title)
    entity.acse_timeout, entity.dimse_timeout, entity.network_timeout = 20, 300, 300
    tls = (ssl.create_default_context(), source.host) if source.is_tls else None
    association = entity.associate(
        source.host, source.port or 104, contexts=contexts, ae_title=source.ae_title, ext_neg=roles, evt_handlers=handlers, tls_args=tls
    )
    if not association.is_established:
        raise Unavailable(
            "The PACS does not answer, or does not know this AE title. Check host, port and titles on both sides.", code="pacs_away"
        )
    return association


def _studies(source: Source, query: dict[str, Any]) -> Iterator[str]:
    """Yield the StudyInstanceUIDs that fit; the PACS matches what it can, the rest is matched here."""
    seen: set[str] = set()
    association = _associate(source, [build_context(_FIND)])
    try:
        for accession in query.get("accession_numbers") or [""]:
            for modality in query.get("modalities") or [""]:
                for status, answer in association.send_c_find(_question(query, accession, modality), _FIND):
                    if status and status.Status in _PENDING and answer is not None:
                        uid = str(answer.get("StudyInstanceUID", ""))
                        if uid and uid not in seen:
                            seen.add(uid)
                            yield uid
                    elif not status or status.Status != 0x0000:
                        raise Unavailable("The PACS did not answer the question. Try again later.", code="find_failed")
    finally:
        association.release()


def _question(query: dict[str, Any], accession: str, modality: str) -> Dataset:
    question = Dataset()
    question.QueryRetrieveLevel = "STUDY"
    question.StudyInstanceUID = ""
    question.AccessionNumber = accession
    question.ModalitiesInStudy = modality
    question.StudyDescription = query.get("description", "")
    question.StudyDate = query.get("date", "")
    if query.get("body_part"):
        question.BodyPartExamined = query["body_part"]
    if query.get("days"):
        first = timezone.localdate() - timedelta(days=int(query["days"]))
        question.StudyDate = f"{first:%Y%m%d}-"
    return question


def _wanted(study: str) -> Dataset:
    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", study
    return wanted


def _get(source: Source, batch: ImportBatch, study: str) -> bool:
    """Fetch one study over the association that asks for it. Return whether all of it came."""
    ordinals = iter(range(1, 1 << 31))

    def store(event: evt.Event) -> int:
        outcome = instance_intake(source=source, data=event.encoded_dataset(), batch=batch, ordinal=next(ordinals))
        return outcome.dimse_status

    syntaxes = sorted(str(uid) for uid in NATIVE | ENCAPSULATED)
    classes = [uid for uid in sop_classes.storage_classes() if sop_classes.is_known(uid)][:_MOST_CLASSES]
    contexts = [build_context(_GET), *(build_context(uid, syntaxes) for uid in classes)]
    roles = [build_role(uid, scp_role=True) for uid in classes]
    association = _associate(source, contexts, roles=roles, handlers=[(evt.EVT_C_STORE, store)])
    try:
        last = None
        for status, _ in association.send_c_get(_wanted(study), _GET):
            last = status
        return last is not None and last.get("Status") == 0x0000
    finally:
        association.release()


def _move(source: Source, study: str) -> bool:
    """Have one study sent to the listener. Return whether the PACS says that all of it went."""
    association = _associate(source, [build_context(_MOVE)])
    try:
        last = None
        for status, _ in association.send_c_move(_wanted(study), settings.ENVIRONMENT.dicom_ae_title, _MOVE):
            last = status
        return last is not None and last.get("Status") == 0x0000
    finally:
        association.release()
