"""The DIMSE half of a pull: C-FIND to ask, C-GET to fetch over the same association, C-MOVE to have it sent to the listener."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from django.conf import settings
from pydicom.dataset import Dataset
from pynetdicom import build_role, evt
from pynetdicom.presentation import build_context

from config.errors import Unavailable
from storage.dicom import sop_classes
from storage.dicom.parse import ENCAPSULATED, NATIVE
from storage.services.peer import peer_associate

if TYPE_CHECKING:
    from storage.models import Source
    from storage.services.pull_query import Query

_FIND, _MOVE, _GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.2.3"
_PENDING = (0xFF00, 0xFF01)
_MOST_CLASSES = 120
"""An association has 128 presentation contexts at most."""

Door = Callable[[bytes], int]
"""Takes the bytes of one object in and returns the C-STORE status."""


class DimsePacs:
    """Asks a source over DIMSE."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def studies(self, query: Query) -> Iterator[Dataset]:
        """Yield what the PACS answers about each study that fits, once. Raises :class:`Unavailable`."""
        seen: set[str] = set()
        for accession in query.accessions or ("",):
            for modality in query.modalities or ("",):
                for answer in self._find(_study_question(query, accession, modality)):
                    uid = str(answer.get("StudyInstanceUID", "") or "")
                    if uid and uid not in seen and query.fits(answer):
                        seen.add(uid)
                        yield answer

    def series(self, study: str) -> list[Dataset]:
        question = Dataset()
        question.QueryRetrieveLevel = "SERIES"
        question.StudyInstanceUID = study
        for keyword in ("SeriesInstanceUID", "Modality", "BodyPartExamined"):
            setattr(question, keyword, "")
        return list(self._find(question))

    def count(self, study: str) -> int | None:
        """Return how many instances the PACS says that a study has; None when it does not say."""
        question = Dataset()
        question.QueryRetrieveLevel = "STUDY"
        question.StudyInstanceUID, question.NumberOfStudyRelatedInstances = study, None
        return next((count_of(answer) for answer in self._find(question)), None)

    def fetch(self, study: str, series: str | None, door: Door) -> bool:
        """Fetch over the association that asks for it (C-GET). Return whether the PACS says that all of it went and was taken."""

        def store(event: evt.Event) -> int:
            return door(event.encoded_dataset())

        syntaxes = sorted(str(uid) for uid in NATIVE | ENCAPSULATED)
        classes = [uid for uid in sop_classes.storage_classes() if sop_classes.is_known(uid)][:_MOST_CLASSES]
        contexts = [build_context(_GET), *(build_context(uid, syntaxes) for uid in classes)]
        roles = [build_role(uid, scp_role=True) for uid in classes]
        association = peer_associate(source=self.source, contexts=contexts, roles=roles, handlers=[(evt.EVT_C_STORE, store)])
        try:
            return _went(association.send_c_get(_wanted(study, series), _GET))
        finally:
            association.release()

    def have_sent(self, study: str, series: str | None) -> bool:
        """Have it sent to the listener (C-MOVE). Return whether the PACS says that all of it went."""
        association = peer_associate(source=self.source, contexts=[build_context(_MOVE)])
        try:
            return _went(association.send_c_move(_wanted(study, series), settings.ENVIRONMENT.dicom_ae_title, _MOVE))
        finally:
            association.release()

    def _find(self, question: Dataset) -> Iterator[Dataset]:
        association = peer_associate(source=self.source, contexts=[build_context(_FIND)])
        try:
            for status, answer in association.send_c_find(question, _FIND):
                if status and status.Status in _PENDING and answer is not None:
                    yield answer
                elif not status or status.Status != 0x0000:
                    raise Unavailable("The PACS did not answer the question. Try again later.", code="find_failed")
        finally:
            association.release()


def count_of(answer: Dataset) -> int | None:
    value = str(answer.get("NumberOfStudyRelatedInstances", "") or "").strip()
    return int(value) if value.isdigit() else None


def _study_question(query: Query, accession: str, modality: str) -> Dataset:
    question = Dataset()
    question.QueryRetrieveLevel = "STUDY"
    question.StudyInstanceUID = ""
    question.AccessionNumber = accession
    question.ModalitiesInStudy = modality
    question.StudyDescription = query.description if query.description.strip("*") else ""  # an asterisk alone asks for one that is there
    question.StudyDate = query.date
    question.NumberOfStudyRelatedInstances = None
    return question


def _wanted(study: str, series: str | None) -> Dataset:
    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", study
    if series:
        wanted.QueryRetrieveLevel, wanted.SeriesInstanceUID = "SERIES", series
    return wanted


def _went(answers: Iterator[tuple[Dataset, Dataset | None]]) -> bool:
    last = None
    for status, _ in answers:
        last = status
    return last is not None and last.get("Status") == 0x0000 and not last.get("NumberOfFailedSuboperations", 0)
