"""Holding the slices that a browser shows against those that are stored, and healing what was damaged where it lies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from annotation.models import Annotation, Chunk
from annotation.services.planes import Place
from annotation.services.revision import revision_plane
from annotation.services.slices import DamagedChunk, plane_counts, plane_digest, plane_pack, plane_unpack
from config.errors import Conflict, Invalid
from storage.models import Stack


@dataclass(frozen=True)
class Difference:
    """A slice that is not what the browser shows. ``digest`` is what the log says it holds; ``is_damaged`` when its bytes say otherwise."""

    stack: str
    layer: str
    key: str
    digest: str
    is_damaged: bool


def slices_check(*, annotation: Annotation, shown: Iterable[tuple[Stack, Place, str]]) -> list[Difference]:
    """Return those of the ``shown`` slices (stack, place, SHA-256 of the raw slice) that are stored otherwise.

    Every slice is unpacked and counted anew, so that a byte that went bad on the disk is found, not only a digest that differs.
    """
    asked = list(shown)
    rows = Chunk.objects.filter(annotation=annotation, slice_key__in={key for _, (_, key), _ in asked})
    own = {(row.layer, row.slice_key): row for row in rows}
    differences = []
    for stack, place, digest in asked:
        held, is_damaged = _held(annotation, own.get(place), place, stack)
        if is_damaged or held != digest:
            differences.append(Difference(str(stack.pk), *place, held, is_damaged))
    return differences


def _held(annotation: Annotation, chunk: Chunk | None, place: Place, stack: Stack) -> tuple[str, bool]:
    """Return the digest that the slice should have, and whether its bytes are damaged."""
    if chunk is not None:
        try:
            plane_unpack(bytes(chunk.data), stack.rows, stack.columns, chunk.digest)
        except DamagedChunk:
            return chunk.digest, True
        return chunk.digest, False
    derived = annotation.derived_from
    plane = revision_plane(derived, *place, stack.rows, stack.columns) if derived else None
    return plane_digest(plane if plane is not None else np.zeros((stack.rows, stack.columns), dtype=np.uint8)), False


def slice_heal(*, annotation: Annotation, stack: Stack, place: Place, raw: bytes) -> None:
    """Put the whole slice (uint8 segment ids, row-major) where its stored bytes are damaged.

    The log is not touched: only bytes with the very digest that the log came to are taken, so this can never change what was
    drawn. Raises :class:`Conflict` ``another_slice`` for any other bytes, :class:`Invalid` for another size.
    """
    if len(raw) != stack.rows * stack.columns:
        raise Invalid(
            "The slice has another size than its stack.", code="mask_geometry", state={"rows": stack.rows, "columns": stack.columns}
        )
    digest = hashlib.sha256(raw).hexdigest()
    layer, key = place
    plane = np.frombuffer(raw, dtype=np.uint8).reshape(stack.rows, stack.columns)
    healed = Chunk.objects.filter(annotation=annotation, layer=layer, slice_key=key, digest=digest).update(
        data=plane_pack(plane), counts=plane_counts(plane)
    )
    if not healed:
        raise Conflict("The log came to another slice than this one. Load the slice, then draw again.", code="another_slice")
