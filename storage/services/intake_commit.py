"""The rows of prepared objects: one short transaction for one or many, and after it they are durable.

What a series hangs on is remembered from one transaction to the next, so that the writing is nearly all that is asked of the database.
Nothing remembered is believed: the statements that write count the rows they meet, and where one is gone, or its patient has
withdrawn, everything is looked up and done again inside.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from storage.dicom.door import Passed
from storage.dicom.reasons import REASONS
from storage.keys import seal
from storage.models import Blob, IdentityVault, ImportBatch, Instance, IntakeTally, QuarantineItem, Series, Source, Study, Subject
from storage.services.import_batch import batch_findings
from storage.services.prepared import Group, Held, Outcome, Prepared, is_same
from storage.services.rate import rate_spend
from storage.services.statements import columns_add, row_find, rows_add

MEDIA_TYPE = "application/dicom"
SEALED_MEDIA_TYPE = "application/vnd.columna.sealed"


def instances_commit(*, source: Source, batch: ImportBatch, prepared: Sequence[Prepared]) -> list[Outcome]:
    """Write the rows of prepared objects in one transaction and return their outcomes in order. When it returns, they are durable."""
    return batches_commit(groups=[(source, batch, prepared)])[0]


def batches_commit(*, groups: Sequence[Group]) -> list[list[Outcome]]:
    """As :func:`instances_commit` for several batches at once: associations that come in together share one wait for the disk.

    What the objects belong to is looked up before the transaction, so that other processes wait for the writing only. Should it
    have changed meanwhile (another process wrote the same object, the patient was withdrawn), all of it is done again inside.
    """
    try:
        shared = _Shared(timezone.now())
        shared.find(groups)
        with transaction.atomic():
            found = _write(groups, shared)
    except (IntegrityError, _Changed):
        with transaction.atomic():
            shared = _Shared(timezone.now(), is_checked=True)
            shared.find(groups)
            found = _write(groups, shared)
    shared.remember()
    return found


def _write(groups: Sequence[Group], shared: _Shared) -> list[list[Outcome]]:
    found = [_Commit(source, batch, shared).run(prepared) for source, batch, prepared in groups]
    shared.write()
    _count(groups, found, shared.now)
    return found


class _Changed(Exception):
    """What was looked up before the transaction, or remembered, is not so any more."""


@dataclass(frozen=True)
class _Place:
    """What an instance hangs on. ``subjects`` are all whose withdrawal concerns it: whom it names, and whose study the series is in."""

    series_id: UUID
    study_id: UUID
    subjects: frozenset[UUID]


_Key = tuple[UUID, str, str, str]
"""Project, patient key, study UID and series UID, as the cleaned object names them."""
_remembered: dict[_Key, _Place] = {}
_stamped: dict[UUID, datetime] = {}
_MOST_REMEMBERED = 1000
_STAMP_EVERY = timedelta(seconds=0.5)
"""When something last came is written no more often than this: the columns are indexed, and each change costs pages."""


def _key(project: UUID, passed: Passed) -> _Key:
    return project, passed.patient_key, passed.study_instance_uid, passed.series_instance_uid


@dataclass
class _Shared:
    """What one transaction has found or made, for all batches in it; keys begin with the project.

    ``is_checked`` says that it was looked up inside the transaction, where nothing changes any more.
    """

    now: datetime
    is_checked: bool = False
    existing: dict[tuple[UUID, str], dict[str, Any]] = field(default_factory=dict)
    places: dict[_Key, _Place] = field(default_factory=dict)
    subjects: dict[tuple[UUID, str], Subject] = field(default_factory=dict)
    studies: dict[tuple[UUID, str], Study] = field(default_factory=dict)
    series: dict[tuple[UUID, str], Series] = field(default_factory=dict)
    fresh: list[tuple[Instance, _Place]] = field(default_factory=list)
    blobs: list[Blob] = field(default_factory=list)

    def find(self, groups: Sequence[Group]) -> None:
        """Look up what the objects of all batches belong to. Whether one is there already was asked when it was cleaned, just before."""
        passing = [(source.project_id, item.passed) for source, _, prepared in groups for item in prepared if item.passed]
        if self.is_checked:
            self._find_existing(passing)
        else:
            keys = {_key(project, passed) for project, passed in passing}
            self.places = {key: place for key in keys if (place := _remembered.get(key)) is not None}
        unknown = [(project, passed) for project, passed in passing if _key(project, passed) not in self.places]
        if not unknown:
            return
        projects, uids = {project for project, _ in unknown}, {passed.series_instance_uid for _, passed in unknown}
        known = Series.objects.filter(project__in=projects, series_instance_uid__in=uids).order_by()
        for series in known.select_related("study__subject"):
            study, project = series.study, series.project_id
            self.series[project, series.series_instance_uid] = series
            self.studies[project, study.study_instance_uid] = study
            self.subjects[project, study.subject.patient_key] = study.subject

    def _find_existing(self, passing: Sequence[tuple[UUID, Passed]]) -> None:
        projects, uids = {project for project, _ in passing}, {passed.sop_instance_uid for _, passed in passing}
        fields = ("pk", "project_id", "series_id", "sop_instance_uid", "source_key", "pixel_digest")
        for row in Instance.objects.filter(project__in=projects, sop_instance_uid__in=uids).order_by().values(*fields):
            self.existing[row["project_id"], row["sop_instance_uid"]] = row

    def write(self) -> None:
        """Write the instances, their blobs' rows before them, and what counts them. Raises :class:`_Changed` where a place is gone."""
        if not self.fresh:
            return
        rows_add(model=Blob, rows=self.blobs, ignore_conflicts=True)
        rows_add(model=Instance, rows=[instance for instance, _ in self.fresh])
        counts = Counter((place.series_id, place.study_id) for _, place in self.fresh)
        for (series_id, study_id), count in counts.items():
            is_due = self.now - _stamped.get(series_id, datetime.min.replace(tzinfo=self.now.tzinfo)) > _STAMP_EVERY
            stamps = {"last_received_at": self.now} if is_due else {}
            if not columns_add(model=Series, where={"pk": series_id, "study": study_id}, added={"received": count}, stamps=stamps):
                raise _Changed
        for subject_id in {subject for _, place in self.fresh for subject in place.subjects}:
            subject = row_find(model=Subject, where={"pk": subject_id}, fields=("withdrawn_at",))
            if subject is None or subject["withdrawn_at"] is not None:
                raise _Changed
        for study_id in {place.study_id for _, place in self.fresh}:
            self._reopen(study_id)

    def _reopen(self, study_id: UUID) -> None:
        """Say that something came for the study just now, and that it is not whole any more."""
        study = row_find(model=Study, where={"pk": study_id}, fields=("last_received_at", "ended_at", "asked_at"))
        if study is None:
            raise _Changed
        last, asked = study["last_received_at"], study["asked_at"]
        if study["ended_at"] is not None or last is None or self.now - last > _STAMP_EVERY or (asked is not None and asked >= last):
            stamps = {"last_received_at": self.now, "ended_at": None, "ended_by": ""}
            columns_add(model=Study, where={"pk": study_id}, added={}, stamps=stamps)

    def remember(self) -> None:
        """Keep where things are, now that it is written."""
        if len(_remembered) > _MOST_REMEMBERED:
            _remembered.clear()
            _stamped.clear()
        _remembered.update(self.places)
        for _, place in self.fresh:
            if self.now - _stamped.get(place.series_id, self.now) > _STAMP_EVERY or place.series_id not in _stamped:
                _stamped[place.series_id] = self.now


class _Commit:
    """One batch's part of a transaction."""

    def __init__(self, source: Source, batch: ImportBatch, shared: _Shared) -> None:
        self.source, self.batch, self.shared, self.now = source, batch, shared, shared.now
        self.project = source.project_id

    def run(self, prepared: Sequence[Prepared]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for item in prepared:
            if item.outcome is not None:
                outcomes.append(item.outcome)
            elif item.held is not None:
                outcomes.append(self._quarantine(item, item.held))
            elif item.passed is not None:
                outcomes.append(self._instance(item, item.passed))
        return outcomes

    def _instance(self, item: Prepared, passed: Passed) -> Outcome:
        row = self.shared.existing.get((self.project, passed.sop_instance_uid))
        if row is not None:
            if is_same(row, passed):
                return Outcome("duplicate", "duplicate", str(row["pk"]), str(row["series_id"]))
            return Outcome("refused", "storage_unavailable")  # two at once with one UID: sent again, it meets the other and is held
        place = self._place(passed)
        if place is None:
            return Outcome("refused", "subject_withdrawn")
        instance = Instance(
            project_id=self.project,
            series_id=place.series_id,
            source_id=self.source.pk,
            batch_id=self.batch.pk,
            sop_instance_uid=passed.sop_instance_uid,
            sop_class_uid=passed.sop_class_uid,
            blob_id=item.digest,
            number_of_frames=passed.number_of_frames,
            pixel_digest=passed.pixel_digest,
            source_key=passed.source_key,
            layout=passed.layout,
            report={**passed.report, "in": passed.source_key, "out": item.digest, "microseconds": int(item.seconds * 1e6)},
        )
        self.shared.fresh.append((instance, place))
        self.shared.blobs.append(Blob(digest=item.digest, size=item.written, media_type=MEDIA_TYPE))
        self.shared.existing[self.project, passed.sop_instance_uid] = {
            "pk": instance.pk, "series_id": place.series_id, "source_key": passed.source_key, "pixel_digest": passed.pixel_digest,
        }  # fmt: skip
        return Outcome("stored", "", str(instance.pk), str(place.series_id), passed.notes)

    def _place(self, passed: Passed) -> _Place | None:
        """Return what the object hangs on, made where it is new, or None when the patient has withdrawn."""
        key, places = _key(self.project, passed), self.shared.places
        if key not in places:
            subject = self._subject(passed)
            if subject.withdrawn_at is not None:
                return None
            series = self._series(passed, self._study(passed, subject))
            if series.study.subject.withdrawn_at is not None:
                return None
            places[key] = _Place(series.pk, series.study_id, frozenset({subject.pk, series.study.subject_id}))
        return places[key]

    def _subject(self, passed: Passed) -> Subject:
        key, subjects = passed.patient_key, self.shared.subjects
        if (self.project, key) not in subjects:
            subjects[self.project, key], made = Subject.objects.get_or_create(
                project_id=self.project, patient_key=key, defaults={"pseudonym": passed.pseudonym, "fold": passed.fold}
            )
            if made:
                identity = passed.identity
                self._vault(
                    "subject",
                    key,
                    subjects[self.project, key],
                    {
                        "patient_id": identity.patient_id,
                        "issuer": identity.issuer,
                        "name": identity.patient_name,
                        "birth_date": identity.birth_date,
                    },
                )
        return subjects[self.project, key]

    def _study(self, passed: Passed, subject: Subject) -> Study:
        uid, studies = passed.study_instance_uid, self.shared.studies
        if (self.project, uid) not in studies:
            day = passed.summary["study_date"]
            studies[self.project, uid], made = Study.objects.get_or_create(
                project_id=self.project,
                study_instance_uid=uid,
                defaults={
                    "subject": subject,
                    "study_date": datetime.strptime(day, "%Y%m%d").date() if len(day) == 8 else None,  # noqa: DTZ007  a date has no zone
                    "description": passed.summary["study_description"],
                    "characteristics": _characteristics(passed),
                    "last_received_at": self.now,
                },
            )
            if made:
                identity = passed.identity
                self._vault(
                    "study",
                    uid,
                    subject,
                    {
                        "study_instance_uid": identity.study_instance_uid,
                        "accession_number": identity.accession_number,
                        "study_date": identity.study_date,
                        "new_study_instance_uid": uid,
                    },
                )
        return studies[self.project, uid]

    def _series(self, passed: Passed, study: Study) -> Series:
        uid, known = passed.series_instance_uid, self.shared.series
        if (self.project, uid) not in known:
            number = passed.summary["series_number"]
            known[self.project, uid], _ = Series.objects.get_or_create(
                project_id=self.project,
                series_instance_uid=uid,
                defaults={
                    "study": study,
                    "modality": passed.summary["modality"],
                    "description": passed.summary["series_description"],
                    "body_part": passed.summary["body_part"],
                    "frame_of_reference_uid": passed.summary["frame_of_reference_uid"],
                    "number": int(number) if number.lstrip("-").isdigit() and len(number) < 9 else None,
                    "last_received_at": self.now,
                    "report": passed.actions,
                },
            )
        return known[self.project, uid]

    def _vault(self, kind: str, key: str, subject: Subject, identity: dict[str, str]) -> None:
        sealed, key_id = seal(json.dumps(identity, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogateescape"), f"vault-{kind}")
        IdentityVault.objects.get_or_create(
            project_id=self.source.project_id,
            kind=kind,
            lookup=key[-64:],
            defaults={"subject": subject, "sealed": sealed, "key_id": key_id},
        )

    def _quarantine(self, item: Prepared, held: Held) -> Outcome:
        keys = [held.source_key, held.former_key]
        if QuarantineItem.objects.filter(project=self.source.project_id, source_key__in=keys, reason=held.code).exists():
            return Outcome("quarantined", held.code)  # the sealed bytes have no row, and are swept
        blob, _ = Blob.objects.get_or_create(digest=item.digest, defaults={"size": item.written, "media_type": SEALED_MEDIA_TYPE})
        QuarantineItem.objects.get_or_create(
            project_id=self.source.project_id,
            source_key=held.source_key,
            reason=held.code,
            defaults={
                "source": self.source,
                "batch": self.batch,
                "message": REASONS[held.code].message,
                "elements": held.elements,
                "modality": held.modality,
                "sop_class_uid": held.sop_class_uid,
                "study_key": held.study_key,
                "instance_key": held.instance_key,
                "size": held.size,
                "blob": blob,
                "key_id": held.key_id,
            },
        )
        return Outcome("quarantined", held.code)


def _characteristics(passed: Passed) -> dict[str, str]:
    """Age in bands of ten years, sex, scanner and month: what could single a person out together."""
    age = passed.summary["age"]
    years = int(age[:3]) if len(age) == 4 and age[:3].isdigit() and age[3] == "Y" else 0 if age else None
    band = "" if years is None else "90+" if years >= 90 else f"{years // 10 * 10}-{years // 10 * 10 + 9}"
    day = passed.summary["study_date"]
    return {
        "age": band,
        "sex": passed.summary["sex"],
        "scanner": passed.summary["scanner"],
        "month": f"{day[:4]}-{day[4:6]}" if len(day) == 8 else "",
    }


def _count(groups: Sequence[Group], found: Sequence[Sequence[Outcome]], now: datetime) -> None:
    """Add to the counters of batches and sources, and record every named reason."""
    tallies: dict[UUID, Counter[str]] = {}
    for (source, batch, prepared), outcomes in zip(groups, found, strict=True):
        counts = Counter(outcome.status for outcome in outcomes)
        added = Counter({name: counts[name] for name in ("stored", "duplicate", "refused", "quarantined")})
        added.update(received=len(prepared), received_bytes=sum(item.size for item in prepared))
        columns_add(model=ImportBatch, where={"pk": batch.pk}, added=added, stamps={"last_received_at": now})
        added["microseconds"] = int(sum(item.seconds for item in prepared) * 1e6)
        tallies.setdefault(source.pk, Counter()).update(added)
        _reasons(batch, prepared, outcomes)
    minute = now.replace(second=0, microsecond=0)
    for source_id, added in tallies.items():
        place = {"source": source_id, "minute": minute}
        if not columns_add(model=IntakeTally, where=place, added=added):
            IntakeTally.objects.get_or_create(source_id=source_id, minute=minute)
            columns_add(model=IntakeTally, where=place, added=added)
    for source in {source.pk: source for source, _, _ in groups}.values():
        rate_spend(source=source, count=tallies[source.pk]["stored"] + tallies[source.pk]["quarantined"])


def _reasons(batch: ImportBatch, prepared: Sequence[Prepared], outcomes: Sequence[Outcome]) -> None:
    found: Counter[str] = Counter()
    where: dict[str, list[Any]] = {}
    for item, outcome in zip(prepared, outcomes, strict=True):
        for code in ({outcome.code} if outcome.code else set()) | outcome.notes:
            found[code] += 1
            where.setdefault(code, []).append(item.ordinal)
    if found:
        batch_findings(batch=batch, found=found, where=where)
