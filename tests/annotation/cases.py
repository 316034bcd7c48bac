"""Cases for tests of the annotation room: a small study, a protocol, a reader, and the words a writer says to the server."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from accounts.models import Project, User
from annotation.geometry.patch import patch_between, patch_encode
from annotation.models import Annotation, Assignment, Case
from annotation.services.assignment import assignment_open
from annotation.services.case import case_open
from annotation.services.operation import Applied, operations_apply
from annotation.services.operation_batch import batch_decode
from annotation.services.protocol import protocol_create
from annotation.services.slices import slice_keys
from storage.envelope import envelope_encode
from storage.models import Stack, Subject
from tests.factories import make_member, make_project
from tests.storage.stacks import grid, make_stack

SHAPE = (4, 12, 16)


def ready_stack(*, project: Project, shape: tuple[int, int, int] = SHAPE, seed: int = 0) -> Stack:
    """Return a stack of a study of its own, as if its frames were made."""
    random = np.random.default_rng(seed)
    slices = [random.integers(0, 200, shape[1:], dtype=np.int16) + np.int16(index * 7) for index in range(shape[0])]
    stack = make_stack(slices, project=project, modality="MR", geometry=grid(shape))
    stack.ready_at = datetime.now(UTC)
    stack.save(update_fields=["ready_at"])
    return stack


def make_case(*, project: Project | None = None, mode: str = "ai_first", fold: str = "train", shape: tuple[int, int, int] = SHAPE) -> Case:
    """Return a new case with one sagittal stack."""
    project = project or make_project()
    protocol_create(project=project, actor=None, reading_mode=mode)
    stack = ready_stack(project=project, shape=shape, seed=Subject.objects.count())
    Subject.objects.filter(pk=stack.series.study.subject_id).update(fold=fold)
    stack.refresh_from_db()
    return case_open(stack=Stack.objects.get(pk=stack.pk))[0]


def bundle(ops: list[dict[str, Any]], bodies: list[bytes], base_seq: int, lease: Assignment | dict[str, Any]) -> bytes:
    held = {"assignment": str(lease.pk), "epoch": lease.epoch} if isinstance(lease, Assignment) else lease
    return envelope_encode({"ops": ops, "base_seq": base_seq, **held}, bodies)


def segment_op(number: int = 1, structure: str = "L5", layer: str = "instances", status: str = "edited", **extra: Any) -> dict[str, Any]:
    entry = {"id": number, "layer": layer, "structure": structure, "status": status, **extra}
    return {"id": str(uuid.uuid4()), "kind": "segments", "set": [entry], "remove": []}


@dataclass
class Writer:
    """A reader at a case. ``planes`` is what this writer believes the slices to be; ``stroke`` makes the operation that changes them."""

    case: Case
    user: User
    lease: Assignment = field(init=False)
    annotation: Annotation = field(init=False)
    planes: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lease, self.annotation = assignment_open(case=self.case, user=self.user)
        self.stack = self.case.stacks.get()
        self.keys = slice_keys(self.stack)

    def plane(self, index: int, layer: str = "instances") -> np.ndarray:
        return self.planes.get((layer, self.keys[index]), np.zeros((self.stack.rows, self.stack.columns), dtype=np.uint8))

    def stroke(
        self, changes: dict[int, np.ndarray], layer: str = "instances", undoes: str | None = None
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Return the operation that sets slices, by index, to these planes, and remember them as done."""
        bodies, listed = [], []
        for index, after in changes.items():
            bodies.append(patch_encode(patch_between(self.plane(index, layer), after)))
            listed.append({"key": self.keys[index], "length": len(bodies[-1])})
            self.planes[layer, self.keys[index]] = after
        op = {"id": str(uuid.uuid4()), "kind": "patch", "stack": str(self.stack.pk), "layer": layer, "segment": 1, "tool": "brush"}
        return {**op, "undoes": undoes, "slices": listed}, bodies

    def send(self, *ops: tuple[dict[str, Any], list[bytes]] | dict[str, Any], base: int | None = None) -> Applied:
        self.annotation.refresh_from_db()
        return operations_apply(annotation=self.annotation, user=self.user, batch=batch_decode(self.pack(*ops, base=base)))

    def pack(self, *ops: tuple[dict[str, Any], list[bytes]] | dict[str, Any], base: int | None = None) -> bytes:
        pairs = [op if isinstance(op, tuple) else (op, []) for op in ops]
        bodies = [body for _, found in pairs for body in found]
        return bundle([op for op, _ in pairs], bodies, self.annotation.seq if base is None else base, self.lease)

    def block(self, index: int, value: int, rows: slice, columns: slice, layer: str = "instances") -> np.ndarray:
        """Return the slice with a rectangle of it set to a segment id."""
        plane = self.plane(index, layer).copy()
        plane[rows, columns] = value
        return plane


def make_writer(**options: Any) -> Writer:
    """Return a radiologist who has just opened a new case; the segment 1 of ``instances`` is L5."""
    case = make_case(**options)
    writer = Writer(case, make_member("radiologist", case.project))
    writer.send(segment_op())
    return writer
