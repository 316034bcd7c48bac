"""Making a stack ready to be shown: display frames, windows, preview, manifest."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from config.errors import Invalid
from jobs.services.event import event_emit
from storage.models import Blob, ImportBatch, Instance, Stack
from storage.object_store import store
from storage.services import manifest, preview
from storage.services.assembly import series_settled
from storage.services.blob import blob_put
from storage.services.import_batch import batch_finding
from storage.services.stack import SliceRef, StackFrame, stack_frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BATCH, _WRITERS = 32, 4
_SAMPLES = 200_000
"""Values looked at to choose a window, from the middle of every slice: fat under a surface coil would outshine the spine."""


@dataclass
class _Rendering:
    """What is kept while the frames go by: entries, writes under way, a sample of values, the first and the middle frame."""

    uids: dict[str, str]
    slices: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[tuple[SliceRef, dict[str, Any], tuple[int, ...], Future[str]]] = field(default_factory=list)
    sample: list[NDArray[Any]] = field(default_factory=list)
    first: StackFrame | None = None
    middle: StackFrame | None = None


def stack_render(*, stack: Stack, progress: Callable[[float, str], None] | None = None) -> bool:
    """Make the display frames of a stack and its manifest, mark it ready and say so (``stack.ready``).

    Frames stream one by one, each a blob of its own; the same stack gives the same bytes, so repeating it is harmless. Return
    False when the stack was ready already. Raises :class:`config.errors.Invalid` when a slice cannot be decoded.
    """
    if stack.ready_at is not None:
        return False
    content = _render(stack, progress or (lambda fraction, note: None))
    digest = blob_put(data=manifest.manifest_bytes(content), media_type=manifest.MEDIA_TYPE).digest
    return _mark_ready(stack, digest)


def _render(stack: Stack, progress: Callable[[float, str], None]) -> dict[str, Any]:
    from storage.dicom.htj2k import encode_frame

    state, objects = _Rendering(_sop_instance_uids(stack)), store()
    with ThreadPoolExecutor(max_workers=_WRITERS) as pool:  # the disk syncs while the next frames are encoded
        for frame in stack_frames(stack=stack):
            encoded = encode_frame(frame.pixels)
            facts = manifest.slice_facts(frame, is_in_grid=stack.geometry is not None)
            state.waiting.append((frame.ref, facts, encoded.levels, pool.submit(objects.put, encoded.data)))
            _remember(state, frame, stack.slice_count)
            if len(state.waiting) >= _BATCH:
                _write(state)
                progress(len(state.slices) / (stack.slice_count + 1), f"{len(state.slices)} of {stack.slice_count} frames")
        _write(state)
    return _content(stack, state)


def _sop_instance_uids(stack: Stack) -> dict[str, str]:
    found = Instance.objects.filter(series_id=stack.series_id).values_list("pk", "sop_instance_uid")
    return {str(pk): uid for pk, uid in found}


def _remember(state: _Rendering, frame: StackFrame, count: int) -> None:
    if state.first is None:
        state.first = frame
    if frame.ref.index == count // 2:
        state.middle = frame
    if frame.pixels.ndim == 2:
        rows, columns = frame.pixels.shape
        middle = frame.pixels[rows // 5 : rows - rows // 5, columns // 5 : columns - columns // 5].reshape(-1)
        step = max(1, middle.size * count // _SAMPLES)
        state.sample.append(middle[::step] * frame.slope + frame.intercept)


def _write(state: _Rendering) -> None:
    """Wait for the batch to be durable, then write its rows."""
    from storage.dicom.htj2k import MEDIA_TYPE

    rows = []
    for ref, facts, levels, put in state.waiting:
        entry = manifest.FrameEntry(put.result(), levels[-1], levels)
        rows.append(Blob(digest=entry.digest, size=entry.length, media_type=MEDIA_TYPE))
        uid = state.uids[ref.instance_id]
        state.slices.append(manifest.slice_entry(ref, facts, sop_instance_uid=uid, frame=entry))
    Blob.objects.bulk_create(rows, ignore_conflicts=True)
    state.waiting = []


def _content(stack: Stack, state: _Rendering) -> dict[str, Any]:
    import numpy as np

    from storage.dicom.display import presets, windows_of

    first, middle = state.first, state.middle
    if first is None or middle is None:
        raise Invalid("The stack has no slices.", code="empty_stack")
    sample = np.concatenate(state.sample) if state.sample else None
    colour = first.pixels.ndim == 3
    windows = [] if colour else presets(stack.series.modality, windows_of(middle.dataset, middle.ref.frame), sample)
    spacing = manifest.pixel_spacing(middle)
    values = middle.pixels if colour else middle.pixels * middle.slope + middle.intercept
    picture = preview.preview_encode(
        values,
        windows[0] if windows else presets("", [], None)[0],
        inverted=middle.format.photometric == "MONOCHROME1",
        spacing=spacing[0] if spacing else None,
    )
    return manifest.manifest_content(
        stack,
        first,
        slices=state.slices,
        windows=[window.to_json() for window in windows],
        preview=blob_put(data=picture, media_type=preview.MEDIA_TYPE).digest,
    )


def _mark_ready(stack: Stack, digest: str) -> bool:
    payload = {
        "stack": str(stack.pk),
        "series": str(stack.series_id),
        "study": str(stack.series.study_id),
        "project": str(stack.project_id),
    }
    with transaction.atomic():
        changed = Stack.objects.filter(pk=stack.pk, ready_at=None).update(manifest_digest=digest, ready_at=timezone.now())
        if changed:
            event_emit(kind="stack.ready", payload=payload)
    stack.refresh_from_db(fields=["manifest_digest", "ready_at"])
    return bool(changed)


def stack_unreadable(*, stack: Stack) -> None:
    """Say on the intake page that an image cannot be shown (``frames_failed``), once per stack; the rest of its study goes on without it."""
    batch = ImportBatch.objects.filter(instances__series=stack.series_id).order_by("-created_at").first()
    named = Stack.objects.filter(pk=stack.pk).exclude(flags__has_key="frames_failed").update(flags={**stack.flags, "frames_failed": True})
    if batch is not None and named:
        batch_finding(batch=batch, code="frames_failed")
    series_settled(series=stack.series)
