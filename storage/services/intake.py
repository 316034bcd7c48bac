"""The one door: every object, whatever way it came, passes :func:`instance_intake`.

First half (:func:`instance_prepare`): in memory, no transaction: authorise, de-identify, put the blob. Second half
(:func:`instances_commit`): one short transaction for one or many prepared objects. What the sender is told, it is told after that.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from config.errors import Unavailable
from storage.dicom.devices import text_of
from storage.dicom.door import Passed, pass_parsed
from storage.dicom.identity import identity_of
from storage.dicom.parse import Parsed, parse
from storage.dicom.reasons import REASONS, Reason, Rejected
from storage.keys import pseudonyms_of, seal
from storage.models import Blob, IdentityVault, ImportBatch, Instance, IntakeTally, QuarantineItem, Series, Source, Study, Subject
from storage.object_store import store
from storage.services.counting import columns_add
from storage.services.import_batch import batch_findings
from storage.services.profile import profile_of
from storage.services.project_key import pseudonyms_for
from storage.services.rate import rate_room, rate_spend

if TYPE_CHECKING:
    from storage.dicom.pseudonym import Pseudonyms

MEDIA_TYPE = "application/dicom"
SEALED_MEDIA_TYPE = "application/vnd.columna.sealed"


@dataclass(frozen=True)
class Outcome:
    """What became of an object: ``status`` is stored, duplicate, refused or quarantined; ``code`` names the reason, if any."""

    status: str
    code: str = ""
    instance_id: str | None = None
    series_id: str | None = None
    notes: frozenset[str] = frozenset()

    @property
    def reason(self) -> Reason | None:
        return REASONS.get(self.code)

    @property
    def dimse_status(self) -> int:
        return self.reason.status if self.reason else 0x0000

    @property
    def is_safe(self) -> bool:
        """Whether the sender may forget its copy: the bytes are durable here."""
        return self.status != "refused"


@dataclass(frozen=True)
class Prepared:
    """An object on its way: passed the door, or held back, or decided already."""

    size: int
    seconds: float
    ordinal: int | None
    outcome: Outcome | None = None
    passed: Passed | None = None
    digest: str = ""
    held: Held | None = None


@dataclass(frozen=True)
class Held:
    """What a quarantine row needs. ``digest`` is of the sealed bytes."""

    code: str
    digest: str
    size: int
    sealed_size: int
    key_id: str
    source_key: str
    study_key: str = ""
    instance_key: str = ""
    modality: str = ""
    sop_class_uid: str = ""
    elements: list[dict[str, str]] = field(default_factory=list)


def instance_intake(*, source: Source, data: bytes, batch: ImportBatch, group: str = "", ordinal: int | None = None) -> Outcome:
    """Take one object in and return what became of it; when it says stored or quarantined, the bytes are durable.

    ``group`` names the folder it lay in, for objects without UIDs; ``ordinal`` its place in the batch. Never raises for bad input.
    """
    prepared = instance_prepare(source=source, data=data, group=group, ordinal=ordinal)
    return instances_commit(source=source, batch=batch, prepared=[prepared])[0]


def instance_prepare(*, source: Source, data: bytes, group: str = "", ordinal: int | None = None) -> Prepared:
    """Do all that needs no transaction. Raises nothing for bad input or a full disk: the outcome says it."""
    started = time.perf_counter()
    size = len(data)

    def done(**fields: Any) -> Prepared:
        return Prepared(size=size, seconds=time.perf_counter() - started, ordinal=ordinal, **fields)

    try:
        if not source.is_active:
            raise Rejected("source_inactive")
        if rate_room(source=source) == 0:
            raise Rejected("rate_limited")
        pseudonyms = pseudonyms_of(source.project_id)
        parsed = None
        try:
            parsed = parse(data)
            pseudonyms = pseudonyms_for(project_id=source.project_id, parsed=parsed, group=group)
            uid = _expected_uid(source, parsed, pseudonyms)
            row = _row_of(source, uid) if uid else None
            if row is not None and row["source_key"] == pseudonyms.source_key(parsed.digest):  # known before any work is done on it
                return done(outcome=Outcome("duplicate", "duplicate", str(row["pk"]), str(row["series_id"])))
            _authorise(source, parsed)
            profile = profile_of(project_id=source.project_id)
            passed = pass_parsed(parsed, profile=profile, pseudonyms=pseudonyms, group=group)
        except Rejected as error:
            if error.reason.severity != "quarantined":
                raise
            return done(held=_hold(data, error, parsed, pseudonyms, group))
        if passed.sop_instance_uid != uid:
            row = _row_of(source, passed.sop_instance_uid)
        if row is not None and not _same(row, passed):
            return done(held=_hold(data, Rejected("uid_conflict"), parsed, pseudonyms, group))
        return done(passed=passed, digest=store().put(passed.data))
    except Rejected as error:
        return done(outcome=Outcome("duplicate" if error.reason.severity == "ignored" else "refused", error.code))
    except (OSError, Unavailable):
        return done(outcome=Outcome("refused", "storage_unavailable"))


def _authorise(source: Source, parsed: Parsed) -> None:
    if not source.modalities:
        return
    modality = text_of(parsed.elements, 0x00080060).split("\\")[0]
    if modality not in source.modalities:
        raise Rejected("modality_not_allowed")


def _expected_uid(source: Source, parsed: Parsed, pseudonyms: Pseudonyms) -> str:
    """Return the UID that the object will have, or nothing when only cleaning can tell."""
    original = text_of(parsed.elements, 0x00080018) or parsed.media_sop_instance.strip(" \0")
    return pseudonyms.uid(original) if original and not profile_of(project_id=source.project_id).retain_uids else ""


def _row_of(source: Source, uid: str) -> Mapping[str, Any] | None:
    found = Instance.objects.filter(project=source.project_id, sop_instance_uid=uid).order_by()
    return found.values("pk", "series_id", "source_key", "pixel_digest").first()


def _same(row: Mapping[str, Any], passed: Passed) -> bool:
    """The same object again: the same received bytes, or another encoding of the same header that cleaned to the same pixels."""
    return row["source_key"] == passed.source_key or (bool(passed.pixel_digest) and row["pixel_digest"] == passed.pixel_digest)


def _hold(data: bytes, error: Rejected, parsed: Parsed | None, pseudonyms: Pseudonyms, group: str) -> Held:
    """Seal the received bytes and put them; nothing readable leaves this function."""
    sealed, key_id = seal(data, "quarantine")
    digest = store().put(sealed)
    study_key = instance_key = modality = sop_class = ""
    if parsed is not None:
        try:
            identity = identity_of(parsed, group=group)
            study_key = pseudonyms.lookup("study", identity.study_instance_uid)
            instance_key = pseudonyms.lookup("instance", identity.sop_instance_uid)
            modality = identity.modality if identity.modality.isalnum() and len(identity.modality) <= 4 else ""
            sop_class = identity.sop_class if identity.sop_class.startswith("1.2.840.10008.") else ""
        except (Rejected, ValueError, TypeError, KeyError, AttributeError, IndexError, NotImplementedError, UnicodeError, OSError):
            pass  # what cannot be read has no modality to show; it is held all the same
    digest_of_input = parsed.digest if parsed is not None else hashlib.sha256(data).digest()
    return Held(
        code=error.code,
        digest=digest,
        size=len(data),
        sealed_size=len(sealed),
        key_id=key_id,
        source_key=pseudonyms.source_key(digest_of_input),
        study_key=study_key,
        instance_key=instance_key,
        modality=modality,
        sop_class_uid=sop_class[:64],
        elements=error.elements,
    )


Group = tuple[Source, ImportBatch, Sequence[Prepared]]


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
            return _write(groups, shared)
    except (IntegrityError, _Changed):
        with transaction.atomic():
            shared = _Shared(timezone.now(), is_checked=True)
            shared.find(groups)
            return _write(groups, shared)


def _write(groups: Sequence[Group], shared: _Shared) -> list[list[Outcome]]:
    found = [_Commit(source, batch, shared).run(prepared) for source, batch, prepared in groups]
    shared.write()
    _count(groups, found, shared.now)
    return found


class _Changed(Exception):
    """What was looked up before the transaction is not so any more."""


@dataclass
class _Shared:
    """What one transaction has found or made, for all batches in it; keys begin with the project.

    ``is_checked`` says that it was looked up inside the transaction, where nothing changes any more.
    """

    now: datetime
    is_checked: bool = False
    existing: dict[tuple[UUID, str], dict[str, Any]] = field(default_factory=dict)
    subjects: dict[tuple[UUID, str], Subject] = field(default_factory=dict)
    studies: dict[tuple[UUID, str], Study] = field(default_factory=dict)
    series: dict[tuple[UUID, str], Series] = field(default_factory=dict)
    fresh: list[Instance] = field(default_factory=list)
    blobs: list[Blob] = field(default_factory=list)

    def find(self, groups: Sequence[Group]) -> None:
        """Look up what the objects of all batches belong to. Whether one is there already :func:`instance_prepare` has asked just before."""
        passing = [(source.project_id, item.passed) for source, _, prepared in groups for item in prepared if item.passed]
        if not passing:
            return
        projects = {project for project, _ in passing}
        if self.is_checked:
            uids = [passed.sop_instance_uid for _, passed in passing]
            fields = ("pk", "project_id", "series_id", "sop_instance_uid", "source_key", "pixel_digest")
            for row in Instance.objects.filter(project__in=projects, sop_instance_uid__in=uids).order_by().values(*fields):
                self.existing[row["project_id"], row["sop_instance_uid"]] = row
        uids = list({passed.series_instance_uid for _, passed in passing})
        known = Series.objects.filter(project__in=projects, series_instance_uid__in=uids).order_by()
        for series in known.select_related("study__subject"):
            study, project = series.study, series.project_id
            self.series[project, series.series_instance_uid] = series
            self.studies[project, study.study_instance_uid] = study
            self.subjects[project, study.subject.patient_key] = study.subject

    def write(self) -> None:
        """Write the instances, their blobs' rows before them, and what counts them."""
        if not self.fresh:
            return
        Blob.objects.bulk_create(self.blobs, ignore_conflicts=True)
        Instance.objects.bulk_create(self.fresh)
        for series_id, count in Counter(instance.series_id for instance in self.fresh).items():
            columns_add(model=Series, where={"pk": series_id}, added={"received": count}, stamps={"last_received_at": self.now})
        studies = {instance.series.study_id for instance in self.fresh}
        living = Study.objects.filter(pk__in=studies, subject__withdrawn_at=None)
        if living.update(last_received_at=self.now, ended_at=None, ended_by="") != len(studies):
            raise _Changed


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
                outcomes.append(self._quarantine(item.held))
            elif item.passed is not None:
                outcomes.append(self._instance(item, item.passed))
        return outcomes

    def _instance(self, item: Prepared, passed: Passed) -> Outcome:
        row = self.shared.existing.get((self.project, passed.sop_instance_uid))
        if row is not None:
            if _same(row, passed):
                return Outcome("duplicate", "duplicate", str(row["pk"]), str(row["series_id"]))
            return Outcome("refused", "storage_unavailable")  # two at once with one UID: sent again, it meets the other and is held
        subject = self._subject(passed)
        if subject.withdrawn_at is not None:
            return Outcome("refused", "subject_withdrawn")
        series = self._series(passed, self._study(passed, subject))
        instance = Instance(
            project_id=self.project,
            series=series,
            source=self.source,
            batch=self.batch,
            sop_instance_uid=passed.sop_instance_uid,
            sop_class_uid=passed.sop_class_uid,
            blob_id=item.digest,
            number_of_frames=passed.number_of_frames,
            pixel_digest=passed.pixel_digest,
            source_key=passed.source_key,
            layout=passed.layout,
            report={**passed.report, "in": passed.source_key, "out": item.digest, "microseconds": int(item.seconds * 1e6)},
        )
        self.shared.fresh.append(instance)
        self.shared.blobs.append(Blob(digest=item.digest, size=len(passed.data), media_type=MEDIA_TYPE))
        self.shared.existing[self.project, passed.sop_instance_uid] = {
            "pk": instance.pk, "series_id": series.pk, "source_key": passed.source_key, "pixel_digest": passed.pixel_digest,
        }  # fmt: skip
        return Outcome("stored", "", str(instance.pk), str(series.pk), passed.notes)

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

    def _quarantine(self, held: Held) -> Outcome:
        blob, _ = Blob.objects.get_or_create(digest=held.digest, defaults={"size": held.sealed_size, "media_type": SEALED_MEDIA_TYPE})
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
