"""From the instances of a series to its stacks. Assembling again changes nothing unless instances came; then it is a new revision."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from jobs.services.event import event_emit
from storage.dicom.grouping import Member, StackSpec, stacks_of
from storage.models import ImportBatch, Instance, Series, Stack
from storage.services.import_batch import batch_finding

if TYPE_CHECKING:
    from collections.abc import Sequence


def series_assemble(*, series: Series, first_look: bool = False) -> list[Stack]:
    """Return the stacks that are new with this assembly; they have no frames yet.

    Stacks whose slices are the same as before stay the rows they are. When instances arrived while grouping was under way, the
    series still waits for assembly afterwards; when another assembly came first, nothing is changed and the result is empty. After a
    ``first_look`` it waits as well, and nothing is said of its geometry: slices between those that have come may be on their way.
    """
    series.refresh_from_db()
    received, revision = series.received, series.revision
    rows = list(Instance.objects.filter(series=series).values("pk", "blob_id", "sop_class_uid", "layout"))
    specs, found = stacks_of([Member(str(row["pk"]), row["blob_id"], row["sop_class_uid"], row["layout"]) for row in rows])
    digests = [slices_digest(spec) for spec in specs]
    with transaction.atomic():
        current = set(Stack.objects.filter(series=series, is_current=True).values_list("slices_digest", flat=True))
        changed = set(digests) != current
        seen = received - 1 if first_look else received
        taken = Series.objects.filter(pk=series.pk, revision=revision, assembled__lt=received).update(
            assembled=seen, assembled_at=timezone.now(), revision=F("revision") + (1 if changed else 0)
        )
        new = _replace_stacks(series, specs, digests, revision + 1) if taken and changed else []
        if taken and not first_look and not new:
            series_settled(series=series)  # no stack will say so by becoming ready
    if not taken or first_look:
        return new
    batch = ImportBatch.objects.filter(instances__series=series).order_by("-created_at").first()
    if batch is not None:
        for code in sorted(found):
            batch_finding(batch=batch, code=code)
    series.refresh_from_db()
    return new


def series_settled(*, series: Series) -> None:
    """Say that nothing more of a series is to be expected now, though no stack of it becomes ready (``series.settled``)."""
    event_emit(kind="series.settled", payload={"series": str(series.pk), "study": str(series.study_id), "project": str(series.project_id)})


def _replace_stacks(series: Series, specs: Sequence[StackSpec], digests: Sequence[str], revision: int) -> list[Stack]:
    known = {stack.slices_digest: stack for stack in Stack.objects.filter(series=series, slices_digest__in=digests).defer("slices")}
    Stack.objects.filter(series=series, is_current=True).exclude(slices_digest__in=digests).update(is_current=False)
    new = []
    for ordinal, (spec, digest) in enumerate(zip(specs, digests, strict=True)):
        if digest in known:
            Stack.objects.filter(pk=known[digest].pk).update(is_current=True, ordinal=ordinal)
        else:
            new.append(
                Stack.objects.create(
                    series=series, project_id=series.project_id, ordinal=ordinal, slices_digest=digest, revision=revision, **_fields(spec)
                )
            )
    return new


def _fields(spec: StackSpec) -> dict[str, Any]:
    return {
        "kind": spec.kind,
        "plane": spec.plane,
        "rows": spec.rows,
        "columns": spec.columns,
        "slice_count": len(spec.frames),
        "slices": spec.slices,
        "geometry": spec.geometry.to_json() if spec.geometry else None,
        "geometry_digest": spec.geometry.digest if spec.geometry else "",
        "not_volume_reason": spec.reason,
        "flags": {**spec.flags, **({"code": spec.code} if spec.code else {})},
    }


def slices_digest(spec: StackSpec) -> str:
    """SHA-256 over the slice keys in order, and the kind: what makes two assemblies the same stack."""
    text = "\n".join([spec.kind, *(f"{frame.member.digest}:{frame.number}" for frame in spec.frames)])
    return hashlib.sha256(text.encode()).hexdigest()
