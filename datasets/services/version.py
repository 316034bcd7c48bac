"""The life of a version: asked for, built, frozen, and for a release approved by a second person."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.services.audit import audit_record
from config.errors import Conflict, Forbidden, Invalid
from datasets.models import Dataset, Draft, Version, VersionFile
from datasets.services.gates import SPLIT_OF_FOLD, gates_check, selection_of
from datasets.services.manifest import Manifest, manifest_build
from datasets.services.selection import Pin, cases_eligible, pins_choose, pins_load
from datasets.services.signing import sign
from jobs.services.event import event_emit
from storage.models import Subject
from storage.services.blob import blob_put

if TYPE_CHECKING:
    from accounts.models import User
    from annotation.models import Case

Progress = Callable[[float, str], None]
MANIFEST_MEDIA_TYPE = "application/vnd.columna.manifest+json"
_NUMBER = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")


def version_freeze(
    *, dataset: Dataset, kind: str, cases: Sequence[Case] | None = None, user: User | None = None, progress: Progress | None = None
) -> Version:
    """Choose, check, write and freeze in one go; return the frozen version. For callers that are jobs already.

    A shut gate raises :class:`Conflict` (``gates_refused``) whose state names the gates.
    """
    version = version_build(version=version_request(dataset=dataset, kind=kind, cases=cases, user=user), progress=progress)
    if version.state == Version.State.REFUSED:
        raise Conflict("The version was refused by its gates.", code="gates_refused", state={"gates": version.refusals})
    return version


def version_request(
    *,
    dataset: Dataset,
    kind: str,
    user: User | None,
    cases: Sequence[Case] | None = None,
    number: str | None = None,
    reason: str = "",
) -> Version:
    """Pin the readings that stand now and return a version in state ``building``; :func:`version_build` does the slow part.

    ``cases=None`` takes every eligible case. A training version is the system's: it goes into a project's training set and
    leaves sealed patients out. A shut gate raises :class:`Conflict` (``gates_refused``) and makes nothing.
    """
    if (kind == Version.Kind.TRAINING) != dataset.is_system:
        raise Invalid("Training versions are frozen of a project's training set alone, releases of other datasets.", code="wrong_kind")
    if kind == Version.Kind.RELEASE and user is None:
        raise Invalid("A release has an author.", code="author_needed")
    named = cases is not None
    chosen = cases if cases is not None else cases_eligible(dataset=dataset, kind=kind)
    pins, unread = pins_choose(chosen)
    pins = pins_load([pin.to_json() for pin in pins])
    parent = dataset.versions.filter(kind=kind, state__in=["frozen", "released"]).order_by("-created_at").first()
    missing = [str(case.pk) for case in unread]
    selection = selection_of(dataset=dataset, pins=pins, parent=parent, unread=missing if named else [])
    refusals = gates_check(kind=kind, chosen=selection)
    if refusals:
        raise Conflict(_sentence(refusals), code="gates_refused", state={"gates": refusals})
    for _ in range(20):
        try:
            return _insert(dataset, kind, pins, missing, parent, user, number, reason)
        except IntegrityError:
            if number is not None:
                raise Conflict(f"{dataset.slug}@{number} exists already.", code="number_taken") from None
    raise Conflict("Several versions are being made at once. Try again.", code="number_taken")


def _insert(
    dataset: Dataset,
    kind: str,
    pins: list[Pin],
    missing: list[str],
    parent: Version | None,
    user: User | None,
    number: str | None,
    reason: str,
) -> Version:
    with transaction.atomic():
        last = dataset.versions.filter(kind=kind).exclude(state__in=["refused", "rejected"]).order_by("-created_at").first()
        chosen = _number(kind, pins, last, number)
        entries = [{**pin.to_json(), "split": SPLIT_OF_FOLD[pin.case.subject.fold]} for pin in pins]
        draft = Draft.objects.create(dataset=dataset, kind=kind, pins=entries, left_out=missing, author=user)
        version = Version.objects.create(
            dataset=dataset, draft=draft, number=chosen, kind=kind, parent=parent, frozen_by=user, reason=reason
        )
        detail = {"number": chosen, "kind": kind, "cases": len(pins)}
        audit_record(actor=user, verb="version.request", object=version, project=dataset.project, detail=detail)
    return version


def _parts(number: str) -> tuple[int, int, int]:
    found = _NUMBER.fullmatch(number)
    if not found:
        raise Invalid(f"{number!r} is no version number. Give MAJOR.MINOR.PATCH, e.g. 1.2.0.", code="bad_number")
    major, minor, patch = (int(part) for part in found.groups())
    return major, minor, patch


def _number(kind: str, pins: list[Pin], last: Version | None, wanted: str | None) -> str:
    """Return the number: MAJOR when anything went or changed, MINOR when something came, PATCH otherwise; a higher one may be asked for."""
    if last is None:
        least = (1, 0, 0)
    else:
        major, minor, patch = _parts(last.number)
        before = {pin["case"]: pin["revision"] for pin in last.draft.pins}
        after = {str(pin.case.pk): str(pin.revision.pk) for pin in pins}
        changed = any(after.get(case) != revision for case, revision in before.items())
        if changed or kind == Version.Kind.TRAINING:
            least = (major + 1, 0, 0)
        else:
            least = (major, minor + 1, 0) if after.keys() - before.keys() else (major, minor, patch + 1)
    smallest = ".".join(str(part) for part in least)
    if wanted is not None and _parts(wanted) < least:
        raise Conflict(f"What changed asks for {smallest} at least.", code="number_too_low", state={"minimum": smallest})
    return wanted or smallest


def _sentence(refusals: dict[str, list[dict[str, str]]]) -> str:
    return f"Not frozen. Shut gates: {', '.join(sorted(refusals))}. Each says what it lacks."


def version_build(*, version: Version, progress: Progress | None = None) -> Version:
    """Write the files and the manifest, and freeze. Safe to repeat: what is written is reused, what is frozen stays.

    Returns the version ``frozen``, or ``refused`` when a gate shut since it was asked for.
    """
    version = Version.objects.select_related("dataset__project", "draft", "parent__draft").get(pk=version.pk)
    if version.state != Version.State.BUILDING:
        return version
    chosen = selection_of(dataset=version.dataset, pins=pins_load(version.draft.pins), parent=version.parent, unread=[])
    refusals = gates_check(kind=version.kind, chosen=chosen)
    if refusals:
        Version.objects.filter(pk=version.pk, state=Version.State.BUILDING).update(state=Version.State.REFUSED, refusals=refusals)
    else:
        manifest = manifest_build(version=version, chosen=chosen, progress=progress or _silent)
        blob_put(data=manifest.content, media_type=MANIFEST_MEDIA_TYPE)
        _freeze(version, manifest)
    version.refresh_from_db()
    return version


def _silent(fraction: float, note: str) -> None:
    return None


def _freeze(version: Version, manifest: Manifest) -> None:
    """In one transaction: files, manifest digest, signature, event. A second worker with the same job finds it done."""
    with transaction.atomic():
        mine = Version.objects.filter(pk=version.pk, state=Version.State.BUILDING)
        if not mine.update(reason=F("reason")):  # takes the row's lock
            return
        if Subject.objects.filter(pk__in=[pin["subject"] for pin in version.draft.pins]).exclude(withdrawn_at=None).exists():
            mine.update(state=Version.State.REFUSED, refusals={"selection": [{"case": "", "message": "A patient withdrew meanwhile."}]})
            return
        VersionFile.objects.filter(version=version).delete()
        VersionFile.objects.bulk_create(manifest.files, batch_size=500)
        mine.update(
            state=Version.State.FROZEN,
            manifest_digest=manifest.digest,
            signature=sign(manifest.content),
            counts=manifest.counts,
            frozen_at=timezone.now(),
        )
        project = version.dataset.project
        payload = {"version": str(version.pk), "dataset": str(version.dataset_id), "project": str(project.pk), "kind": version.kind}
        event_emit(kind="version.frozen", payload=payload)
        detail = {"number": version.number, "kind": version.kind, "manifest": manifest.digest}
        audit_record(actor=version.frozen_by, verb="version.freeze", object=version, project=project, detail=detail)


def version_approve(*, version: Version, user: User) -> Version:
    """Release a frozen version. The person who froze it cannot: two people answer for what is lent out."""
    if version.frozen_by_id == user.pk:
        raise Forbidden("You froze this version; somebody else has to approve it.", code="second_person_needed")
    return _decide(version, user, Version.State.RELEASED)


def version_reject(*, version: Version, user: User) -> Version:
    """Refuse to release a frozen version. Its number may be used again; its manifest stays on record."""
    return _decide(version, user, Version.State.REJECTED)


def _decide(version: Version, user: User, state: Version.State) -> Version:
    released = {"approved_by": user, "released_at": timezone.now()} if state == Version.State.RELEASED else {}
    with transaction.atomic():
        open_ = Version.objects.filter(pk=version.pk, kind=Version.Kind.RELEASE, state=Version.State.FROZEN)
        if not open_.update(state=state, **released):
            version.refresh_from_db()
            raise Conflict(f"This version is {version.state}; only a frozen one is decided on.", state={"state": version.state})
        verb = "version.release" if state == Version.State.RELEASED else "version.reject"
        detail = {"number": version.number, "manifest": version.manifest_digest}
        audit_record(actor=user, verb=verb, object=version, project=version.dataset.project, detail=detail)
    version.refresh_from_db()
    return version
