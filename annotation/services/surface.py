"""Surfaces of masks, made on the server: packed meshes, kept as blobs under the digest of what they were made from."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from annotation.geometry.surface import Mesh, quantise, surfaces_of
from annotation.models import Annotation, Revision, Structure, Surface
from annotation.services.planes import digests_of, planes_read
from annotation.services.revision import revision_mask
from annotation.services.slices import Plane, plane_digest, slice_keys
from config.errors import Conflict
from storage.dicom.geometry import Geometry
from storage.envelope import envelope_decode, envelope_encode
from storage.models import Stack
from storage.services.blob import blob_delete, blob_put, blob_read
from storage.services.stack import stack_geometry

FORMAT = "columna-surface-1"
MEDIA_TYPE = "application/vnd.columna.bundle"
_KEPT = 3
"""Surfaces of one draft, stack and layer that are kept: undo comes back to them."""


def surface_key(*, stack: Stack, layer: str, slices: Mapping[str, str]) -> str:
    """Return the SHA-256 of what a surface is made from. ``slices`` is slice key → digest of the raw slice, without empty ones."""
    listed = [f"{key} {slices[key]}" for key in slice_keys(stack) if key in slices]
    return hashlib.sha256("\n".join([FORMAT, stack.geometry_digest, layer, *listed]).encode()).hexdigest()


def revision_surface(*, revision: Revision, stack: Stack, layer: str) -> Surface | None:
    """Return the surface of a revision if it is made. Raises :class:`Conflict` (``not_a_volume``)."""
    _require_volume(stack)
    key = surface_key(stack=stack, layer=layer, slices=revision.content["layers"].get(layer, {}))
    return _find(revision.annotation, stack, layer, key)


def annotation_surface(*, annotation: Annotation, stack: Stack, layer: str) -> Surface | None:
    """Return the surface of an annotation as it stands now, if it is made. Raises :class:`Conflict` (``not_a_volume``)."""
    _require_volume(stack)
    key = surface_key(stack=stack, layer=layer, slices=digests_of(annotation=annotation).get(layer, {}))
    return _find(annotation, stack, layer, key)


def revision_surface_make(*, revision: Revision, stack: Stack, layer: str) -> Surface:
    """Make the surface of a revision, or return the one there is. Call it outside any transaction."""
    found = revision_surface(revision=revision, stack=stack, layer=layer)
    if found is None or not found.frozen:
        planes = list(revision_mask(revision=revision, stack=stack, layer=layer))
        found = _make(revision.annotation, stack, layer, planes, frozen=True)
    return found


def annotation_surface_make(*, annotation: Annotation, stack: Stack, layer: str) -> Surface:
    """Make the surface of an annotation as it is read now; older ones of a draft go. Call it outside any transaction."""
    _require_volume(stack)
    keys = slice_keys(stack)
    read = planes_read(annotation=annotation, places=[((layer, key), stack) for key in keys])
    return _make(annotation, stack, layer, [read[layer, key] for key in keys], frozen=False)


def surface_body(*, surface: Surface, segments: list[dict[str, Any]], schema_id: Any, seq: int) -> bytes:
    """Return the bundle to send: what is kept, with the name and the colour that each segment has now written into the header."""
    header, bodies = envelope_decode(blob_read(digest=surface.blob))
    entries = {entry["id"]: entry for entry in segments if entry["layer"] == surface.layer}
    known = {
        row.code: row for row in Structure.objects.filter(schema=schema_id, code__in={entry["structure"] for entry in entries.values()})
    }
    for mesh in header["meshes"]:
        entry = entries.get(mesh["segment"], {})
        structure = known.get(entry.get("structure", ""))
        mesh["structure"] = structure.code if structure else None
        mesh["name"] = structure.name if structure else None
        mesh["colour"] = entry.get("colour") or (structure.colour if structure else "#808080")
    return envelope_encode({**header, "seq": seq}, [bytes(bodies)])


def _require_volume(stack: Stack) -> Geometry:
    geometry = stack_geometry(stack=stack)
    if geometry is None:
        raise Conflict(f"This stack is not a volume: {stack.not_volume_reason or 'its slices lie on no grid'}.", code="not_a_volume")
    return geometry


def _find(annotation: Annotation, stack: Stack, layer: str, key: str) -> Surface | None:
    return Surface.objects.filter(annotation=annotation, stack=stack, layer=layer, key=key).first()


def _make(annotation: Annotation, stack: Stack, layer: str, planes: list[Plane], *, frozen: bool) -> Surface:
    geometry = _require_volume(stack)
    slices = {key: plane_digest(plane) for key, plane in zip(slice_keys(stack), planes, strict=True) if plane.any()}
    key = surface_key(stack=stack, layer=layer, slices=slices)
    meshes = surfaces_of(np.stack(planes), geometry.affine, geometry.spacing)
    blob = blob_put(data=surface_pack(stack=stack, layer=layer, key=key, meshes=meshes), media_type=MEDIA_TYPE)
    made, _ = Surface.objects.update_or_create(
        annotation=annotation, stack=stack, layer=layer, key=key, defaults={"blob": blob.digest, **({"frozen": True} if frozen else {})}
    )
    _forget_old(made)
    return made


def _forget_old(surface: Surface) -> None:
    drafts = Surface.objects.filter(annotation=surface.annotation_id, stack=surface.stack_id, layer=surface.layer, frozen=False)
    old = list(drafts.exclude(pk=surface.pk).order_by("-created_at")[_KEPT - 1 :])
    Surface.objects.filter(pk__in=[row.pk for row in old], frozen=False).delete()
    held = set(Surface.objects.filter(blob__in=[row.blob for row in old]).values_list("blob", flat=True))
    blob_delete(digests={row.blob for row in old} - held)


def surface_pack(*, stack: Stack, layer: str, key: str, meshes: Iterable[Mesh]) -> bytes:
    """Return the bundle that is kept (docs/reference/surfaces.md), without names and colours, which change."""
    listed, bodies = [], []
    for mesh in meshes:
        steps, offset, scale = quantise(mesh.points)
        positions = steps.astype("<u2").tobytes()
        body = gzip.compress(positions + b"\0" * (-len(positions) % 4) + mesh.triangles.astype("<u4").tobytes(), compresslevel=6, mtime=0)
        listed.append(
            {
                "segment": mesh.segment,
                "vertices": len(mesh.points),
                "triangles": len(mesh.triangles),
                "offset": [round(float(value), 4) for value in offset],
                "scale": [float(value) for value in scale],
                "volume": round(mesh.volume, 1),
                "length": len(body),
            }
        )
        bodies.append(body)
    return envelope_encode({"format": FORMAT, "stack": str(stack.pk), "layer": layer, "key": key, "meshes": listed}, bodies)
