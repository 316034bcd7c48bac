"""A batch of operations as it comes over the wire: understood and checked in itself, before anything is looked up."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import rfc8785

from annotation.geometry.reading import FIELDS, REDUCERS
from config.errors import Invalid
from storage.envelope import envelope_decode, envelope_split

MAX_OPERATIONS = 1000
MAX_SLICES = 20_000
_FIELDS = ("id", "kind", "undoes", "tool", "at")
_PATCH_FIELDS = ("stack", "layer", "segment", "slices")
_NOT_MEANING = ("tool", "at", "id")
"""Fields that say how, not what: two operations that differ only here mean the same."""


@dataclass(frozen=True, slots=True)
class SlicePatch:
    """The patch of one slice, not decoded yet."""

    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """One operation. ``header`` is as it was sent; ``digest`` is over what it means, so that a repeat can be told from a reuse."""

    op_id: UUID
    kind: str
    header: dict[str, Any]
    undoes: UUID | None
    slices: list[SlicePatch]
    digest: str

    @property
    def body(self) -> bytes:
        return b"".join(patch.body for patch in self.slices)


@dataclass(frozen=True, slots=True)
class Batch:
    """Operations in order, the sequence number they stand on, and the lease they are written under."""

    operations: list[Incoming]
    base_seq: int
    assignment: UUID
    epoch: int


def batch_decode(data: bytes) -> Batch:
    """Return the batch in a bundle. Raises :class:`Invalid` ``bad_envelope`` or ``bad_operation`` with the reason."""
    header, rest = envelope_decode(data)
    sent = header.get("ops")
    if not isinstance(sent, list) or not sent or not all(isinstance(entry, dict) for entry in sent):
        raise _bad("'ops' is a list of at least one operation.")
    if len(sent) > MAX_OPERATIONS:
        raise _bad(f"A batch has at most {MAX_OPERATIONS} operations; {len(sent)} were sent.")
    places = [_places(entry) for entry in sent]
    if sum(len(found) for found in places) > MAX_SLICES:
        raise _bad(f"A batch touches at most {MAX_SLICES} slices.")
    bodies = iter(envelope_split(rest, [length for found in places for _, length in found]))
    operations = [_incoming(entry, [SlicePatch(key, next(bodies)) for key, _ in found]) for entry, found in zip(sent, places, strict=True)]
    if len({operation.op_id for operation in operations}) != len(operations):
        raise _bad("Two operations of the batch have the same id.")
    return Batch(
        operations,
        _number(header.get("base_seq"), "base_seq"),
        _uuid(header.get("assignment"), "assignment"),
        _number(header.get("epoch"), "epoch"),
    )


def _bad(message: str) -> Invalid:
    return Invalid(message, code="bad_operation")


def _places(entry: dict[str, Any]) -> list[tuple[str, int]]:
    slices = entry.get("slices") or []
    if entry.get("kind") != "patch":
        if slices:
            raise _bad("Only a patch has slices.")
        return []
    if not isinstance(slices, list):
        raise _bad("'slices' is a list of {key, length}.")
    found = []
    for piece in slices:
        key, length = (piece.get("key"), piece.get("length")) if isinstance(piece, dict) else (None, None)
        if not isinstance(key, str) or not isinstance(length, int) or isinstance(length, bool) or length < 0:
            raise _bad("'slices' is a list of {key, length}.")
        found.append((key, length))
    if len({key for key, _ in found}) != len(found):
        raise _bad("An operation names a slice twice.")
    return found


def _incoming(entry: dict[str, Any], slices: list[SlicePatch]) -> Incoming:
    kind = entry.get("kind")
    if kind != "patch" and kind not in REDUCERS:
        raise _bad(f"{kind!r} is not a kind of operation; the kinds are patch, {', '.join(REDUCERS)}.")
    if kind == "patch":
        _uuid(entry.get("stack"), "stack")
        if not isinstance(entry.get("layer"), str):
            raise _bad("A patch names its layer.")
    undoes = entry.get("undoes")
    kept = (*_FIELDS, *(_PATCH_FIELDS if kind == "patch" else FIELDS[str(kind)]))
    header = {name: entry[name] for name in kept if name in entry}
    return Incoming(
        _uuid(entry.get("id"), "id"),
        str(kind),
        header,
        _uuid(undoes, "undoes") if undoes is not None else None,
        slices,
        _digest(header, b"".join(patch.body for patch in slices)),
    )


def _digest(header: dict[str, Any], body: bytes) -> str:
    if any(len(str(header.get(name, ""))) > 40 for name in ("tool", "at")):
        raise _bad("'tool' and 'at' are short.")
    meaning = {name: value for name, value in header.items() if name not in _NOT_MEANING}
    try:
        text = rfc8785.dumps(meaning)
    except ValueError:
        raise _bad("An operation holds a number or a text that JSON cannot carry safely.") from None
    if b"\\u0000" in text:
        raise _bad("An operation holds a text with a null character.")
    return hashlib.sha256(text + b"\0" + body).hexdigest()


def _uuid(value: Any, name: str) -> UUID:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise _bad(f"'{name}' is not a UUID.") from None


def _number(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise _bad(f"'{name}' is not a whole number.")
    return value
