"""What happens to labels when a subject withdraws: everything drawn, measured or graded goes; who worked when stays."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.services.audit import audit_record
from annotation.models import Adjudication, Annotation, Assignment, Case, Chunk, Operation, Review, Revision, Surface
from config.errors import Conflict
from storage.models import Subject
from storage.services.blob import blob_delete


def subject_forget(*, subject_id: Any) -> dict[str, Any]:
    """Delete the subject's chunks, operations and mask blobs, and empty their annotations and revisions; return counts.

    Rows of annotations and revisions stay with their digests, so that a dataset's manifest can still be explained. A blob that
    another subject's revision holds too is kept. Safe to repeat. Raises :class:`Conflict` when the subject has not withdrawn.
    """
    subject = Subject.objects.filter(pk=subject_id).first()
    if subject is None or subject.withdrawn_at is None:
        raise Conflict("The subject has not withdrawn; nothing is deleted.", code="not_withdrawn")
    revisions = Revision.objects.filter(annotation__case__subject=subject)
    blobs = _blobs(revisions)
    if blobs:
        blobs -= _blobs(Revision.objects.exclude(annotation__case__subject=subject))
    counts = {"revisions": revisions.exclude(content={}).count(), "blobs": len(blobs)}
    with transaction.atomic():
        cases = Case.objects.filter(subject=subject)
        Assignment.objects.filter(case__in=cases, state=Assignment.State.ACTIVE).update(
            state=Assignment.State.RELEASED, lease_until=timezone.now()
        )
        surfaces = Surface.objects.filter(annotation__case__in=cases)
        blobs |= set(surfaces.values_list("blob", flat=True))
        surfaces.delete()
        counts["operations"] = Operation.objects.filter(annotation__case__in=cases).delete()[0]
        counts["chunks"] = Chunk.objects.filter(annotation__case__in=cases).delete()[0]
        Annotation.objects.filter(case__in=cases).update(segments=[], ladder={}, measurements=[], grades={})
        Review.objects.filter(case__in=cases).update(note="", place={})
        Adjudication.objects.filter(case__in=cases).update(findings=[], agreement={}, picks={})
        revisions.update(content={}, chunks={}, figures={}, uncertainty="")
        if any(counts.values()):
            audit_record(actor=None, verb="annotation.forget", object=subject, project=subject.project, detail=dict(counts))
    blob_delete(digests=blobs)
    return counts


def _blobs(revisions: Any) -> set[str]:
    """Return the digests of every blob that these revisions hold."""
    found: set[str] = set()
    for chunks, uncertainty in revisions.values_list("chunks", "uncertainty").iterator():
        found |= {entry["blob"] for entry in chunks.values()}
        if uncertainty:
            found.add(uncertainty)
    return found
