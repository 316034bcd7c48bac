"""Masks that come with public data become an annotation whose author is the import."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotation.geometry.instances import bodies_and_discs, level_codes
from annotation.geometry.reading import Reading
from annotation.models import Annotation, Case, Revision
from annotation.models.annotation import AuthorKind
from annotation.services.case import case_open
from annotation.services.proposal import check_chunk_ids, revision_add, segments_checked
from annotation.services.revision import content_of, masks_freeze, revision_mask
from config.errors import Conflict, Invalid
from jobs.services.event import event_emit
from storage.dicom.geometry import Geometry
from storage.models import Stack
from storage.services.blob import blob_read

SINGLE = {"canal": "CANAL", "cord": "CORD", "sacrum": "SAC", "thecal": "THECAL", "implant": "IMP"}
"""Categories that one structure stands for."""
Segments = list[dict[str, Any]]
Masks = dict[str, NDArray[np.uint8]]


def mask_import(*, stack: Stack, blob_digest: str, values: dict[str, str], instances: bool) -> list[Revision]:
    """Return the import revision of each of the study's cases with this stack's mask in it. Safe to repeat.

    The blob is an integer array [slice, row, column] on the stack's grid (.npy, or NIfTI stored as [column, row, slice]).
    ``values`` maps its integers to structure codes or categories; with ``instances``, vertebrae and discs are split and
    numbered upward from the lowest, which is taken for L5. An integer that ``values`` does not map raises
    ``unknown_value``; a mask of another shape ``mask_shape``. Reads blobs: call it outside any transaction.
    """
    array = mask_read(blob_read(digest=blob_digest))
    shape = (stack.slice_count, stack.rows, stack.columns)
    if array.shape != shape:
        raise Invalid(f"The mask is {array.shape}; the stack is {shape}.", code="mask_shape")
    return [_import(case, stack, *segments_of(case, stack, array, values, instances)) for case in case_open(stack=stack)]


def mask_read(data: bytes) -> NDArray[np.int64]:
    """Return the integers of a .npy, .nii or .nii.gz file as [slice, row, column]. Raises :class:`Invalid` (``bad_mask``)."""
    if data[:6] == b"\x93NUMPY":
        array = np.load(io.BytesIO(data), allow_pickle=False)
    else:
        import nibabel
        from nibabel.spatialimages import HeaderDataError
        from nibabel.wrapstruct import WrapStructError

        try:
            plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
            array = np.asarray(nibabel.Nifti1Image.from_bytes(plain).dataobj).T
        except (OSError, EOFError, ValueError, zlib.error, HeaderDataError, WrapStructError, nibabel.filebasedimages.ImageFileError):
            raise Invalid("The mask is neither .npy nor NIfTI.", code="bad_mask") from None
    if array.ndim != 3 or not np.array_equal(array, np.rint(array)):
        raise Invalid("A mask is a volume of whole numbers.", code="bad_mask")
    return array.astype(np.int64)


def segments_of(case: Case, stack: Stack, array: NDArray[np.int64], values: dict[str, str], instances: bool) -> tuple[Segments, Masks]:
    """Return the segment table and the masks of segment ids per layer that an integer mask means."""
    schema = case.protocol.schema
    known = {code: (layer, value) for code, layer, value in schema.structures.values_list("code", "layer", "value")}
    present = [int(value) for value in np.unique(array) if value]
    unmapped = [value for value in present if str(value) not in values]
    if unmapped:
        raise Conflict("The mask holds values that nothing says the meaning of.", code="unknown_value", state={"values": unmapped})
    regions: dict[str, NDArray[np.bool_]] = {}
    for value in present:
        code = SINGLE.get(values[str(value)], values[str(value)])
        regions[code] = regions.get(code, np.zeros(array.shape, dtype=bool)) | (array == value)
    if instances:
        regions |= _instances(stack, regions.pop("vertebra", None), regions.pop("disc", None), array.shape)
    unknown = sorted(set(regions) - set(known))
    if unknown:
        state = {"values": unknown, "structures": sorted(known)}
        raise Conflict(f"{', '.join(unknown)}: no structure of {schema}.", code="unknown_value", state=state)
    masks: Masks = {}
    segments: Segments = []
    for code in sorted(regions, key=lambda code: known[code][1]):
        layer = known[code][0]
        number = 1 + sum(entry["layer"] == layer for entry in segments)
        segments.append({"id": number, "layer": layer, "structure": code, "status": "edited"})
        mask = masks.setdefault(layer, np.zeros(array.shape, dtype=np.uint8))
        mask[regions[code]] = number
    return segments, masks


def _instances(
    stack: Stack, vertebrae: NDArray[np.bool_] | None, discs: NDArray[np.bool_] | None, shape: tuple[int, ...]
) -> dict[str, NDArray[np.bool_]]:
    nothing = np.zeros(shape, dtype=bool)
    affine = Geometry.from_json(stack.geometry).affine if stack.geometry else np.diag([1.0, -1.0, 1.0, 1.0])[[2, 0, 1, 3]]
    bodies, between = bodies_and_discs(nothing if vertebrae is None else vertebrae, nothing if discs is None else discs, affine)
    found: dict[str, NDArray[np.bool_]] = {}
    try:
        levels = list(level_codes(max(int(bodies.max(initial=0)), int(between.max(initial=0)))))
    except ValueError as error:
        raise Invalid(str(error), code="too_many_levels") from None
    for number, code in levels:
        for prefix, labels in (("", bodies), ("IVD_", between)):
            region = labels == number
            if region.any():
                found[prefix + code] = region
    return found


def _import(case: Case, stack: Stack, segments: Segments, masks: Masks) -> Revision:
    annotation, _ = Annotation.objects.get_or_create(
        case=case, author_kind=AuthorKind.IMPORT, defaults={"project_id": case.project_id, "state": Annotation.State.SUBMITTED}
    )
    last = annotation.revisions.order_by("-number").first()
    stacks, all_masks = {str(stack.pk): stack}, {str(stack.pk): masks}
    if last is not None:
        segments, all_masks = _joined(last, stack, segments, masks)
        stacks = {str(found.pk): found for found in Stack.objects.filter(pk__in=all_masks)}
    table = segments_checked(case=case, segments=segments)
    layers, chunks = masks_freeze(all_masks, stacks)
    check_chunk_ids(table, layers, chunks)
    content = content_of(annotation=annotation, reading=Reading(table), layers=layers, stacks=stacks.values())
    with transaction.atomic():
        revision = revision_add(annotation=annotation, kind=Revision.Kind.IMPORT, content=content, chunks=chunks)
        Annotation.objects.filter(pk=annotation.pk).update(segments=table)
        if last is None or revision.pk != last.pk:
            payload = {"annotation": annotation, "revision": revision, "case": case, "project": case.project}
            event_emit(
                kind="annotation.submitted",
                payload={**{name: str(row.pk) for name, row in payload.items()}, "author_kind": AuthorKind.IMPORT.value},
            )
    return revision


def _joined(last: Revision, stack: Stack, segments: Segments, masks: Masks) -> tuple[Segments, dict[str, Masks]]:
    """Return the table and masks of the last import with this stack's mask put in; a structure keeps the id it has there."""
    table = {(entry["layer"], entry["structure"]): entry for entry in last.content["segments"]}
    renumbered: Masks = {}
    for layer, mask in masks.items():
        ids = np.zeros(256, dtype=np.uint8)
        for entry in (entry for entry in segments if entry["layer"] == layer):
            taken = {held["id"] for (held_layer, _), held in table.items() if held_layer == layer}
            free = next(number for number in range(1, 256) if number not in taken)
            ids[entry["id"]] = table.setdefault((layer, entry["structure"]), {**entry, "id": free})["id"]
        renumbered[layer] = ids[mask]
    others = Stack.objects.filter(pk__in=[entry["stack"] for entry in last.content["stacks"]]).exclude(pk=stack.pk)
    joined = {
        str(other.pk): {layer: revision_mask(revision=last, stack=other, layer=layer) for layer in last.content["layers"]}
        for other in others
    }
    return list(table.values()), {**joined, str(stack.pk): renumbered}
