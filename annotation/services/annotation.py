"""Submitting an annotation, and keeping what a stale writer did as a branch."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services.audit import audit_record
from annotation.geometry.segments import known_ids
from annotation.models import Annotation, Assignment, Case, Chunk, Operation, Revision
from annotation.models.annotation import AuthorKind
from annotation.services.assignment import lease_state, resting_state
from annotation.services.check import annotation_check
from annotation.services.figures import figures_of
from annotation.services.freeze import frozen_parts
from annotation.services.operation import Draft, chunks_of, draft_begin, places_of, work_out
from annotation.services.operation_batch import Batch, Incoming, SlicePatch
from annotation.services.planes import voxels_of
from annotation.services.protocol import protocol_words
from annotation.services.revision import content_digest
from config.errors import Conflict, Invalid
from jobs.services.event import event_emit


def annotation_submit(*, annotation: Annotation, user: User, expected_seq: int) -> Revision:
    """Freeze the annotation as a revision and return it. Safe to repeat: the same ``expected_seq`` gives the same revision.

    Refuses with ``stale_revision`` when there is more or less in the log than the reader saw, ``lease_expired`` without a
    live lease, ``unknown_value`` when a mask holds an id that is in no segment, ``numbering`` when the protocol blocks a ladder
    that breaks a rule, ``missing_grades`` while cells of a required form are empty, ``already_submitted`` when it was submitted at
    another sequence number.
    """
    annotation.refresh_from_db()
    if annotation.state == Annotation.State.SUBMITTED:
        return _submitted_before(annotation, expected_seq)
    if annotation.branch_of_id is not None:
        raise Conflict("A branch is not submitted: take it over into your annotation first.", code="is_branch")
    _expect(annotation, expected_seq)
    _check_ids(annotation)
    checks = annotation_check(annotation=annotation, with_masks=True)
    if checks["blocks"]:
        raise Conflict("The numbering breaks a rule of this protocol. Correct the ladder first.", code="numbering", state=checks)
    if checks["required_grades"]:
        count = len(checks["required_grades"])
        message = f"{count} {'grade is' if count == 1 else 'grades are'} not given yet. An empty cell is not a normal one."
        raise Conflict(message, code="missing_grades", state={"missing": checks["required_grades"]})
    content, chunks = frozen_parts(annotation)
    figures = {**figures_of(annotation=annotation), "checks": checks, "protocol": protocol_words(annotation.case.protocol)}
    return _freeze(annotation, user, expected_seq, {"content": content, "chunks": chunks, "figures": figures})


def _submitted_before(annotation: Annotation, expected_seq: int) -> Revision:
    revision = annotation.revisions.order_by("-number").first()
    if revision is None or revision.seq != expected_seq:
        state = {"seq": annotation.seq, "revision": str(revision.pk) if revision else None}
        raise Conflict("This annotation is submitted already.", code="already_submitted", state=state)
    return revision


def _expect(annotation: Annotation, expected_seq: int) -> None:
    if annotation.seq != expected_seq:
        raise Conflict(
            "The annotation does not stand where you think. Send what is unsent, or load it again.",
            code="stale_revision",
            state={"seq": annotation.seq},
        )


def _check_ids(annotation: Annotation) -> None:
    for layer in annotation.case.protocol.schema.layers:
        unknown = sorted(set(voxels_of(annotation=annotation, layer=layer)) - known_ids(annotation.segments, layer))
        if unknown:
            state = {"values": unknown, "layer": layer, "segments": annotation.segments}
            raise Conflict(
                "The mask holds ids that are in no segment. Add the segments, or erase the voxels.", code="unknown_value", state=state
            )


def _freeze(annotation: Annotation, user: User, seq: int, parts: dict[str, Any]) -> Revision:
    digest = content_digest(parts["content"])
    with transaction.atomic():
        held = Assignment.objects.live().filter(case=annotation.case_id, reader=user).update(state=Assignment.State.SUBMITTED)
        moved = Annotation.objects.filter(pk=annotation.pk, seq=seq, state=Annotation.State.DRAFT).update(state=Annotation.State.SUBMITTED)
        if not moved or not held:
            transaction.set_rollback(True)
        else:
            revision = Revision.objects.create(
                annotation=annotation, number=annotation.revisions.count() + 1, digest=digest, seq=seq, kind=Revision.Kind.SUBMIT, **parts
            )
            consensus = annotation.author_kind == AuthorKind.ADJUDICATOR
            Case.objects.filter(pk=annotation.case_id).update(state=Case.State.ACCEPTED if consensus else resting_state(annotation.case))
            _announce(revision)
            audit_record(
                actor=user,
                verb="annotation.submit",
                object=annotation,
                project=annotation.project,
                detail={"revision": str(revision.pk), "digest": digest, "seq": seq},
            )
            return revision
    annotation.refresh_from_db()
    if annotation.state == Annotation.State.SUBMITTED:
        return _submitted_before(annotation, seq)
    _expect(annotation, seq)
    raise Conflict(
        "Your lease of this case has ended. Open the case again, then submit.",
        code="lease_expired",
        state=lease_state(annotation.case_id, user),
    )


def _announce(revision: Revision) -> None:
    annotation = revision.annotation
    event_emit(
        kind="annotation.submitted",
        payload={
            "annotation": str(annotation.pk),
            "revision": str(revision.pk),
            "case": str(annotation.case_id),
            "project": str(annotation.project_id),
            "author_kind": annotation.author_kind,
        },
    )


def annotation_branch(*, annotation: Annotation, user: User, batch: Batch) -> Annotation:
    """Keep a stale writer's operations: return a branch of the annotation as it stood at ``base_seq`` with them applied.

    Needs no lease and changes nothing of the annotation itself. Safe to repeat: the same operations give the same branch.
    """
    existing = Operation.objects.filter(annotation__branch_of=annotation, annotation__author=user, op_id=batch.operations[0].op_id).first()
    if existing is not None:
        return existing.annotation
    annotation.refresh_from_db()
    if batch.base_seq > annotation.seq:
        raise Invalid(f"The annotation has {annotation.seq} operations; nothing can branch at {batch.base_seq}.", code="bad_operation")
    branch = Annotation(
        case=annotation.case,
        project=annotation.project,
        author_kind=annotation.author_kind,
        author=user,
        derived_from=annotation.derived_from,
        branch_of=annotation,
        branch_seq=batch.base_seq,
        seq=batch.base_seq,
    )
    draft = _as_it_stood(annotation, batch)
    draft.annotation = branch
    draft = work_out(branch, user, batch.operations, draft)
    reading = draft.reading
    branch.segments, branch.ladder, branch.measurements, branch.grades = (
        reading.segments,
        reading.ladder,
        reading.measurements,
        reading.grades,
    )
    branch.seq += len(draft.rows)
    own = {(chunk.layer, chunk.slice_key): chunk for chunk in chunks_of(draft)}
    for chunk in annotation.chunks.all():
        if (chunk.layer, chunk.slice_key) not in own:
            own[chunk.layer, chunk.slice_key] = Chunk(
                annotation=branch,
                stack_id=chunk.stack_id,
                layer=chunk.layer,
                slice_key=chunk.slice_key,
                data=chunk.data,
                digest=chunk.digest,
                counts=chunk.counts,
            )
    with transaction.atomic():
        branch.save(force_insert=True)
        Operation.objects.bulk_create(draft.rows)
        Chunk.objects.bulk_create(own.values(), batch_size=200)
        audit_record(
            actor=user,
            verb="annotation.branch",
            object=branch,
            project=branch.project,
            detail={"of": str(annotation.pk), "seq": batch.base_seq},
        )
    return branch


def _as_it_stood(annotation: Annotation, batch: Batch) -> Draft:
    """Return the annotation at ``base_seq``: how it stands, with every later operation taken back, newest first."""
    later = list(annotation.operations.filter(seq__gt=batch.base_seq).order_by("-seq"))
    taken_back = [_inverse(row) for row in later]
    draft = draft_begin(annotation, places_of(annotation, [*taken_back, *batch.operations]))
    draft = work_out(annotation, annotation.author, taken_back, draft)  # type: ignore[arg-type]  # a reader's annotation has an author
    draft.rows.clear()
    return draft


def _inverse(row: Operation) -> Incoming:
    from annotation.geometry.patch import patch_decode, patch_encode

    if row.kind != Operation.Kind.PATCH:
        return Incoming(row.op_id, row.kind, {"kind": row.kind, **row.header["was"]}, None, [], "")
    pieces, start = [], 0
    for piece in row.header["slices"]:
        body = bytes(row.body)[start : start + piece["length"]]
        start += piece["length"]
        pieces.append(SlicePatch(piece["key"], patch_encode(patch_decode(body, 2**32).inverse())))
    return Incoming(row.op_id, row.kind, row.header, None, pieces, "")
