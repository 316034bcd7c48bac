"""Deciding about what is held back. A decision never edits: it lets the sealed original pass the door again, or drops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from accounts.services.audit import audit_record
from config.errors import Conflict, Forbidden, Invalid
from storage.dicom.door import pass_parsed
from storage.dicom.parse import parse
from storage.dicom.profile import Waiver
from storage.dicom.reasons import REASONS, Rejected
from storage.keys import unseal
from storage.models import QuarantineItem
from storage.services.blob import blob_delete, blob_read
from storage.services.import_batch import batch_open
from storage.services.intake import instance_write
from storage.services.intake_commit import instances_commit
from storage.services.prepared import Outcome, Prepared
from storage.services.profile import profile_of
from storage.services.project_key import pseudonyms_for

if TYPE_CHECKING:
    from accounts.models import User
    from storage.dicom.parse import Parsed

ACTIONS = ("release", "redact", "drop")
WAIVABLE = frozenset({"visible_face", "residual_identity", "text_in_pixels", "report_screen"})
"""Reasons about which a person may be right where the machine is not. What cannot be understood cannot be released."""


def item_decide(*, item: QuarantineItem, user: User, action: str, boxes: list[list[int]] | None = None) -> QuarantineItem:
    """Decide, or propose where the project wants two people. Raises :class:`Invalid`, :class:`Conflict`.

    ``release`` lets it pass in spite of its reason, ``redact`` also blanks ``boxes`` ([row, column, row, column], half open) in every
    frame, ``drop`` deletes it.
    """
    decision = _decision(item, action, boxes)
    two = profile_of(project_id=item.project_id).two_person_release and action != "drop"
    state = QuarantineItem.State.PROPOSED if two else _end(action)
    with transaction.atomic():
        taken = QuarantineItem.objects.filter(pk=item.pk, state=QuarantineItem.State.HELD).update(
            state=state, decision=decision, decided_by=user, decided_at=timezone.now()
        )
        if not taken:
            item.refresh_from_db()
            raise Conflict("Somebody has decided about this already.", code="already_decided", state={"state": item.state})
        audit_record(
            actor=user, verb=f"quarantine.{'propose' if two else 'decide'}", object=item, project=item.project, detail={"action": action}
        )
    item.refresh_from_db()
    if not two:
        _carry_out(item)
    return item


def item_confirm(*, item: QuarantineItem, user: User, agree: bool) -> QuarantineItem:
    """Confirm a proposal, or send it back; never by the person who made it."""
    if item.decided_by_id == user.pk:
        raise Forbidden("A second person confirms, not the one who proposed.", code="same_person")
    state = _end(item.decision.get("action", "drop")) if agree else QuarantineItem.State.HELD
    with transaction.atomic():
        taken = QuarantineItem.objects.filter(pk=item.pk, state=QuarantineItem.State.PROPOSED).update(
            state=state, confirmed_by=user if agree else None, confirmed_at=timezone.now() if agree else None
        )
        if not taken:
            item.refresh_from_db()
            raise Conflict("There is no proposal to confirm.", code="not_proposed", state={"state": item.state})
        audit_record(actor=user, verb="quarantine.confirm" if agree else "quarantine.send_back", object=item, project=item.project)
    item.refresh_from_db()
    if agree:
        _carry_out(item)
    return item


def item_bytes(*, item: QuarantineItem) -> bytes:
    """Return the received bytes, in memory only. Raises :class:`Conflict` when they are gone."""
    if item.blob_id is None:
        raise Conflict("This was dropped; its bytes are deleted.", code="dropped", state={"state": item.state})
    return unseal(blob_read(digest=item.blob_id), "quarantine", item.key_id)


def _end(action: str) -> str:
    return QuarantineItem.State.DROPPED if action == "drop" else QuarantineItem.State.RELEASED


def _decision(item: QuarantineItem, action: str, boxes: list[list[int]] | None) -> dict[str, Any]:
    if action not in ACTIONS:
        raise Invalid(f"The decision is one of {', '.join(ACTIONS)}.", state={"fields": {"action": ["Not one of these."]}})
    if action != "drop" and item.reason not in WAIVABLE:
        raise Conflict(f"This cannot be released: {REASONS[item.reason].message} Drop it, or have it sent again.", code="not_releasable")
    boxes = boxes or []
    if action == "redact" and not boxes:
        raise Invalid("Draw at least one box to blank.", state={"fields": {"boxes": ["Required."]}})
    if any(len(box) != 4 or min(box) < 0 or box[0] >= box[2] or box[1] >= box[3] for box in boxes):
        raise Invalid(
            "A box is [row, column, row, column], the second corner behind the first.", state={"fields": {"boxes": ["Not boxes."]}}
        )
    return {"action": action, "boxes": boxes}


def _carry_out(item: QuarantineItem) -> None:
    if item.state == QuarantineItem.State.RELEASED:
        outcome = _release(item)
        if outcome.status not in ("stored", "duplicate"):
            QuarantineItem.objects.filter(pk=item.pk).update(
                state=QuarantineItem.State.HELD, decision={}, decided_by=None, confirmed_by=None
            )
            reason = outcome.reason
            raise Conflict(f"It was not let in: {reason.message if reason else 'try again.'}", code=outcome.code or "refused")
    digest = item.blob_id
    QuarantineItem.objects.filter(pk=item.pk).update(blob=None)
    if digest and not QuarantineItem.objects.filter(blob=digest).exists():
        blob_delete(digests=[digest])
    item.refresh_from_db()


def _release(item: QuarantineItem) -> Outcome:
    source = item.source
    if source is None:
        raise Conflict("The source of this is gone, so nobody is authorised to send it.", code="source_gone")
    parsed: Parsed = parse(item_bytes(item=item))
    waiver = Waiver(frozenset({item.reason}), tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in item.decision.get("boxes", [])))
    pseudonyms = pseudonyms_for(project_id=item.project_id, parsed=parsed)
    try:
        passed = pass_parsed(parsed, profile=profile_of(project_id=item.project_id), pseudonyms=pseudonyms, waiver=waiver)
    except Rejected as error:
        return Outcome("refused", error.code)
    batch = item.batch or batch_open(project=item.project, source=source)
    prepared = instance_write(prepared=Prepared(size=item.size, seconds=0.0, ordinal=None, passed=passed, content=passed.data))
    return instances_commit(source=source, batch=batch, prepared=[prepared])[0]
