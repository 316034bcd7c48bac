"""What has to happen to a consensus so that it says what one of the readings says, or what they come to: as operations of its own log."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.geometry.fusion import majority, staple
from annotation.geometry.patch import patch_between, patch_encode
from annotation.models import Adjudication, Annotation
from annotation.services.agreement import SIDES
from annotation.services.planes import planes_read
from annotation.services.revision import revision_mask
from annotation.services.slices import slice_keys
from storage.models import Stack

Operation = tuple[dict[str, Any], list[bytes]]
"""An operation's header, and the bodies of its slices."""
Finding = dict[str, Any]


def consensus_operations(*, adjudication: Adjudication, consensus: Annotation, finding: Finding, take: str) -> list[Operation]:
    """Return the operations that make the consensus say of a finding what ``take`` (a side, ``vote`` or ``staple``) says; none where it does already.

    Reads blobs: call it outside any transaction.
    """
    if finding["kind"] == "levels":
        return _levels(adjudication, finding, take)
    if finding["kind"] == "grade":
        return [_grade(adjudication, finding, take)]
    return _outline(adjudication, consensus, finding, take)


def _operation(kind: str, **fields: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "kind": kind, **fields}


def _levels(adjudication: Adjudication, finding: Finding, take: str) -> list[Operation]:
    """Name every body as one reading does; the bodies themselves stay those of ``a``."""
    side = SIDES.index(take)
    mine, taken = adjudication.a.content["ladder"], adjudication.readings[take].content["ladder"]
    names = finding[take]
    bodies = [{**body, "name": name} for body, name in zip(mine.get("bodies", []), names, strict=False)]
    ladder = {"bodies": bodies, **{name: taken[name] for name in ("variant", "evidence", "unsure") if name in taken}}
    segments = []
    for name, structures in finding["names"].items():
        layer, _, number = name.partition(":")
        segments.append({"id": int(number), "layer": layer, "structure": structures[side] or structures[0]})
    return [(_operation("ladder", action="set", ladder=ladder, segments=segments), [])]


def _grade(adjudication: Adjudication, finding: Finding, take: str) -> Operation:
    cell = {"form": finding["form"], "site": finding["site"]}
    value = finding[take]
    if value is None:
        return _operation("grades", set=[], clear=[cell]), []
    taken = adjudication.readings[take].content["grades"].get(finding["form"], {})
    same = [held for site, held in taken.items() if site.partition("/")[2] == finding["site"].partition("/")[2] and held["value"] == value]
    modifiers = taken[finding["site"]]["modifiers"] if finding["site"] in taken else (same[0]["modifiers"] if len(same) == 1 else {})
    return _operation("grades", set=[{**cell, "value": value, "modifiers": modifiers}], clear=[]), []


def _outline(adjudication: Adjudication, consensus: Annotation, finding: Finding, take: str) -> list[Operation]:
    layer = next(finding[side] for side in SIDES if finding.get(side))["layer"]
    number, is_new = _number(consensus, finding, layer)
    stacks = Stack.objects.filter(
        pk__in={entry["stack"] for reading in adjudication.readings.values() for entry in reading.content["stacks"]}
    )
    wanted = {stack: _wanted(adjudication, finding, layer, stack, take) for stack in stacks}
    patches = [patch for stack, mask in wanted.items() if (patch := _patch(consensus, mask, stack, layer, number))]
    if any(mask.any() for mask in wanted.values()):
        named = finding.get(take) or {"structure": finding["structure"]}
        entry = {"id": number, "layer": layer, "structure": named["structure"], "status": "edited"}
        return [*([(_operation("segments", set=[entry], remove=[]), [])] if is_new else []), *patches]
    gone: list[Operation] = [] if is_new else [(_operation("segments", set=[], remove=[{"id": number, "layer": layer}]), [])]
    return [*patches, *gone]


def _wanted(adjudication: Adjudication, finding: Finding, layer: str, stack: Stack, take: str) -> NDArray[np.bool_]:
    """Return the voxels that the structure is to have in a stack, bool [slice, row, column]."""

    def drawn(side: str) -> NDArray[np.bool_]:
        entry = finding.get(side)
        mask = revision_mask(revision=adjudication.readings[side], stack=stack, layer=layer)
        return mask == entry["id"] if entry else np.zeros(mask.shape, dtype=bool)

    if take in SIDES:
        return drawn(take)
    masks = [drawn(side) for side in adjudication.readings]
    return majority(masks) if take == "vote" else staple(masks)


def _number(consensus: Annotation, finding: Finding, layer: str) -> tuple[int, bool]:
    """Return the segment id that the structure has in the consensus, and whether it has to be made."""
    table = {entry["id"]: entry for entry in consensus.segments if entry["layer"] == layer}
    if finding["a"]:
        number = int(finding["a"]["id"])
        return number, number not in table
    for entry in table.values():
        if entry["structure"] == finding["structure"]:
            return int(entry["id"]), False
    return next(free for free in range(1, 256) if free not in table), True


def _patch(consensus: Annotation, wanted: NDArray[np.bool_], stack: Stack, layer: str, number: int) -> Operation | None:
    keys = slice_keys(stack)
    planes = planes_read(annotation=consensus, places=[((layer, key), stack) for key in keys])
    pieces, bodies = [], []
    for index, key in enumerate(keys):
        plane = planes[layer, key]
        after = np.where(plane == number, 0, plane).astype(np.uint8)
        after[wanted[index]] = number
        if not np.array_equal(after, plane):
            bodies.append(patch_encode(patch_between(plane, after)))
            pieces.append({"key": key, "length": len(bodies[-1])})
    if not pieces:
        return None
    return _operation("patch", stack=str(stack.pk), layer=layer, segment=number, tool="consensus", slices=pieces), bodies
