"""Leases: who may write on a case now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.abilities import require
from accounts.models import Project, User
from accounts.models.base import rows_of
from accounts.services.audit import audit_record
from annotation.models import Annotation, Assignment, Case, Revision
from annotation.models.adjudication import AdjudicationQuerySet
from annotation.models.annotation import AnnotationQuerySet, AuthorKind
from annotation.models.protocol import ReviewRule
from annotation.models.review import ReviewQuerySet
from config.errors import Conflict

DONE = (Case.State.SUBMITTED, Case.State.REVIEW, Case.State.ACCEPTED)
"""States in which a case waits for no reader."""


def lease_end() -> Any:
    return timezone.now() + timedelta(seconds=settings.ENVIRONMENT.assignment_lease_seconds)


def case_next(*, project: Project, user: User, client: str = "") -> tuple[Assignment, Annotation] | None:
    """Lease the best case for this reader, or return None when there is none: own unfinished work first, then cases with a
    proposal, then new ones, then those whose reader has been away for a day. Two readers never get the same."""
    require(user, "case.label", project)
    tried: list[Any] = []
    while True:
        case = _best(project, user, tried)
        if case is None:
            return None
        try:
            return assignment_open(case=case, user=user, client=client)
        except Conflict:  # another reader, or another tab, was faster
            tried.append(case.pk)


def case_upcoming(*, project: Project, user: User, after: Any = None, client: str = "") -> Case | None:
    """Return the case that :func:`case_next` would lease to this reader at this ``client`` once they are done with the case ``after``;
    leases nothing."""
    require(user, "case.label", project)
    elsewhere = Assignment.objects.live().filter(reader=user, case__project=project).exclude(client__in=["", client])
    return _best(project, user, [after, *(elsewhere.values_list("case", flat=True) if client else [])])


def _best(project: Project, user: User, tried: list[Any]) -> Case | None:
    cases = Case.objects.labelled_by(user).filter(project=project).exclude(pk__in=tried).order_by("-priority", "created_at", "pk")
    free = cases.unleased().unread_by(user)
    for found in (
        cases.begun_by(user).free_for(user),
        free.filter(state=Case.State.PROPOSED),
        free.filter(state=Case.State.NEW),
        free.left_alone(),
    ):
        case = found.first()
        if case is not None:
            return case
    return None


def assignment_open(
    *, case: Case, user: User, takeover: bool = False, amend: bool = False, client: str = ""
) -> tuple[Assignment, Annotation]:
    """Lease the case to this reader and return the lease and their annotation, made if they have none.

    Opening again from the same ``client`` (an opaque name of the browser tab) keeps the lease's epoch; from elsewhere, or
    without a name, it takes the reader's own lease over with a higher epoch, but only when asked (``takeover``) if that
    lease runs under another named tab. A lease of somebody else raises ``lease_held`` unless ``takeover``; a case that was
    submitted raises ``already_submitted`` unless ``amend``.
    """
    require(user, "case.label", case.project)

    def begin(held: Case) -> Annotation:
        return annotation_begin(case=held, user=user, amend=amend)

    return lease_take(case=case, user=user, takeover=takeover, client=client, begin=begin)


def lease_take(
    *, case: Case, user: User, takeover: bool, client: str, begin: Callable[[Case], Annotation]
) -> tuple[Assignment, Annotation]:
    """Lease the case as :func:`assignment_open` says and return the lease and the annotation that ``begin`` makes or finds.

    A reading opens the case; an adjudicator's work leaves it to review. Who may is asked before.
    """
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=case.pk)
        live = Assignment.objects.live().filter(case=case).first()
        if live and live.reader_id == user.pk and client and live.client == client:
            _extend(live)
            return live, begin(case)
        if live and not takeover and (live.reader_id != user.pk or (client and live.client)):
            raise Conflict(
                "Somebody has this case open. Read it, or take it over."
                if live.reader_id != user.pk
                else "You have this case open elsewhere.",
                code="lease_held",
                state={
                    "since": live.created_at,
                    "lease_until": live.lease_until,
                    "holder": "you" if live.reader_id == user.pk else "other",
                },
            )
        annotation = begin(case)
        state = case.state if annotation.author_kind == AuthorKind.ADJUDICATOR else Case.State.OPEN
        taken = Case.objects.filter(pk=case.pk, epoch=case.epoch).update(epoch=F("epoch") + 1, state=state)
        if not taken:
            raise Conflict("Somebody else opened this case at the same moment.", code="lease_held", state={"holder": "other"})
        ended = Assignment.State.RELEASED if live else Assignment.State.EXPIRED
        Assignment.objects.filter(case=case, state=Assignment.State.ACTIVE).update(state=ended)
        assignment = Assignment.objects.create(case=case, reader=user, lease_until=lease_end(), epoch=case.epoch + 1, client=client)
        other = live is not None and live.reader_id != user.pk
        audit_record(
            actor=user,
            verb="case.takeover" if other else "case.open",
            object=case,
            project=case.project,
            detail={"epoch": assignment.epoch},
        )
    return assignment, annotation


def annotation_begin(*, case: Case, user: User, amend: bool = False) -> Annotation:
    """Return the reader's draft on the case, made if there is none: from the proposal where this reader may see it, from
    their own last revision when they amend, else from nothing. A draft without any work takes a newer proposal over. Whoever
    adjudicates the case has the consensus instead."""
    consensus = Annotation.objects.filter(adjudications__case=case, adjudications__state="open", author=user, state=Annotation.State.DRAFT)
    if (found := consensus.first()) is not None:
        return found
    own = Revision.objects.authored().filter(annotation__case=case, annotation__author=user).order_by("-created_at").first()
    draft = Annotation.objects.drafts_of(user).filter(case=case).first()
    if draft is None and not amend and (own or case.state in DONE):
        raise Conflict(
            "This case is submitted. Amend it to read it again.",
            code="already_submitted",
            state={"revision": str(own.pk) if own else None},
        )
    start = own or shown_proposal(case=case, user=user)
    if draft is None:
        try:
            with transaction.atomic():
                return Annotation.objects.create(
                    case=case, project=case.project, author_kind=AuthorKind.READER, author=user, **_beginning(start)
                )
        except IntegrityError:  # the same reader, twice at once
            return Annotation.objects.drafts_of(user).get(case=case)
    if draft.seq == 0 and start and draft.derived_from_id != start.pk:
        Annotation.objects.filter(pk=draft.pk, seq=0).update(**_beginning(start))
        draft.refresh_from_db()
    return draft


def _beginning(start: Revision | None) -> dict[str, Any]:
    if start is None:
        return {}
    content = start.content
    parts = {name: content[name] for name in ("segments", "ladder", "measurements", "grades")}
    return {"derived_from": start, **parts}


def shown_proposal(*, case: Case, user: User) -> Revision | None:
    """Return the case's proposal if this person may see it now (:meth:`RevisionQuerySet.visible_to` is the rule)."""
    if case.proposal_revision_id is None:
        return None
    return Revision.objects.visible_to(user).filter(pk=case.proposal_revision_id).first()


def _extend(assignment: Assignment) -> None:
    assignment.lease_until = lease_end()
    Assignment.objects.filter(pk=assignment.pk, epoch=assignment.epoch).update(lease_until=assignment.lease_until)


def assignment_hold(*, assignment_id: Any, epoch: int, user: User, case_id: Any) -> None:
    """Extend the lease; call it first in the transaction of a write.

    Raises :class:`Conflict` ``lease_expired`` with the state when this assignment and epoch do not hold the case any more.
    """
    own = Assignment.objects.filter(pk=assignment_id, reader=user, case=case_id)
    if not own.live().filter(epoch=epoch).update(lease_until=lease_end()):
        raise Conflict(
            "Your lease of this case has ended. Open the case again; your work is kept.",
            code="lease_expired",
            state=lease_state(case_id, user),
        )


def lease_state(case_id: Any, user: User) -> dict[str, Any]:
    """Return who holds the case, as one reader may know it: {"holder": you | other | none, "since", "lease_until"}."""
    live = Assignment.objects.live().filter(case=case_id).first()
    if live is None:
        last = Assignment.objects.filter(case=case_id, reader=user).first()
        return {"holder": "none", "since": None, "lease_until": last.lease_until if last else None}
    return {"holder": "you" if live.reader_id == user.pk else "other", "since": live.created_at, "lease_until": live.lease_until}


def assignment_renew(*, assignment: Assignment, epoch: int) -> Assignment:
    """Extend the lease. Raises ``lease_expired``."""
    with transaction.atomic():
        assignment_hold(assignment_id=assignment.pk, epoch=epoch, user=assignment.reader, case_id=assignment.case_id)
    assignment.refresh_from_db(fields=["lease_until", "state"])
    return assignment


def assignment_release(*, assignment: Assignment, epoch: int) -> Assignment:
    """Give the case back; work stays, a draft without any goes, and the case rests where it was. Safe to repeat."""
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=assignment.case_id)
        given = Assignment.objects.filter(pk=assignment.pk, epoch=epoch, state=Assignment.State.ACTIVE).update(
            state=Assignment.State.RELEASED, lease_until=timezone.now()
        )
        if given:
            if not rows_of(case.reviews, ReviewQuerySet).unanswered().filter(revision__annotation__author=assignment.reader_id).exists():
                Annotation.objects.drafts_of(assignment.reader).filter(case=case, seq=0).delete()
            if not case.annotations.filter(author_kind=AuthorKind.READER, state=Annotation.State.DRAFT).exists():
                Case.objects.filter(pk=case.pk, state=Case.State.OPEN, epoch=epoch).update(state=resting_state(case))
            audit_record(actor=assignment.reader, verb="case.release", object=case, project=case.project, detail={"epoch": epoch})
    assignment.refresh_from_db()
    return assignment


def resting_state(case: Case) -> str:
    """Return the state of a case that nobody has work on: read by as many as its protocol asks for, or waiting for a reader."""
    if rows_of(case.reviews, ReviewQuerySet).unanswered().exists():
        return Case.State.OPEN
    people = rows_of(case.annotations, AnnotationQuerySet).readings().values("author").distinct().count()
    if people >= case.protocol.readers:
        looked_at = case.protocol.readers == 1 and case.protocol.review == ReviewRule.ALWAYS
        to_review = looked_at or rows_of(case.adjudications, AdjudicationQuerySet).standing().exists()
        return Case.State.REVIEW if to_review else Case.State.SUBMITTED
    return Case.State.PROPOSED if case.proposal_revision_id else Case.State.NEW
