"""The gates a version passes before it is frozen, each with a name. They read rows only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from annotation.models import Revision
from datasets.models import Dataset, Version
from datasets.services.selection import Pin
from storage.models import Stack
from storage.services.stack import stack_geometry

SPLIT_OF_FOLD = {"train": "train", "validation": "validation", "sealed": "test"}


@dataclass(frozen=True)
class Refusal:
    """One reason why a gate stays shut. ``case`` is empty when it concerns the whole version."""

    gate: str
    message: str
    case: str = ""


@dataclass(frozen=True)
class Selection:
    """What the gates look at. ``named`` are cases that somebody asked for by name and that have no reading."""

    dataset: Dataset
    pins: list[Pin]
    stacks: dict[str, Stack]
    parent: Version | None
    parent_splits: dict[str, str]
    unread: list[str]


def selection_of(*, dataset: Dataset, pins: list[Pin], parent: Version | None, unread: list[str]) -> Selection:
    """Return the selection with the stacks its readings were made on."""
    wanted = {entry["stack"] for pin in pins for entry in pin.revision.content["stacks"]}
    stacks = {str(stack.pk): stack for stack in Stack.objects.select_related("series__study").filter(pk__in=wanted)}
    splits: dict[str, str] = {}
    if parent:
        splits = {pin["subject"]: pin["split"] for pin in parent.draft.pins if "split" in pin}
    return Selection(dataset, pins, stacks, parent, splits, unread)


def labelled_keys(revision: Revision) -> set[str]:
    """Return the slice keys on which the revision has anything."""
    return {key for slices in revision.content["layers"].values() for key in slices}


def is_labelled(revision: Revision, stack: Stack) -> bool:
    keys = labelled_keys(revision)
    return any(f"{item['digest']}:{item['frame']}" in keys for item in stack.slices)


def _selection(chosen: Selection) -> Iterator[Refusal]:
    if not chosen.pins:
        yield Refusal("selection", "No case has a submitted reading. Submit one first.")
    for pin in chosen.pins:
        if pin.case.subject.withdrawn_at is not None:
            yield Refusal("selection", "The patient has withdrawn.", str(pin.case.pk))


def _geometry(chosen: Selection) -> Iterator[Refusal]:
    """The grid a reading was made on is the stack's own, regular and unsheared."""
    for pin in chosen.pins:
        for entry in pin.revision.content["stacks"]:
            stack = chosen.stacks.get(entry["stack"])
            if stack is None:
                yield Refusal("geometry", "A stack this reading was made on is gone.", str(pin.case.pk))
            elif is_labelled(pin.revision, stack):
                problem = _grid_problem(stack, entry)
                if problem:
                    yield Refusal("geometry", problem, str(pin.case.pk))


def _grid_problem(stack: Stack, entry: dict[str, Any]) -> str:
    if (entry["slices"], entry["geometry"]) != (stack.slices_digest, stack.geometry_digest):
        return "The reading was made on another grid than the stack's."
    if stack.kind == Stack.Kind.STACK:
        return f"The stack is no regular volume ({stack.not_volume_reason or 'no reason recorded'}); regrid it before labelling."
    if stack.kind != Stack.Kind.VOLUME:
        return ""
    try:
        grid = stack_geometry(stack=stack)
    except ValueError as error:
        return str(error)
    if grid is None:
        return "The volume has no grid."
    if grid.shape != (stack.slice_count, stack.rows, stack.columns) or grid.digest != stack.geometry_digest:
        return "The stack's grid is not the one its digest names."
    return ""


def _schema(chosen: Selection) -> Iterator[Refusal]:
    """One schema in the whole version, and every segment is one of its structures."""
    digests = {pin.revision.content["schema"]["digest"] for pin in chosen.pins}
    if len(digests) > 1:
        yield Refusal("schema", "The readings follow different label schemas. Choose cases of one protocol.")
        return
    for pin in chosen.pins:
        schema = pin.case.protocol.schema
        known = set(schema.structures.values_list("code", flat=True))
        strange = sorted({segment["structure"] for segment in pin.revision.content["segments"]} - known)
        if schema.digest not in digests:
            yield Refusal("schema", "The reading follows an older label schema than its protocol.", str(pin.case.pk))
        if strange:
            yield Refusal("schema", f"Not in {schema}: {', '.join(strange)}.", str(pin.case.pk))


def _fold(chosen: Selection) -> Iterator[Refusal]:
    for pin in chosen.pins:
        if pin.case.subject.fold == "sealed":
            yield Refusal("fold", "A sealed patient never trains a model.", str(pin.case.pk))


def _splits(chosen: Selection) -> Iterator[Refusal]:
    """A patient is in one split, the same one as in the version before."""
    seen: dict[str, str] = {}
    for pin in chosen.pins:
        subject, split = pin.case.subject, SPLIT_OF_FOLD[pin.case.subject.fold]
        if seen.setdefault(subject.patient_key, split) != split:
            yield Refusal("splits", "One patient is in two splits.", str(pin.case.pk))
        if chosen.parent_splits.get(str(subject.pk), split) != split:
            yield Refusal("splits", "The patient was in another split in the version before.", str(pin.case.pk))


def _submitted(chosen: Selection) -> Iterator[Refusal]:
    for case in chosen.unread:
        yield Refusal("submitted", "The case has no submitted reading.", case)
    for pin in chosen.pins:
        if pin.case.state not in ("submitted", "accepted"):
            yield Refusal("submitted", f"The case is {pin.case.state}, not submitted.", str(pin.case.pk))


def _licence(chosen: Selection) -> Iterator[Refusal]:
    if not chosen.dataset.licence.strip():
        yield Refusal("licence", "The dataset names no licence. Give it an SPDX identifier.")


Gate = Callable[[Selection], Iterator[Refusal]]
GATES: dict[str, tuple[Gate, ...]] = {
    Version.Kind.TRAINING: (_selection, _geometry, _schema, _fold),
    Version.Kind.RELEASE: (_selection, _geometry, _schema, _splits, _submitted, _licence),
}


def gates_check(*, kind: str, chosen: Selection) -> dict[str, list[dict[str, str]]]:
    """Return what each shut gate says, {gate: [{"case", "message"}]}; empty when all are open."""
    found: dict[str, list[dict[str, str]]] = {}
    for gate in GATES[kind]:
        for refusal in gate(chosen):
            found.setdefault(refusal.gate, []).append({"case": refusal.case, "message": refusal.message})
    return found
