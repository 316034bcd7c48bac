"""Blind first, then reveal: what a reader thought before they saw the model's proposal, and what they changed after."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services.audit import audit_record
from annotation.models import Annotation, Revision
from annotation.models.protocol import ReadingMode
from annotation.services.freeze import frozen_parts
from annotation.services.planes import digests_of
from annotation.services.revision import content_digest
from config.errors import Conflict


def annotation_reveal(*, annotation: Annotation, user: User, expected_seq: int) -> Revision:
    """Freeze the reading as it stands and let its reader see the proposal from now on; return the frozen state. Safe to repeat.

    Raises :class:`Conflict` ``not_blind`` where the protocol does not read like this, ``sealed`` for a sealed patient,
    ``no_proposal`` where there is nothing to reveal, ``stale_revision`` when there is more in the log than the reader saw, and
    ``already_submitted``.
    """
    annotation.refresh_from_db()
    if annotation.blind is not None:
        return annotation.blind
    _check(annotation, expected_seq)
    content, chunks = frozen_parts(annotation)
    with transaction.atomic():
        revision = Revision.objects.create(
            annotation=annotation,
            number=annotation.revisions.count() + 1,
            digest=content_digest(content),
            seq=expected_seq,
            kind=Revision.Kind.BLIND,
            content=content,
            chunks=chunks,
        )
        free = Annotation.objects.filter(pk=annotation.pk, seq=expected_seq, blind=None, state=Annotation.State.DRAFT)
        if not free.update(blind=revision):
            raise _stale(annotation)
        detail = {"revision": str(revision.pk), "seq": expected_seq}
        audit_record(actor=user, verb="annotation.reveal", object=annotation, project=annotation.project, detail=detail)
    annotation.blind = revision
    return revision


def _check(annotation: Annotation, expected_seq: int) -> None:
    case = annotation.case
    if annotation.state != Annotation.State.DRAFT:
        raise Conflict("This annotation is submitted.", code="already_submitted", state={"seq": annotation.seq})
    if case.protocol.reading_mode != ReadingMode.BLIND_FIRST:
        raise Conflict("This protocol does not read blind first; there is nothing to reveal.", code="not_blind")
    if case.is_sealed:
        raise Conflict("The patient is sealed: no model helps with this case.", code="sealed")
    if case.proposal_revision_id is None:
        raise Conflict("No model has proposed anything for this case. Submit your reading.", code="no_proposal")
    if annotation.seq != expected_seq:
        raise _stale(annotation)


def _stale(annotation: Annotation) -> Conflict:
    message = "The annotation does not stand where you think. Send what is unsent, then reveal."
    return Conflict(message, code="stale_revision", state={"seq": annotation.seq})


def after_reveal(annotation: Annotation) -> dict[str, Any]:
    """Return what changed since the reveal: {"operations", "slices": slices that differ, "grades": [{form, site, before, after}],
    "ladder": whether levels, variant or evidence differ, "segments": names of structures added, removed or renamed}."""
    blind = annotation.blind
    if blind is None:
        return {}
    before, now = blind.content["layers"], digests_of(annotation=annotation)
    slices = sum(
        before.get(layer, {}).get(key) != now.get(layer, {}).get(key)
        for layer in {*before, *now}
        for key in {*before.get(layer, {}), *now.get(layer, {})}
    )
    names = [{entry["structure"] for entry in table} for table in (blind.content["segments"], annotation.segments)]
    return {
        "operations": annotation.seq - blind.seq,
        "slices": slices,
        "grades": _grades(blind.content["grades"], annotation.grades),
        "ladder": blind.content["ladder"] != annotation.ladder,
        "segments": sorted(names[0] ^ names[1]),
    }


def _grades(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    changed = []
    for form in sorted({*before, *after}):
        for site in sorted({*before.get(form, {}), *after.get(form, {})}):
            values = [cells.get(form, {}).get(site, {}).get("value") for cells in (before, after)]
            if values[0] != values[1]:
                changed.append({"form": form, "site": site, "before": values[0], "after": values[1]})
    return changed
