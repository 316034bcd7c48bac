"""Freezing an annotation, and reading what was frozen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import numpy as np
import rfc8785
from numpy.typing import NDArray

from annotation.geometry.reading import Reading
from annotation.models import Annotation, Revision, Structure
from annotation.services.slices import MEDIA_TYPE, Plane, plane_counts, plane_digest, plane_pack, plane_unpack, slice_keys
from config.errors import Invalid
from storage.models import Stack
from storage.services.blob import blob_put_many, blob_read

FORMAT = "columna-annotation-1"


def reading_of(annotation: Annotation) -> Reading:
    return Reading(annotation.segments, annotation.ladder, annotation.measurements, annotation.grades)


def content_of(
    *, annotation: Annotation, reading: Reading, layers: Mapping[str, Mapping[str, str]], stacks: Iterable[Stack]
) -> dict[str, Any]:
    """Return what a revision says. ``layers`` maps layer → slice key → digest of the raw slice; empty slices are left out."""
    schema = annotation.case.protocol.schema
    return {
        "format": FORMAT,
        "schema": {"name": schema.name, "version": schema.version, "digest": schema.digest},
        "author_kind": annotation.author_kind,
        "derived_from": annotation.derived_from.digest if annotation.derived_from else None,
        "stacks": [
            {
                "stack": str(stack.pk),
                "rows": stack.rows,
                "columns": stack.columns,
                "geometry": stack.geometry_digest,
                "slices": stack.slices_digest,
            }
            for stack in sorted(stacks, key=lambda stack: str(stack.pk))
        ],
        "segments": reading.segments,
        "ladder": reading.ladder,
        "measurements": reading.measurements,
        "grades": reading.grades,
        "layers": {layer: dict(sorted(slices.items())) for layer, slices in sorted(layers.items()) if slices},
    }


def content_digest(content: dict[str, Any]) -> str:
    """Return the SHA-256 of the content's canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def chunks_put(packed: Mapping[str, bytes]) -> dict[str, str]:
    """Store packed slices, {raw digest: gzip}, as blobs; return {raw digest: blob digest}. Call it outside any transaction."""
    return dict(zip(packed, blob_put_many(parts=packed.values(), media_type=MEDIA_TYPE), strict=True))


def masks_freeze(
    masks: Mapping[str, Mapping[str, NDArray[np.uint8]]], stacks: Mapping[str, Stack]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Store whole masks, {stack id: {layer: uint8 [slice, row, column] of segment ids}}; return a revision's layers and chunks.

    A mask whose shape is not its stack's raises :class:`Invalid` (``mask_shape``). Call it outside any transaction.
    """
    layers: dict[str, dict[str, str]] = {}
    packed: dict[str, bytes] = {}
    counts: dict[str, dict[str, int]] = {}
    for stack_id, by_layer in masks.items():
        stack = stacks[stack_id]
        keys = slice_keys(stack)
        for layer, mask in by_layer.items():
            if mask.shape != (len(keys), stack.rows, stack.columns) or mask.dtype != np.uint8:
                message = f"The mask is {mask.dtype} {mask.shape}; the stack is uint8 {(len(keys), stack.rows, stack.columns)}."
                raise Invalid(message, code="mask_shape")
            for key, plane in zip(keys, mask, strict=True):
                if plane.any():
                    digest = plane_digest(plane)
                    layers.setdefault(layer, {})[key] = digest
                    if digest not in packed:
                        packed[digest], counts[digest] = plane_pack(plane), plane_counts(plane)
    blobs = chunks_put(packed)
    return layers, {digest: {"blob": blobs[digest], "counts": counts[digest]} for digest in packed}


def revision_plane(revision: Revision, layer: str, key: str, rows: int, columns: int) -> Plane | None:
    """Return one slice [row, column] of segment ids, or None when the revision has nothing there."""
    digest = revision.content["layers"].get(layer, {}).get(key)
    if digest is None:
        return None
    return plane_unpack(blob_read(digest=revision.chunks[digest]["blob"]), rows, columns, digest)


def revision_mask(*, revision: Revision, stack: Stack, layer: str) -> NDArray[np.uint8]:
    """Return the mask of one layer on a stack: uint8 segment ids [slice, row, column], 0 where nothing is marked."""
    keys = slice_keys(stack)
    mask = np.zeros((len(keys), stack.rows, stack.columns), dtype=np.uint8)
    for index, key in enumerate(keys):
        plane = revision_plane(revision, layer, key, stack.rows, stack.columns)
        if plane is not None:
            mask[index] = plane
    return mask


def revision_values(*, revision: Revision, stack: Stack, layers: Iterable[str] | None = None) -> NDArray[np.uint8]:
    """Return canonical spine-core integers [slice, row, column] uint8, as exports write them.

    ``layers`` names the layers to write and their order (default: all, in the schema's order). Where two layers mark one
    voxel the earlier one stands: one integer volume cannot hold both, so ask for one layer where overlaps matter.
    """
    schema = revision.annotation.case.protocol.schema
    values = np.zeros((len(stack.slices), stack.rows, stack.columns), dtype=np.uint8)
    for layer in layers if layers is not None else schema.layers:
        if layer in revision.content["layers"]:
            canonical = value_table(revision.content["segments"], layer, schema.pk)[
                revision_mask(revision=revision, stack=stack, layer=layer)
            ]
            values = np.where(values == 0, canonical, values)
    return values


def value_table(segments: list[dict[str, Any]], layer: str, schema_id: UUID) -> NDArray[np.uint8]:
    """Return 256 uint8: segment id of a layer → canonical value. Ids without a segment become 0."""
    codes = {entry["id"]: entry["structure"] for entry in segments if entry["layer"] == layer}
    known = dict(Structure.objects.filter(schema=schema_id, code__in=set(codes.values())).values_list("code", "value"))
    table = np.zeros(256, dtype=np.uint8)
    for number, code in codes.items():
        table[number] = known[code]
    return table
