"""Writing images and labels as files, once each: the second version that holds a stack reuses its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np

from annotation.models import Revision
from annotation.services.revision import revision_values
from datasets.formats.nifti import EXPORTER, MEDIA_TYPE, nifti_bytes
from datasets.models import ExportedFile
from storage.models import Stack
from storage.object_store import store
from storage.services.blob import blob_put
from storage.services.manifest import pixel_spacing
from storage.services.stack import stack_frames, stack_geometry, stack_volume


def image_render(*, stack: Stack) -> ExportedFile:
    """Return the stack's voxels as NIfTI: rescaled values, int16 when they are whole, else float32."""

    def make() -> bytes:
        volume, geometry = stack_volume(stack=stack)
        return nifti_bytes(volume, geometry, _spacing(stack))

    return _once(_key("image", stack), stack, make)


def labels_render(*, revision: Revision, stack: Stack) -> dict[str, ExportedFile]:
    """Return {"": all layers as one volume of canonical values} and, where layers overlap, one file per layer beside it.

    uint8 [slice, row, column] on the image's grid. Where two layers mark one voxel the file of all layers keeps the earlier
    one in the schema's order, so each layer then has a file of its own and nothing is lost.
    """
    names = list(revision.annotation.case.protocol.schema.layers)
    held = {layer: _known(_key("label", stack, revision, layer)) for layer in names}
    together = _known(_key("label", stack, revision))
    if together is not None:
        return {"": together, **{layer: file for layer, file in held.items() if file is not None}}
    volumes = {layer: revision_values(revision=revision, stack=stack, layers=[layer]) for layer in names}
    marked = {layer: values for layer, values in volumes.items() if values.any()}
    geometry, spacing = stack_geometry(stack=stack), _spacing(stack)
    files: dict[str, ExportedFile] = {}
    if sum(values.astype(bool).astype(np.uint8) for values in marked.values()).max(initial=0) > 1:  # type: ignore[union-attr]
        for layer, values in marked.items():
            data = nifti_bytes(values, geometry, spacing)
            files[layer] = _once(_key("label", stack, revision, layer), stack, lambda data=data: data)  # type: ignore[misc]
    flat = revision_values(revision=revision, stack=stack)
    return {"": _once(_key("label", stack, revision), stack, lambda: nifti_bytes(flat, geometry, spacing)), **files}


def _spacing(stack: Stack) -> tuple[float, float] | None:
    """Return the pixel spacing of what is not a volume, in mm; None for volumes and for images that are not calibrated."""
    if stack.geometry:
        return None
    found = pixel_spacing(next(stack_frames(stack=stack)))
    return found[0] if found else None


def _key(role: str, stack: Stack, revision: Revision | None = None, layer: str = "") -> str:
    parts = [EXPORTER, role, stack.slices_digest, stack.geometry_digest, revision.digest if revision else "", layer]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _known(key: str) -> ExportedFile | None:
    found = ExportedFile.objects.filter(key=key).first()
    return found if found and store().exists(found.digest) else None


def _once(key: str, stack: Stack, make: Callable[[], bytes]) -> ExportedFile:
    known = _known(key)
    if known is not None:
        return known
    blob = blob_put(data=make(), media_type=MEDIA_TYPE)
    return ExportedFile.objects.update_or_create(key=key, defaults={"stack": stack, "digest": blob.digest, "size": blob.size})[0]
