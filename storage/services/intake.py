"""The one door: every object, whatever way it came, passes :func:`instance_intake`.

First :func:`instance_clean`: in memory: authorise, de-identify. Then :func:`instance_write`: the bytes, durable. Neither holds a
transaction. Last :mod:`storage.services.intake_commit`: the rows, for one or many. What the sender is told, it is told after that.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from config.errors import Unavailable
from storage.dicom.devices import text_of
from storage.dicom.door import pass_parsed
from storage.dicom.identity import identity_of
from storage.dicom.parse import Parsed, parse
from storage.dicom.reasons import Rejected
from storage.keys import pseudonyms_of, seal
from storage.models import ImportBatch, Instance, Source
from storage.object_store import store
from storage.services.intake_commit import instances_commit
from storage.services.prepared import Held, Outcome, Prepared, is_same
from storage.services.profile import profile_of
from storage.services.project_key import pseudonyms_for
from storage.services.rate import rate_room
from storage.services.statements import row_find

if TYPE_CHECKING:
    from storage.dicom.pseudonym import Pseudonyms


def instance_intake(*, source: Source, data: bytes, batch: ImportBatch, group: str = "", ordinal: int | None = None) -> Outcome:
    """Take one object in and return what became of it; when it says stored or quarantined, the bytes are durable.

    ``group`` names the folder it lay in, for objects without UIDs; ``ordinal`` its place in the batch. Never raises for bad input.
    """
    prepared = instance_prepare(source=source, data=data, group=group, ordinal=ordinal)
    return instances_commit(source=source, batch=batch, prepared=[prepared])[0]


def instance_prepare(*, source: Source, data: bytes, group: str = "", ordinal: int | None = None) -> Prepared:
    """Do all that needs no transaction. Raises nothing for bad input or a full disk: the outcome says it."""
    return instance_write(prepared=instance_clean(source=source, data=data, group=group, ordinal=ordinal))


def instance_clean(*, source: Source, data: bytes, group: str = "", ordinal: int | None = None) -> Prepared:
    """Do what is done in memory: decide, and clean or seal. Only the database is asked, nothing is written."""
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
                return done(outcome=Outcome("duplicate", "duplicate", str(row["pk"]), str(row["series"])))
            _authorise(source, parsed)
            profile = profile_of(project_id=source.project_id)
            passed = pass_parsed(parsed, profile=profile, pseudonyms=pseudonyms, group=group)
        except Rejected as error:
            if error.reason.severity != "quarantined":
                raise
            held, sealed = _hold(data, error, parsed, pseudonyms, group)
            return done(held=held, content=sealed)
        if passed.sop_instance_uid != uid:
            row = _row_of(source, passed.sop_instance_uid)
        if row is not None and not is_same(row, passed):
            held, sealed = _hold(data, Rejected("uid_conflict"), parsed, pseudonyms, group)
            return done(held=held, content=sealed)
        return done(passed=replace(passed, data=b""), content=passed.data)
    except Rejected as error:
        return done(outcome=Outcome("duplicate" if error.reason.severity == "ignored" else "refused", error.code))
    except OSError:  # of the keys
        return done(outcome=Outcome("refused", "storage_unavailable"))


def instance_write(*, prepared: Prepared) -> Prepared:
    """Write what the object became, and return it with its digest once the bytes are durable; what was decided already stays as it is."""
    if not prepared.content:
        return prepared
    started = time.perf_counter()
    try:
        digest = store().put(prepared.content)
    except (OSError, Unavailable):
        outcome = Outcome("refused", "storage_unavailable")
        return Prepared(size=prepared.size, seconds=prepared.seconds, ordinal=prepared.ordinal, outcome=outcome)
    seconds = prepared.seconds + time.perf_counter() - started
    return replace(prepared, seconds=seconds, content=b"", digest=digest, written=len(prepared.content))


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
    place = {"project": source.project_id, "sop_instance_uid": uid}
    return row_find(model=Instance, where=place, fields=("pk", "series", "source_key", "pixel_digest"))


def _hold(data: bytes, error: Rejected, parsed: Parsed | None, pseudonyms: Pseudonyms, group: str) -> tuple[Held, bytes]:
    """Seal the received bytes; nothing readable leaves this function."""
    sealed, key_id = seal(data, "quarantine")
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
    held = Held(
        code=error.code,
        size=len(data),
        key_id=key_id,
        source_key=pseudonyms.source_key(digest_of_input),
        former_key=pseudonyms.source_key(parsed.plain_digest) if parsed is not None else "",
        study_key=study_key,
        instance_key=instance_key,
        modality=modality,
        sop_class_uid=sop_class[:64],
        elements=error.elements,
    )
    return held, sealed
