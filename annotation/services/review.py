"""A second person looks at a reading: it is accepted, or goes back to its reader with a note."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services.audit import audit_record
from annotation.models import Adjudication, Assignment, Case, Review, Revision
from annotation.services.adjudication import adjudication_end
from annotation.services.assignment import annotation_begin
from config.errors import Conflict, Forbidden, Invalid

NOTE_LENGTH = 2000


def review_give(*, revision: Revision, user: User, verdict: str, note: str = "", place: dict[str, Any] | None = None) -> Review:
    """Write down what a reviewer says of a submitted reading and return it.

    ``accept`` settles the case. ``return`` needs a ``note`` that says what to do; the reader gets a draft that begins from what they
    handed in, and the case is theirs again. ``place`` pins the note: any of stack, slice, point (mm LPS), structure. Raises
    :class:`Forbidden` for one's own reading, :class:`Conflict` ``not_submitted`` or ``reviewed`` where there is nothing to say now.
    """
    annotation, case = revision.annotation, revision.annotation.case
    if annotation.author_id == user.pk:
        raise Forbidden("This is your own reading. Somebody else reviews it.")
    if verdict == Review.Verdict.RETURN and not note.strip():
        raise Invalid("Say in a note what the reader should look at.", code="note_missing")
    if len(note) > NOTE_LENGTH:
        raise Invalid(f"A note has at most {NOTE_LENGTH} letters.", code="note_too_long")
    if revision.kind != Revision.Kind.SUBMIT or annotation.author_kind != "reader" or annotation.author is None:
        raise Conflict("Only a reading that was handed in is reviewed.", code="not_submitted")
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=case.pk)
        if case.state not in (Case.State.SUBMITTED, Case.State.REVIEW):
            raise Conflict("The case is not up for review now.", code="reviewed", state={"state": case.state})
        _nobody_writes(case, user)
        review = Review.objects.create(
            project_id=case.project_id, case=case, revision=revision, reviewer=user, verdict=verdict, note=note.strip(), place=place or {}
        )
        if verdict == Review.Verdict.ACCEPT:
            _accept(case)
        else:
            annotation_begin(case=case, user=annotation.author, amend=True)
            for standing in Adjudication.objects.standing().filter(case=case):
                adjudication_end(adjudication=standing)
            Case.objects.filter(pk=case.pk).update(state=Case.State.OPEN)
        detail = {"verdict": verdict, "revision": str(revision.pk)}
        audit_record(actor=user, verb="review.give", object=review, project=case.project, detail=detail)
    return review


def _nobody_writes(case: Case, user: User) -> None:
    if Assignment.objects.live().filter(case=case).exclude(reader=user).exists():
        raise Conflict("Somebody has this case open. Try again when they are done.", code="lease_held", state={"holder": "other"})


def _accept(case: Case) -> None:
    if Adjudication.objects.standing().filter(case=case).exists():
        raise Conflict("Two readings of this case differ. Settle them first.", code="unsettled")
    Case.objects.filter(pk=case.pk).update(state=Case.State.ACCEPTED)
