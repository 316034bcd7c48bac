"""The slices of an annotation as they stand: its own chunk, else what it derives from, else nothing."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from django.db import models

from annotation.models import Annotation, Chunk
from annotation.services.revision import revision_plane
from annotation.services.slices import Plane, plane_unpack, total_counts
from storage.models import Stack

Place = tuple[str, str]
"""A layer and a slice key."""


def planes_read(*, annotation: Annotation, places: Iterable[tuple[Place, Stack]]) -> dict[Place, Plane]:
    """Return the wanted slices [row, column] of uint8 segment ids. Reads rows and blobs: call it outside any transaction."""
    wanted = dict(places)
    planes: dict[Place, Plane] = {}
    for chunk in Chunk.objects.filter(annotation=annotation, slice_key__in={key for _, key in wanted}):
        place = (chunk.layer, chunk.slice_key)
        if place in wanted:
            planes[place] = plane_unpack(bytes(chunk.data), wanted[place].rows, wanted[place].columns, chunk.digest)
    for place, stack in wanted.items():
        if place not in planes:
            derived = annotation.derived_from
            plane = revision_plane(derived, *place, stack.rows, stack.columns) if derived else None
            planes[place] = plane if plane is not None else np.zeros((stack.rows, stack.columns), dtype=np.uint8)
    return planes


def digests_of(*, annotation: Annotation) -> dict[str, dict[str, str]]:
    """Return layer → slice key → digest of the raw slice for every slice with anything in it, now."""
    layers: dict[str, dict[str, str]] = {}
    if annotation.derived_from:
        layers = {layer: dict(slices) for layer, slices in annotation.derived_from.content["layers"].items()}
    for layer, key, digest, counts in annotation.chunks.values_list("layer", "slice_key", "digest", "counts"):
        if counts:
            layers.setdefault(layer, {})[key] = digest
        else:
            layers.get(layer, {}).pop(key, None)
    return layers


def voxels_of(*, annotation: Annotation, layer: str, without: Iterable[Place] = ()) -> dict[int, int]:
    """Return segment id → voxels in a layer, over all slices but those in ``without``."""
    skip = set(without)
    own = annotation.chunks.filter(layer=layer).values_list("slice_key", "counts")
    held = dict(own)
    parts = [counts for key, counts in held.items() if (layer, key) not in skip]
    derived = annotation.derived_from
    if derived:
        inherited = derived.content["layers"].get(layer, {})
        parts += [derived.chunks[digest]["counts"] for key, digest in inherited.items() if key not in held and (layer, key) not in skip]
    return total_counts(parts)


def packed_of(*, annotation: Annotation) -> models.QuerySet[Chunk]:
    """Return the chunks that hold something."""
    return annotation.chunks.exclude(counts={})
