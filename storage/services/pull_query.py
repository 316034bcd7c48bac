"""What a pull asks for: the filter of a source as a value, and which answers of a PACS fit it. Knows neither DIMSE nor HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from config.errors import Invalid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

FILTERS = frozenset({"method", "modalities", "body_part", "description", "date", "days"})
METHODS = ("get", "move")
_DATE = re.compile(r"\d{8}|\d{8}-|-\d{8}|\d{8}-\d{8}")
_WORD = re.compile(r"[A-Z0-9_ ]{1,16}")


@dataclass(frozen=True)
class Query:
    """``modalities``, ``body_part`` empty mean any; ``date`` is a DICOM date or range; ``accessions`` are in memory only."""

    method: str = "get"
    modalities: tuple[str, ...] = ()
    body_part: str = ""
    description: str = ""
    date: str = ""
    accessions: tuple[str, ...] = ()

    def fits(self, study: Dataset) -> bool:
        """Whether a PACS's answer about a study fits: a PACS may ignore what it cannot match. What it leaves out is not held against it."""
        accession = str(study.get("AccessionNumber", "") or "").strip()
        if self.accessions and accession not in self.accessions:
            return False
        modalities = _values(study.get("ModalitiesInStudy"))
        if self.modalities and modalities and not modalities & set(self.modalities):
            return False
        description = str(study.get("StudyDescription", "") or "").upper()
        if self.description and description and not fnmatchcase(description, self.description.upper()):
            return False
        day = str(study.get("StudyDate", "") or "").strip()
        return not (self.date and len(day) == 8 and not _within(day, self.date))

    def fits_series(self, series: Dataset) -> bool:
        """Whether a series fits: of a study that fits, only the wanted part of the body is fetched when one is named."""
        if self.modalities and str(series.get("Modality", "") or "").strip() not in self.modalities:
            return False
        return str(series.get("BodyPartExamined", "") or "").strip().upper() == self.body_part.upper()


def query_of(pull_filter: dict[str, Any], *, accessions: Iterable[str] = ()) -> Query:
    """Return the query of a filter and a worklist. Raises :class:`Invalid` for one that cannot be used or would fetch everything."""
    filter_check(pull_filter)
    wanted = tuple(accessions)
    if not wanted and not set(pull_filter) - {"method"}:
        raise Invalid(
            "An empty filter would fetch the whole PACS. Name a modality, body part, description or date, or fill the worklist.",
            code="empty_filter",
        )
    date = str(pull_filter.get("date", ""))
    if pull_filter.get("days"):
        date = f"{timezone.localdate() - timedelta(days=int(pull_filter['days'])):%Y%m%d}-"
    return Query(
        method=pull_filter.get("method", "get"),
        modalities=tuple(pull_filter.get("modalities") or ()),
        body_part=pull_filter.get("body_part", ""),
        description=pull_filter.get("description", ""),
        date=date,
        accessions=wanted,
    )


def filter_check(pull_filter: dict[str, Any]) -> None:
    """Raise :class:`Invalid` for a filter with unknown names or unusable values. An empty one is no fault: nothing is pulled by it."""
    unknown = sorted(set(pull_filter) - FILTERS)
    if "accession_numbers" in unknown:
        raise _fault("Accession numbers say who somebody is: put them on the source's worklist, which is sealed.")
    if unknown:
        raise _fault(f"A pull filter has no {', '.join(unknown)}. It has {', '.join(sorted(FILTERS))}.")
    if pull_filter.get("method", "get") not in METHODS:
        raise _fault("The method of a pull is get or move.")
    modalities = pull_filter.get("modalities", [])
    if not isinstance(modalities, list) or not all(isinstance(item, str) and item.isalnum() and len(item) <= 16 for item in modalities):
        raise _fault("Modalities are a list of codes such as MR or CT.")
    body_part = pull_filter.get("body_part", "")
    if not isinstance(body_part, str) or (body_part and not _WORD.fullmatch(body_part.upper())):
        raise _fault("A body part is a DICOM code such as LSPINE.")
    description = pull_filter.get("description", "")
    if not isinstance(description, str) or len(description) > 64 or "\\" in description:
        raise _fault("A description has 64 characters at most; * and ? stand for any.")
    date = pull_filter.get("date", "")
    if not isinstance(date, str) or (date and not _DATE.fullmatch(date)):
        raise _fault("A date is YYYYMMDD, or a range: YYYYMMDD-, -YYYYMMDD, YYYYMMDD-YYYYMMDD.")
    days = pull_filter.get("days", 1)
    if not isinstance(days, int) or isinstance(days, bool) or not 0 < days <= 36500:
        raise _fault("Days are a whole number from 1.")


def _fault(message: str) -> Invalid:
    return Invalid(message, code="unknown_filter", state={"fields": {"pull_filter": [message]}})


def _values(value: Any) -> set[str]:
    if not value:
        return set()
    return {str(item).strip() for item in ([value] if isinstance(value, str) else value)}


def _within(day: str, wanted: str) -> bool:
    first, _, last = wanted.partition("-") if "-" in wanted else (wanted, "", wanted)
    return (not first or first <= day) and (not last or day <= last)
