"""The DICOMweb half of a pull: QIDO-RS to ask, WADO-RS to fetch. Identifiers of patients never stand in a query: they are matched here."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import urllib3
from pydicom.dataset import Dataset

from config.errors import Invalid, Unavailable
from storage.multipart_related import boundary_of, parts
from storage.services.credentials import source_credentials
from storage.services.peer import tls_context
from storage.services.pull_dimse import count_of

if TYPE_CHECKING:
    from storage.models import Source
    from storage.multipart_related import Readable
    from storage.services.pull_dimse import Door
    from storage.services.pull_query import Query

logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # its messages quote URLs, and those name studies

_PART_LIMIT = 2 * 1024**3
_PAGE = 100
_ANSWER_LIMIT = 64 * 1024**2
_TIMEOUT = urllib3.Timeout(connect=10, read=120)
_STUDY_FIELDS = ("StudyDescription", "StudyDate", "AccessionNumber", "ModalitiesInStudy", "NumberOfStudyRelatedInstances")


class WebPacs:
    """Asks a source over DICOMweb. Its server's certificate is checked; a redirection is not followed."""

    def __init__(self, source: Source) -> None:
        if not source.dicomweb_url:
            raise Invalid("To pull over DICOMweb, a source needs the address of the PACS's DICOMweb root.", code="no_address")
        self.root = source.dicomweb_url.rstrip("/")
        self.headers = _authorisation(source_credentials(source=source))
        self.pool = urllib3.PoolManager(ssl_context=tls_context(), retries=False, timeout=_TIMEOUT)

    def studies(self, query: Query) -> Iterator[Dataset]:
        """Yield what the PACS answers about each study that fits, once.

        An accession number would stand in a URL, and so in logs of others: studies are narrowed by what is harmless, and told apart here.
        Raises :class:`Invalid` for a worklist with nothing to narrow it, :class:`Unavailable`.
        """
        if query.accessions and not (query.date or query.modalities):
            raise Invalid(
                "Accession numbers are not written into URLs. Name a date or modality too; the worklist is matched here.",
                code="filter_too_wide",
            )
        seen: set[str] = set()
        for modality in query.modalities or ("",):
            for answer in self._search("/studies", _STUDY_FIELDS, **_keys(query, modality)):
                uid = str(answer.get("StudyInstanceUID", "") or "")
                if uid and uid not in seen and query.fits(answer):
                    seen.add(uid)
                    yield answer

    def series(self, study: str) -> list[Dataset]:
        return list(self._search(f"/studies/{study}/series", ("BodyPartExamined", "Modality")))

    def count(self, study: str) -> int | None:
        """Return how many instances the PACS says that a study has; None when it does not say."""
        found = self._search("/studies", _STUDY_FIELDS, StudyInstanceUID=study)
        return next((count_of(answer) for answer in found), None)

    def fetch(self, study: str, series: str | None, door: Door) -> bool:
        """Fetch it (WADO-RS), one object in memory at a time. Return whether all of it came and was taken."""
        place = f"/studies/{study}" + (f"/series/{series}" if series else "")
        answer = self._get(place, 'multipart/related; type="application/dicom"; transfer-syntax=*', [])
        try:
            boundary = boundary_of(answer.headers.get("Content-Type", ""))
            taken = [door(data) in (0x0000, 0xB000) for data in parts(cast("Readable", answer), boundary, limit=_PART_LIMIT)]
            return bool(taken) and all(taken)
        except (Invalid, urllib3.exceptions.HTTPError, OSError):
            return False
        finally:
            answer.close()

    def have_sent(self, study: str, series: str | None) -> bool:
        raise Invalid(
            "A DICOMweb source is fetched from; it cannot be told to send. Set the method of its filter to get.", code="unknown_filter"
        )

    def check(self) -> None:
        """Ask for one study, whichever. Raises :class:`Unavailable` when that does not work."""
        next(self._search("/studies", (), limit="1"), None)

    def _search(self, place: str, fields: tuple[str, ...], **keys: str) -> Iterator[Dataset]:
        offset, once = 0, "limit" in keys
        while True:
            query = {**keys, "limit": keys.get("limit", str(_PAGE)), "offset": str(offset)}
            answer = self._get(place, "application/dicom+json", [*query.items(), *(("includefield", field) for field in fields)])
            try:
                found = [] if answer.status == 204 else _json(answer)
            finally:
                answer.close()
            yield from (Dataset.from_json(item) for item in found)
            offset += len(found)
            if once or len(found) < _PAGE:
                return

    def _get(self, place: str, accept: str, query: list[tuple[str, str]]) -> urllib3.BaseHTTPResponse:
        try:
            answer = self.pool.request(
                "GET", self.root + place, fields=query, headers={**self.headers, "Accept": accept}, redirect=False, preload_content=False
            )
        except (urllib3.exceptions.HTTPError, OSError):
            raise Unavailable(
                "The DICOMweb server does not answer. Check its address and certificate, and that it runs.", code="pacs_away"
            ) from None
        if answer.status in (200, 204, 206):
            return answer
        answer.close()
        if answer.status in (401, 403):
            raise Unavailable("The DICOMweb server turned us away. Check the credentials of this source.", code="pacs_refuses")
        raise Unavailable(
            f"The DICOMweb server answered {answer.status}. Check that its address is the DICOMweb root.", code="pacs_refuses"
        )


def _keys(query: Query, modality: str) -> dict[str, str]:
    """Servers differ in wildcards, so a description is matched here."""
    keys = {"ModalitiesInStudy": modality, "StudyDate": query.date}
    return {name: value for name, value in keys.items() if value}


def _json(answer: urllib3.BaseHTTPResponse) -> list[Any]:
    body = answer.read(_ANSWER_LIMIT)
    try:
        found = json.loads(body or b"[]")
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise Unavailable("What answers there is no DICOMweb server. Check the address of its root.", code="pacs_refuses")
    return found


def _authorisation(credentials: dict[str, str]) -> dict[str, str]:
    if "token" in credentials:
        return {"Authorization": f"Bearer {credentials['token']}"}
    if "user" in credentials:
        headers: dict[str, str] = urllib3.make_headers(basic_auth=f"{credentials['user']}:{credentials['password']}")
        return {"Authorization": headers["authorization"]}
    return {}
