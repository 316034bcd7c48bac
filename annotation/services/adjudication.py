"""Settling a case that several people have read: holding readings against each other, picking, and one consensus."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.models.base import rows_of
from accounts.services.audit import audit_record
from annotation.models import Adjudication, Annotation, Assignment, Case, Revision
from annotation.models.annotation import AnnotationQuerySet, AuthorKind
from annotation.models.protocol import ReviewRule
from annotation.models.review import ReviewQuerySet
from annotation.services.agreement import SIDES, agreement_of
from annotation.services.annotation import annotation_submit
from annotation.services.assignment import lease_take, resting_state
from annotation.services.consensus import consensus_operations
from annotation.services.operation import operations_apply
from annotation.services.operation_batch import batch_decode
from config.errors import Conflict, Invalid, Missing
from storage.envelope import envelope_encode

TAKES = ("a", "b", "c", "vote", "staple", "edit")
"""What settles a finding: one side's answer, what most voxels say, the same weighed by :func:`annotation.geometry.fusion.staple`, or one's own."""


def readings_of(case: Case) -> list[Revision]:
    """Return the newest submitted reading of each reader, in an order that says nothing of who they are or when they read."""
    newest: dict[Any, Revision] = {}
    found = Revision.objects.authored().filter(annotation__in=rows_of(case.annotations, AnnotationQuerySet).readings())
    for revision in found.select_related("annotation__case__protocol__schema").order_by("created_at"):
        newest[revision.annotation.author_id] = revision
    return sorted(newest.values(), key=lambda revision: (not revision.content["ladder"].get("bodies"), str(revision.pk)))


def adjudication_prepare(*, case_id: Any) -> Adjudication | None:
    """Return the adjudication of a case whose readers are all done, or None where none is called for. Safe to repeat.

    Two or three readings are held against each other, all of them. Reads every mask: for a job, never inside a transaction.
    """
    case = Case.objects.select_related("protocol", "subject").filter(pk=case_id).first()
    if case is None or case.subject.withdrawn_at is not None or case.protocol.readers < 2 or case.protocol.review == ReviewRule.NEVER:
        return None
    readings = readings_of(case)
    if len(readings) < case.protocol.readers or rows_of(case.reviews, ReviewQuerySet).unanswered().exists():
        return None
    chosen = readings[: len(SIDES)]
    findings, figures = agreement_of(readings=chosen)
    if not findings and case.protocol.review == ReviewRule.DISAGREEMENT:
        return None
    return _stand(case, chosen, findings, figures)


def _stand(case: Case, readings: list[Revision], findings: list[dict[str, Any]], figures: dict[str, Any]) -> Adjudication:
    a, b, *others = readings
    c = others[0] if others else None
    try:
        with transaction.atomic():
            known = Adjudication.objects.filter(a=a, b=b, c=c).first()
            if known is not None:
                return known
            made = Adjudication.objects.create(project_id=case.project_id, case=case, a=a, b=b, c=c, findings=findings, agreement=figures)
            Case.objects.filter(pk=case.pk, state=Case.State.SUBMITTED).update(state=Case.State.REVIEW)
            detail = {"case": str(case.pk), "findings": len(findings)}
            audit_record(actor=None, verb="adjudication.open", object=made, project=case.project, detail=detail)
            return made
    except IntegrityError:  # the job ran twice at once
        return Adjudication.objects.standing().get(case=case)


def adjudication_open(
    *, adjudication: Adjudication, user: User, takeover: bool = False, client: str = ""
) -> tuple[Adjudication, Assignment, Annotation]:
    """Lease the case to an adjudicator and return the consensus that they write, begun from ``a`` if there is none.

    Raises :class:`Conflict` ``adjudicated`` when it is settled, ``adjudication_held`` when another adjudicator has begun it, and
    ``lease_held`` as :func:`annotation.services.assignment.assignment_open` does.
    """
    _standing(adjudication)

    def begin(case: Case) -> Annotation:
        held = Adjudication.objects.select_for_update().get(pk=adjudication.pk)
        if held.consensus is not None:
            if held.consensus.author_id != user.pk:
                raise Conflict("Another adjudicator has begun this case.", code="adjudication_held")
            return held.consensus
        made = _consensus(held, user)
        Adjudication.objects.filter(pk=held.pk).update(consensus=made)
        return made

    assignment, annotation = lease_take(case=adjudication.case, user=user, takeover=takeover, client=client, begin=begin)
    adjudication.refresh_from_db()
    return adjudication, assignment, annotation


def _standing(adjudication: Adjudication) -> None:
    if adjudication.state != Adjudication.State.OPEN:
        raise Conflict("This case is settled, or was given back to a reader.", code="adjudicated", state={"state": adjudication.state})


def _consensus(adjudication: Adjudication, user: User) -> Annotation:
    """Return the adjudicator's annotation: as ``a`` says, open for change, and without its reader's name in the cells."""
    content = adjudication.a.content
    grades = {form: {site: {**cell, "by": None} for site, cell in cells.items()} for form, cells in content["grades"].items()}
    return Annotation.objects.create(
        case=adjudication.case,
        project=adjudication.project,
        author_kind=AuthorKind.ADJUDICATOR,
        author=user,
        derived_from=adjudication.a,
        segments=[{**entry, "status": "edited", "locked": False} for entry in content["segments"]],
        ladder=content["ladder"],
        measurements=content["measurements"],
        grades=grades,
    )


def adjudication_pick(
    *, adjudication: Adjudication, user: User, finding: str, take: str, assignment: Assignment
) -> tuple[Adjudication, Annotation]:
    """Settle one finding and return the adjudication and the consensus with it: a side writes that reading's answer into the consensus
    as operations, ``vote`` and ``staple`` the outline that three come to, ``edit`` leaves what the adjudicator has drawn. A later pick
    takes the place of an earlier one.

    Raises :class:`Missing` for an unknown finding, :class:`Invalid` for what does not settle it, :class:`Conflict` ``adjudicated``,
    ``adjudication_held``, ``lease_expired``.
    """
    _standing(adjudication)
    entry = next((found for found in adjudication.findings if found["id"] == finding), None)
    if entry is None:
        raise Missing("There is no such disagreement in this case. Load it again.", code="unknown_finding")
    offered = takes_of(adjudication, entry)
    if take not in offered:
        raise Invalid(f"Take one of {', '.join(offered)}.", code="unknown_value")
    consensus = _written_by(adjudication, user)
    if take != "edit":
        ops = consensus_operations(adjudication=adjudication, consensus=consensus, finding=entry, take=take)
        if ops:
            header = {"ops": [op for op, _ in ops], "base_seq": consensus.seq, "assignment": str(assignment.pk), "epoch": assignment.epoch}
            data = envelope_encode(header, [body for _, bodies in ops for body in bodies])
            operations_apply(annotation=consensus, user=user, batch=batch_decode(data))
    with transaction.atomic():
        row = Adjudication.objects.select_for_update().get(pk=adjudication.pk)
        row.picks = {**row.picks, finding: {"take": take}}
        row.save(update_fields=["picks"])
    return row, consensus


def takes_of(adjudication: Adjudication, finding: dict[str, Any]) -> list[str]:
    """Return what settles a finding: a side, of three outlines also what they come to together, or one's own."""
    together = ["vote", "staple"] if adjudication.c_id and finding["kind"] in ("outline", "missing") else []
    return [*adjudication.readings, *together, "edit"]


def _written_by(adjudication: Adjudication, user: User) -> Annotation:
    consensus = adjudication.consensus
    if consensus is None or consensus.author_id != user.pk:
        raise Conflict("Open the adjudication first.", code="adjudication_held")
    return Annotation.objects.select_related("case__protocol__schema", "derived_from", "project").get(pk=consensus.pk)


def adjudication_submit(*, adjudication: Adjudication, user: User, expected_seq: int) -> Revision:
    """Freeze the consensus as the case's answer and return it. Safe to repeat.

    Raises :class:`Conflict` ``unsettled`` with the findings nobody has picked for, and what submitting an annotation raises.
    """
    if adjudication.state == Adjudication.State.RETURNED:
        _standing(adjudication)
    consensus = _written_by(adjudication, user)
    unsettled = [found["id"] for found in adjudication.findings if found["id"] not in adjudication.picks]
    if unsettled:
        raise Conflict(
            f"{len(unsettled)} disagreements are open. Take a side or your own for each.", code="unsettled", state={"open": unsettled}
        )
    revision = annotation_submit(annotation=consensus, user=user, expected_seq=expected_seq)
    with transaction.atomic():
        if Adjudication.objects.filter(pk=adjudication.pk, state=Adjudication.State.OPEN).update(state=Adjudication.State.DONE):
            takes = [pick["take"] for pick in adjudication.picks.values()]
            detail = {"revision": str(revision.pk), **{take: takes.count(take) for take in TAKES}}
            audit_record(actor=user, verb="adjudication.submit", object=adjudication, project=adjudication.project, detail=detail)
    return revision


def adjudication_end(*, adjudication: Adjudication) -> None:
    """Close an adjudication whose reading goes back to its reader. What the adjudicator began stays in the log and is written on no
    more; having no revision, it counts for nothing. Call it in a transaction."""
    consensus = adjudication.consensus
    Adjudication.objects.filter(pk=adjudication.pk).update(state=Adjudication.State.RETURNED)
    if consensus is not None:
        Annotation.objects.filter(pk=consensus.pk, state=Annotation.State.DRAFT).update(state=Annotation.State.SUBMITTED)
        Assignment.objects.live().filter(case=adjudication.case_id, reader=consensus.author_id).update(state=Assignment.State.RELEASED)
    Case.objects.filter(pk=adjudication.case_id).update(state=resting_state(adjudication.case))
