"""Storage commitment: what a sender asks is sealed at once, looked up by pseudonym, and answered until the sender has heard it."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from pynetdicom.presentation import build_context

from config.errors import ColumnaError, Unavailable
from storage.dicom.commitment import ALL_STORED, NOT_HERE, OTHER_CLASS, SOP_CLASS, SOP_INSTANCE, UNDECIDED, Asked, answer_of
from storage.keys import pseudonyms_every, seal, unseal
from storage.models import Blob, Commitment, Instance, QuarantineItem, Series, Study
from storage.object_store import store
from storage.services.peer import peer_associate
from storage.services.profile import profile_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pynetdicom.association import Association

    from storage.models import Source

COMMITMENT_PURPOSE = "commitment"
_BUSY = timedelta(minutes=3)
_LONGEST_PAUSE = timedelta(hours=1)
_MOST_ATTEMPTS = 24
_CHUNK = 500


def commitment_open(*, source: Source, asked: Asked) -> Commitment:
    """Return the commitment, durable, with the original UIDs sealed. Whoever opened it has a while to answer before others try."""
    sealed, key_id = seal(json.dumps([asked.transaction, *asked.references]).encode(), COMMITMENT_PURPOSE)
    return Commitment.objects.create(
        source=source, sealed=sealed, key_id=key_id, asked=len(asked.references), next_at=timezone.now() + _BUSY
    )


def commitment_claim(*, commitment: Commitment) -> bool:
    """Take an open commitment for a while. Return False when somebody else answers it now, or it is answered."""
    claimed = Commitment.objects.filter(pk=commitment.pk).due().update(next_at=timezone.now() + _BUSY)
    commitment.refresh_from_db()
    return bool(claimed)


def commitment_asked(*, commitment: Commitment) -> Asked:
    transaction_uid, *references = json.loads(unseal(bytes(commitment.sealed), COMMITMENT_PURPOSE, commitment.key_id))
    return Asked(transaction_uid, tuple((sop_class, uid) for sop_class, uid in references))


def references_check(*, source: Source, references: Sequence[tuple[str, str]]) -> list[int | None]:
    """Return per reference None when its clean bytes are durable in the source's project, else the reason why not.

    What waits in quarantine is kept, yet not promised: a person may drop it. Withdrawn subjects are as if never sent. Raises
    :class:`Unavailable` or ``OSError`` when the object store cannot be asked: then there is no answer yet.
    """
    project, kept = source.project_id, profile_of(project_id=source.project_id).retain_uids
    every = pseudonyms_every(project)
    found: list[int | None] = []
    for start in range(0, len(references), _CHUNK):
        part = references[start : start + _CHUNK]
        ours = [[uid] if kept else [pseudonyms.uid(uid) for pseudonyms in every] for _, uid in part]
        keys = [{pseudonyms.lookup("instance", uid) for pseudonyms in every} for _, uid in part]
        rows = {
            uid: (sop_class, digest)
            for uid, sop_class, digest in Instance.objects.filter(
                project=project, sop_instance_uid__in=chain.from_iterable(ours), series__study__subject__withdrawn_at=None
            ).values_list("sop_instance_uid", "sop_class_uid", "blob_id")
        }
        held = set(
            QuarantineItem.objects.held()
            .filter(project=project, instance_key__in=chain.from_iterable(keys))
            .values_list("instance_key", flat=True)
        )
        whole = _durable([digest for _, digest in rows.values()])
        for (sop_class, _), uids, known in zip(part, ours, keys, strict=True):
            row = next((rows[uid] for uid in uids if uid in rows), None)
            if known & held or (row is not None and row[1] not in whole):
                found.append(UNDECIDED)
            elif row is None:
                found.append(NOT_HERE)
            else:
                found.append(OTHER_CLASS if sop_class and sop_class != row[0] else None)
    return found


def _durable(digests: list[str]) -> set[str]:
    """Return those digests whose object lies in the store with its full size."""
    objects = store()
    sizes = Blob.objects.filter(digest__in=digests).values_list("digest", "size")
    return {digest for digest, size in sizes if objects.exists(digest) and objects.size(digest) == size}


def commitment_answer(*, commitment: Commitment, association: Association | None = None) -> bool:
    """Look everything up and tell the sender, on ``association`` or on a new one to the source's address. Return whether it heard.

    When it did not, the answer is tried again later, each time after a longer pause; after a day or so it is given up.
    """
    source = commitment.source
    try:
        asked = commitment_asked(commitment=commitment)
        reasons = references_check(source=source, references=asked.references)
        event, information = answer_of(asked, reasons)
        line = association or peer_associate(source=source, contexts=[build_context(SOP_CLASS)], roles=_our_role(), patience=60)
        try:
            status, _ = line.send_n_event_report(information, event, SOP_CLASS, SOP_INSTANCE)
        finally:
            if association is None:
                line.release()
        if status.get("Status") != 0x0000:
            raise Unavailable("The sender did not take the answer.", code="not_taken")
    except (ColumnaError, OSError, RuntimeError, ValueError):
        _postpone(commitment)
        return False
    failed = sum(reason is not None for reason in reasons)
    with transaction.atomic():
        Commitment.objects.filter(pk=commitment.pk).update(
            state=Commitment.State.ANSWERED, failed=failed, sealed=b"", next_at=None, answered_at=timezone.now()
        )
        if event == ALL_STORED:
            studies_end(source=source, asked=asked)
    return True


def _our_role() -> list[object]:
    """We are the provider even where we call (PS3.4 J.3.3): the peer must accept that we only report."""
    from pynetdicom import build_role

    return [build_role(SOP_CLASS, scu_role=False, scp_role=True)]


def _postpone(commitment: Commitment) -> None:
    attempts = commitment.attempts + 1
    if attempts >= _MOST_ATTEMPTS or not commitment.source.host:
        Commitment.objects.filter(pk=commitment.pk).update(state=Commitment.State.UNDELIVERED, attempts=attempts, sealed=b"", next_at=None)
        return
    pause = min(timedelta(seconds=5) * 2**attempts, _LONGEST_PAUSE)
    Commitment.objects.filter(pk=commitment.pk).update(attempts=F("attempts") + 1, next_at=timezone.now() + pause)


def series_asked(*, source: Source, asked: Asked) -> list[Series]:
    """Return the series of what was asked about that wait for assembly: their sender has sent all it meant to."""
    ours = _our_uids(source, asked)
    series = Series.objects.filter(project=source.project_id, instances__sop_instance_uid__in=ours)
    return list(series.awaiting_assembly().distinct().select_related("project"))


def studies_end(*, source: Source, asked: Asked) -> int:
    """Mark the studies of which every stored instance was committed as whole. Return how many."""
    ours = set(_our_uids(source, asked))
    ended = 0
    for study in Study.objects.filter(project=source.project_id, series__instances__sop_instance_uid__in=ours, ended_at=None).distinct():
        if set(Instance.objects.filter(series__study=study).values_list("sop_instance_uid", flat=True)) <= ours:
            ended += Study.objects.filter(pk=study.pk).update(ended_at=timezone.now(), ended_by=Study.EndedBy.COMMITMENT)
    return ended


def _our_uids(source: Source, asked: Asked) -> list[str]:
    if profile_of(project_id=source.project_id).retain_uids:
        return [uid for _, uid in asked.references]
    every = pseudonyms_every(source.project_id)
    return [pseudonyms.uid(uid) for _, uid in asked.references for pseudonyms in every]
