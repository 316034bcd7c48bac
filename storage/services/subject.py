"""Withdrawal: what a subject's leaving does to storage. Upper rooms learn of it by the event and follow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.services.audit import audit_record
from config.errors import Conflict, Invalid, Missing
from jobs.services.event import event_emit
from storage.keys import pseudonyms_every, unseal
from storage.models import Blob, IdentityVault, Instance, QuarantineItem, SeriesMetadata, Stack, StackRegion, Subject
from storage.services.blob import blob_delete, blob_read

if TYPE_CHECKING:
    from accounts.models import User


def subject_withdraw(*, subject: Subject, user: User | None, reason: str) -> Subject:
    """Mark the subject as withdrawn: from now on everything of it answers 410, nothing more is taken in, and the event is out.

    The bytes go in :func:`subject_erase`. Raises :class:`Conflict` when it has withdrawn already.
    """
    if not reason.strip():
        raise Invalid("Say why: the reason is kept in the audit trail.", state={"fields": {"reason": ["Required."]}})
    now = timezone.now()
    with transaction.atomic():
        taken = Subject.objects.filter(pk=subject.pk, withdrawn_at=None).update(withdrawn_at=now, consent=Subject.Consent.WITHDRAWN)
        if not taken:
            raise Conflict("This subject has withdrawn already.", code="already_withdrawn")
        event_emit(kind="subject.withdrawn", payload={"subject": str(subject.pk), "project": str(subject.project_id)})
        audit_record(actor=user, verb="subject.withdraw", object=subject, project=subject.project, detail={"reason": reason.strip()[:300]})
    subject.refresh_from_db()
    return subject


def subject_erase(*, subject: Subject) -> int:
    """Delete every blob of a withdrawn subject: instances, manifests, frames, previews, what is in quarantine, and who it was.

    The rows of studies, series and stacks stay as tombstones. Return how many blobs went. Doing it again deletes what is left.
    """
    if subject.withdrawn_at is None:
        raise Conflict("Only a subject that has withdrawn is erased.", code="not_withdrawn")
    stacks = Stack.objects.filter(series__study__subject=subject)
    digests = set(Instance.objects.filter(series__study__subject=subject).values_list("blob_id", flat=True))
    regions = StackRegion.objects.filter(stack__in=stacks)
    manifests = {digest for digest in stacks.values_list("manifest_digest", flat=True) if digest} | set(
        regions.values_list("digest", flat=True)
    )
    digests |= manifests
    told = SeriesMetadata.objects.filter(series__study__subject=subject)
    digests |= set(told.values_list("blob_id", flat=True))
    for manifest in manifests:
        digests |= set(_frames(manifest))
    held = QuarantineItem.objects.filter(project=subject.project_id, study_key__in=_study_keys(subject))
    digests |= {digest for digest in held.values_list("blob_id", flat=True) if digest}
    shared = _shared(subject, digests - manifests)
    with transaction.atomic():
        held.update(blob=None, state=QuarantineItem.State.DROPPED)
        told.delete()
        regions.delete()
        Instance.objects.filter(series__study__subject=subject).delete()
        IdentityVault.objects.filter(subject=subject).delete()
        audit_record(actor=None, verb="subject.erase", object=subject, project=subject.project, detail={"blobs": len(digests - shared)})
    present = set(Blob.objects.filter(digest__in=digests - shared).values_list("digest", flat=True))
    blob_delete(digests=digests - shared)
    return len(present)


def _frames(manifest: str) -> Iterator[str]:
    """Every digest that a manifest names; nothing when it is gone already."""
    try:
        content = json.loads(blob_read(digest=manifest))
    except Missing:
        return
    yield from (entry["frameDigest"] for entry in content["slices"] if entry.get("frameDigest"))
    if content.get("preview"):
        yield content["preview"]


def _study_keys(subject: Subject) -> list[str]:
    """Return the keys under which quarantine knows the studies of this subject; the vault is the only one to know them."""
    every = pseudonyms_every(subject.project_id)
    keys = []
    for row in IdentityVault.objects.filter(subject=subject, kind=IdentityVault.Kind.STUDY):
        identity = json.loads(unseal(bytes(row.sealed), "vault-study", row.key_id))
        keys += [pseudonyms.lookup("study", identity["study_instance_uid"]) for pseudonyms in every]
    return keys


def _shared(subject: Subject, digests: set[str]) -> set[str]:
    """Return those digests that somebody else's instances or frames have too (an empty frame is the same for everybody)."""
    found = set(Instance.objects.filter(blob__in=digests).exclude(series__study__subject=subject).values_list("blob_id", flat=True))
    others = Stack.objects.exclude(series__study__subject=subject).exclude(manifest_digest="")
    theirs = StackRegion.objects.exclude(stack__series__study__subject=subject).values_list("digest", flat=True).distinct()
    for manifest in chain(others.values_list("manifest_digest", flat=True).distinct().iterator(), theirs.iterator()):
        found |= digests & set(_frames(manifest))
    return found
