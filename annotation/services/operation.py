"""Applying operations: idempotent by id, in exact order, under a live lease, with every old value checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from annotation.geometry.patch import BadPatch, OldValueMismatch, Patch, patch_apply, patch_decode
from annotation.geometry.reading import Reading, Rules, reading_apply
from annotation.geometry.refusal import Refused
from annotation.geometry.segments import known_ids, locked_ids
from annotation.models import Annotation, Assignment, Chunk, Operation
from annotation.services.assignment import assignment_hold, lease_state
from annotation.services.form import forms_of
from annotation.services.operation_batch import Batch, Incoming
from annotation.services.planes import Place, planes_read, voxels_of
from annotation.services.revision import reading_of
from annotation.services.slices import Plane, plane_counts, plane_digest, plane_pack, slice_keys, total_counts
from config.errors import ColumnaError, Conflict, Invalid
from storage.models import Stack


@dataclass(frozen=True)
class Applied:
    """How the annotation stands after a batch. ``slices`` are {"stack", "layer", "key", "digest"} of every slice it touched."""

    seq: int
    operations: list[tuple[UUID, int]]
    slices: list[dict[str, str]]


@dataclass
class Draft:
    """The annotation while a batch is worked out, in memory."""

    annotation: Annotation
    reading: Reading
    planes: dict[Place, Plane]
    stacks: dict[Place, Stack]
    layers: dict[str, str]
    schema: dict[str, str]
    categories: dict[str, str]
    forms: dict[str, dict[str, Any]]
    author: str
    changed: set[Place] = field(default_factory=set)
    rows: list[Operation] = field(default_factory=list)

    @property
    def rules(self) -> Rules:
        return Rules(self.layers, self.schema, self.categories, self.is_empty, self.forms, self.author, timezone.now().isoformat())

    def is_empty(self, layer: str, number: int) -> bool:
        elsewhere = voxels_of(annotation=self.annotation, layer=layer, without=self.planes)
        here = total_counts(plane_counts(plane) for (found, _), plane in self.planes.items() if found == layer)
        return not elsewhere.get(number, 0) + here.get(number, 0)


def operations_apply(*, annotation: Annotation, user: User, batch: Batch) -> Applied:
    """Apply a batch and return how the annotation stands; operations that are already there are acknowledged again.

    What is new must stand on ``base_seq`` exactly (else ``stale_revision``), under the lease that the batch names (else
    ``lease_expired``). Everything is worked out first; then one short transaction writes all of it or nothing. Raises
    :class:`Conflict` with the state as it is now, or :class:`Invalid` for what nobody could ever apply.
    """
    for attempt in range(3):
        if attempt:
            annotation.refresh_from_db()
        done, new = _known(annotation, batch)
        if not new:
            annotation.refresh_from_db()
            return _answer(annotation, batch, done)
        _may_write(annotation, user, batch, new)
        if annotation.seq != batch.base_seq + len(done):
            if attempt == 0:
                continue  # the row at hand may be old; look again before refusing
            raise _stale(annotation)
        try:
            draft = work_out(annotation, user, new)
        except Conflict:
            if Annotation.objects.filter(pk=annotation.pk, seq=annotation.seq).exists():
                raise
            continue  # the annotation moved on while it was read; look again
        if _write(draft, user, batch):
            return _answer(annotation, batch, done | {row.op_id: row.seq for row in draft.rows})
    raise _stale(annotation)


def _stale(annotation: Annotation) -> Conflict:
    return Conflict(
        "The annotation has moved on. Load what is new, or keep your work as a branch.",
        code="stale_revision",
        state={"seq": annotation.seq},
    )


def _known(annotation: Annotation, batch: Batch) -> tuple[dict[UUID, int], list[Incoming]]:
    """Return what is already in the log, {id: seq}, and what is new. What is known must come first, and mean the same."""
    rows = {row.op_id: row for row in annotation.operations.filter(op_id__in=[op.op_id for op in batch.operations]).defer("body", "header")}
    for op in batch.operations:
        row = rows.get(op.op_id)
        if row is not None and row.digest != op.digest:
            raise Conflict(
                "An operation with this id and another meaning is in the log.",
                code="operation_reused",
                state={"id": str(op.op_id), "seq": row.seq},
            )
    done = {op.op_id: rows[op.op_id].seq for op in batch.operations if op.op_id in rows}
    new = [op for op in batch.operations if op.op_id not in rows]
    prefix = [op.op_id for op in batch.operations[: len(done)]]
    if new and (
        set(prefix) != set(done) or [done[op_id] for op_id in prefix] != [batch.base_seq + 1 + index for index in range(len(done))]
    ):
        raise _stale(annotation)
    return done, new


def _may_write(annotation: Annotation, user: User, batch: Batch, new: list[Incoming]) -> None:
    """The cheap refusals, before any slice is read; the transaction asks again."""
    if annotation.state != Annotation.State.DRAFT:
        raise Conflict(
            "This annotation is submitted and does not change any more.", code="already_submitted", state={"seq": annotation.seq}
        )
    live = Assignment.objects.live().filter(pk=batch.assignment, epoch=batch.epoch, case=annotation.case_id, reader=user)
    if not live.exists():
        raise Conflict(
            "Your lease of this case has ended. Open the case again; your work is kept.",
            code="lease_expired",
            state=lease_state(annotation.case_id, user),
        )
    undone = {op.undoes for op in new if op.undoes} - {op.op_id for op in new}
    found = set(annotation.operations.filter(op_id__in=undone).values_list("op_id", flat=True))
    if undone - found:
        raise Invalid("An operation undoes one that is not in the log.", code="bad_operation")


def work_out(annotation: Annotation, user: User, new: list[Incoming], draft: Draft | None = None) -> Draft:
    """Return the annotation after the operations, in memory. ``draft`` is where they begin: how the annotation stands, if not given."""
    draft = draft or draft_begin(annotation, places_of(annotation, new))
    for index, op in enumerate(new):
        try:
            was = _patch(draft, op) if op.kind == "patch" else _act(draft, op)
        except Refused as refused:
            kind: type[ColumnaError] = Invalid if refused.bad else Conflict
            state = refused.state if refused.bad else {**refused.state, "operation": str(op.op_id), "seq": annotation.seq}
            raise kind(refused.message, code=refused.code, state=state) from None
        row = Operation(annotation=annotation, seq=annotation.seq + 1 + index, op_id=op.op_id, kind=op.kind, undoes=op.undoes)
        row.header, row.body, row.digest, row.author = {**op.header, **({"was": was} if was else {})}, op.body, op.digest, user
        draft.rows.append(row)
    return draft


def draft_begin(annotation: Annotation, stacks: dict[Place, Stack]) -> Draft:
    protocol = annotation.case.protocol
    every = list(protocol.schema.structures.values_list("code", "layer", "category"))
    schema, chosen = {code: layer for code, layer, _ in every}, set(protocol.structures)
    planes = planes_read(annotation=annotation, places=stacks.items())
    return Draft(
        annotation,
        reading_of(annotation),
        planes,
        stacks,
        {code: layer for code, layer in schema.items() if code in chosen},
        schema,
        {code: category for code, _, category in every},
        forms_of(protocol),
        str(annotation.author_id or ""),
    )


def _act(draft: Draft, op: Incoming) -> dict[str, Any]:
    draft.reading, was = reading_apply(draft.reading, op.header, draft.rules)
    return was


def places_of(annotation: Annotation, new: list[Incoming]) -> dict[Place, Stack]:
    """Return the stack of every place that the batch touches. A stack that was replaced by a newer one still counts."""
    patches = [op for op in new if op.kind == "patch"]
    named = {str(op.header["stack"]) for op in patches}
    found = {str(stack.pk): stack for stack in Stack.objects.filter(pk__in=named, series__study=annotation.case.study_id)}
    places: dict[Place, Stack] = {}
    layers = set(annotation.case.protocol.schema.layers)
    keys = {stack_id: set(slice_keys(stack)) for stack_id, stack in found.items()}
    for op in patches:
        stack = found.get(str(UUID(op.header["stack"])))
        if stack is None:
            raise Invalid("The patch names a stack that is not of this case's study.", code="unknown_stack")
        if op.header["layer"] not in layers:
            raise Invalid(f"{op.header['layer']!r} is not a layer of the schema.", code="unknown_layer", state={"layers": sorted(layers)})
        for piece in op.slices:
            if piece.key not in keys[str(stack.pk)]:
                raise Invalid("The patch names a slice that is not in its stack.", code="unknown_slice", state={"key": piece.key})
            places[(op.header["layer"], piece.key)] = stack
    return places


def _patch(draft: Draft, op: Incoming) -> dict[str, Any]:
    layer = op.header["layer"]
    known, locked = known_ids(draft.reading.segments, layer), locked_ids(draft.reading.segments, layer)
    for piece in op.slices:
        place = (layer, piece.key)
        plane = draft.planes[place]
        try:
            patch = patch_decode(piece.body, plane.size)
        except BadPatch as bad:
            raise Refused(bad.reason, str(bad), bad=True) from None
        _check_values(draft, op, patch, known, locked)
        try:
            draft.planes[place] = patch_apply(plane, patch)
        except OldValueMismatch:
            raise Refused(
                "old_value_mismatch",
                "The slice holds something else than the patch expects. Load the slice again.",
                {"slices": [_standing(draft, place)]},
            ) from None
        draft.changed.add(place)
    return {}


def _check_values(draft: Draft, op: Incoming, patch: Patch, known: set[int], locked: set[int]) -> None:
    new = set(np.unique(patch.new).tolist())
    unknown = sorted(new - known)
    if unknown:
        state = {"values": unknown, "layer": op.header["layer"], "segments": draft.reading.segments}
        raise Refused("unknown_value", f"No segment has the id {unknown[0]} in this layer. Add the segment first.", state)
    changes = patch.old != patch.new
    touched = set(np.unique(patch.old[changes]).tolist()) | set(np.unique(patch.new[changes]).tolist())
    held = sorted(touched & locked)
    if held:
        raise Refused(
            "locked_segment",
            "An accepted or locked structure cannot be overwritten. Unlock it first.",
            {"segments": held, "layer": op.header["layer"]},
        )


def _standing(draft: Draft, place: Place) -> dict[str, str]:
    """Return how a slice stands in the database, not in the batch."""
    plane = planes_read(annotation=draft.annotation, places=[(place, draft.stacks[place])])[place]
    return {"stack": str(draft.stacks[place].pk), "layer": place[0], "key": place[1], "digest": plane_digest(plane)}


def _write(draft: Draft, user: User, batch: Batch) -> bool:
    """Write everything in one short transaction. Return False when the annotation moved on meanwhile; nothing is written then."""
    annotation, seq, reading = draft.annotation, draft.annotation.seq, draft.reading
    chunks = chunks_of(draft)
    fields = {
        "seq": seq + len(draft.rows),
        "segments": reading.segments,
        "ladder": reading.ladder,
        "measurements": reading.measurements,
        "grades": reading.grades,
        "updated_at": timezone.now(),
    }
    with transaction.atomic():
        assignment_hold(assignment_id=batch.assignment, epoch=batch.epoch, user=user, case_id=annotation.case_id)
        moved = Annotation.objects.filter(pk=annotation.pk, seq=seq, state=Annotation.State.DRAFT).update(**fields)
        if not moved:
            transaction.set_rollback(True)
            return False
        Operation.objects.bulk_create(draft.rows)
        Chunk.objects.bulk_create(
            chunks,
            update_conflicts=True,
            unique_fields=["annotation", "layer", "slice_key"],
            update_fields=["stack", "data", "digest", "counts"],
            batch_size=200,
        )
    for name, value in fields.items():
        setattr(annotation, name, value)
    return True


def chunks_of(draft: Draft) -> list[Chunk]:
    """Return the rows of the slices that changed, packed."""
    return [_chunk(draft, place) for place in sorted(draft.changed)]


def _chunk(draft: Draft, place: Place) -> Chunk:
    plane = draft.planes[place]
    return Chunk(
        annotation=draft.annotation,
        stack=draft.stacks[place],
        layer=place[0],
        slice_key=place[1],
        data=plane_pack(plane),
        digest=plane_digest(plane),
        counts=plane_counts(plane),
    )


def _answer(annotation: Annotation, batch: Batch, applied: dict[UUID, int]) -> Applied:
    places = {(op.header["layer"], piece.key): str(op.header["stack"]) for op in batch.operations for piece in op.slices}
    digests = {
        (layer, key): digest
        for layer, key, digest in annotation.chunks.filter(slice_key__in={key for _, key in places}).values_list(
            "layer", "slice_key", "digest"
        )
    }
    slices = [
        {"stack": stack, "layer": layer, "key": key, "digest": digests[layer, key]}
        for (layer, key), stack in places.items()
        if (layer, key) in digests
    ]
    return Applied(annotation.seq, [(op.op_id, applied[op.op_id]) for op in batch.operations], slices)
