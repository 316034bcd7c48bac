"""Fetching from a PACS: ask what it has, fetch it or have it sent to the listener. What comes passes the same door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from storage.models import Series, Source
from storage.services.credentials import source_worklist, worklist_take
from storage.services.import_batch import batch_close, batch_open
from storage.services.intake import instance_intake
from storage.services.pacs import Pacs, pacs_of
from storage.services.pull_dimse import count_of
from storage.services.pull_query import Query, query_of
from storage.services.study_end import study_expect, study_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from storage.models import ImportBatch
    from storage.services.pull_dimse import Door

Arrived = Callable[[list[Series]], None]


@dataclass
class Pulled:
    """``series`` wait for assembly; C-MOVE leaves that, and the batch, to the listener."""

    studies: int = 0
    failed: int = 0
    stored: int = 0
    series: tuple[Series, ...] = ()
    done: set[str] = field(default_factory=set, repr=False)
    undone: set[str] = field(default_factory=set, repr=False)


def source_pull(*, source: Source, progress: Callable[[float, str], None] | None = None, arrived: Arrived | None = None) -> Pulled:
    """Fetch every study that fits the source's ``pull_filter`` and worklist. What is here already is recognised and changes nothing.

    ``arrived`` hears of the series of a study as soon as it is fetched. What came whole leaves the worklist. Raises :class:`Invalid` for
    a filter that cannot be used, :class:`Unavailable` when the PACS does not answer. No identifier of a patient is logged or kept:
    the answers of the PACS live in memory only.
    """
    pacs = pacs_of(source)
    query = query_of(source.pull_filter or {}, accessions=source_worklist(source=source))
    studies = list(pacs.studies(query))
    done = Pulled()
    batch = batch_open(project=source.project, source=source) if query.method == "get" else None
    failed = True
    try:
        for number, study in enumerate(studies):
            whole = _study(source, pacs, query, batch, study)
            done.studies, done.failed = done.studies + 1, done.failed + (not whole)
            (done.done if whole else done.undone).add(str(study.get("AccessionNumber", "") or "").strip())
            if batch is not None and arrived:
                arrived(list(Series.objects.filter(instances__batch=batch).awaiting_assembly().distinct()))
            if progress:
                progress((number + 1) / len(studies), f"{number + 1} of {len(studies)} studies")
        failed = False
    finally:
        if batch is not None:
            done.series = tuple(batch_close(batch=batch, failed=failed))
        if finished := done.done - done.undone:
            worklist_take(source=source, user=None, done=finished)
    if batch is not None:
        batch.refresh_from_db()
        done.stored = batch.stored
        if not batch.received:
            batch.delete()  # a pull that found nothing is told by its job; it is no import
    return done


def _study(source: Source, pacs: Pacs, query: Query, batch: ImportBatch | None, answer: Dataset) -> bool:
    """Fetch one study, or of it the series that fit. Return whether all of that came."""
    uid = str(answer.StudyInstanceUID)
    wanted: list[str | None] = [None]
    if query.body_part:
        wanted = [str(series.SeriesInstanceUID) for series in pacs.series(uid) if query.fits_series(series)]
    if batch is None:
        went = [pacs.have_sent(uid, series) for series in wanted]
    else:
        door = _door(source, batch)
        went = [pacs.fetch(uid, series, door) for series in wanted]
    whole = all(went)
    study = study_of(source=source, original=uid)
    if study is not None:
        study_expect(study=study, expected=None if query.body_part else count_of(answer), fetched=whole)
    return whole


def _door(source: Source, batch: ImportBatch) -> Door:
    ordinals = count(1)
    return lambda data: instance_intake(source=source, data=data, batch=batch, ordinal=next(ordinals)).dimse_status


def sources_due() -> list[Source]:
    """Return the sources whose time to pull has come, each once: their clock is moved on in the same step.

    A time of the last pull that lies ahead means that the clock was set back: such a source is due.
    """
    now = timezone.now()
    found = []
    reachable = Source.objects.active().exclude(pull_seconds=None).filter(~Q(host="") | ~Q(dicomweb_url=""))
    for source in reachable.select_related("project"):
        due = now - timedelta(seconds=source.pull_seconds or 0)
        late = Source.objects.filter(Q(pulled_at=None) | Q(pulled_at__lte=due) | Q(pulled_at__gt=now + timedelta(minutes=1)), pk=source.pk)
        if late.update(pulled_at=now):
            found.append(source)
    return found
