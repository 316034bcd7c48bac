"""Taking volumes and pictures in: each becomes DICOM instances that pass the one door; its mask becomes an event for the annotators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from jobs.models import Event
from jobs.services.event import event_emit
from storage.dicom.reasons import REASONS
from storage.models import ImportBatch, ImportFinding, Series, Source, Stack
from storage.services.assembly import series_assemble
from storage.services.blob import blob_put
from storage.services.import_batch import batch_finding
from storage.services.intake import instance_prepare
from storage.services.intake_commit import instances_commit
from storage.services.prepared import Outcome
from storage.services.volume_mapping import VolumeFile, VolumeItem, VolumeMapping, mapping_match
from storage.services.volume_reading import ReadVolume, volume_read

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MASK_MEDIA_TYPE = "application/x-npy"
_AT_ONCE = 32


@dataclass
class Imported:
    """What an import did. The current stacks of ``series`` are there; those that are not ready wait for their display frames."""

    volumes: int = 0
    masks: int = 0
    faults: int = 0
    series: list[str] = field(default_factory=list)

    @property
    def waiting(self) -> list[Stack]:
        return list(Stack.objects.current().filter(series__in=[UUID(key) for key in self.series], ready_at=None).select_related("project"))


def volumes_import(
    *,
    source: Source,
    batch: ImportBatch,
    mapping: VolumeMapping,
    files: Iterable[VolumeFile],
    progress: Callable[[float, str], None] | None = None,
) -> Imported:
    """Take every image of the folder in, one in memory at a time, and return what was done. Doing it again changes nothing.

    What is wrong with an item becomes a finding of the batch, by the item's ordinal; the rest still goes in. The caller has the
    display frames of ``Imported.waiting`` made and closes the batch.
    """
    items, strangers = mapping_match(mapping, files)
    done = Imported()
    if strangers:
        batch_finding(batch=batch, code="unmatched_file", count=len(strangers))
    if not items:
        batch_finding(batch=batch, code="nothing_matched")
    for item in items:
        _import_one(source, batch, mapping, item, done)
        if progress:
            progress(item.ordinal / len(items), f"{item.ordinal} of {len(items)} images")
    return done


def _import_one(source: Source, batch: ImportBatch, mapping: VolumeMapping, item: VolumeItem, done: Imported) -> None:
    from storage.dicom.nifti import VolumeError

    try:
        read = volume_read(item, mapping)
    except VolumeError as error:
        _refuse(batch, error.code, error.message, item.ordinal)
        done.faults += 1
        return
    for note in read.notes:
        batch_finding(batch=batch, code=note, where=item.ordinal)
    outcomes = _intake(source, batch, read, item.ordinal)
    done.volumes += any(outcome.is_safe for outcome in outcomes)
    series_id = next((outcome.series_id for outcome in outcomes if outcome.series_id), None)
    if series_id is not None:
        _assemble(series_id)
        done.series.append(series_id)
    if read.mask_fault is not None:
        _finding(batch, *read.mask_fault, item.ordinal)
        done.faults += 1
    elif read.mask is not None and series_id is not None:
        done.masks += _mask(batch, mapping, read, outcomes, series_id)


def _intake(source: Source, batch: ImportBatch, read: ReadVolume, ordinal: int) -> list[Outcome]:
    """Pass every slice through the door, some at a time; the outcomes are in slice order."""
    from storage.dicom.synthesis import dataset_bytes, series_datasets

    outcomes, waiting = [], []
    for dataset in series_datasets(read.series):
        waiting.append(instance_prepare(source=source, data=dataset_bytes(dataset), ordinal=ordinal))
        if len(waiting) >= _AT_ONCE:
            outcomes += instances_commit(source=source, batch=batch, prepared=waiting)
            waiting = []
    return outcomes + (instances_commit(source=source, batch=batch, prepared=waiting) if waiting else [])


def _assemble(series_id: str) -> None:
    """Assemble now, for the mask has to meet its stack; again when another assembly, of fewer slices, came first."""
    for _ in range(3):
        series_assemble(series=Series.objects.get(pk=series_id))
        if not Series.objects.filter(pk=series_id).awaiting_assembly().exists():
            return


def _mask(batch: ImportBatch, mapping: VolumeMapping, read: ReadVolume, outcomes: list[Outcome], series_id: str) -> int:
    """Hand the mask on, for every stack that holds slices of it; return for how many."""
    order = {outcome.instance_id: index for index, outcome in enumerate(outcomes) if outcome.instance_id}
    count = 0
    for stack in Stack.objects.filter(series=UUID(series_id)).current():
        indices = [order.get(str(item["instance"])) for item in stack.slices]
        known = [index for index in indices if index is not None]
        if read.mask is None or len(known) != len(indices) or not read.mask[known].any():
            continue
        mask_hand_on(stack=stack, batch=batch, mask=read.mask[known], values=read.values, instances=mapping.instances)
        count += 1
    return count


def mask_hand_on(*, stack: Stack, batch: ImportBatch, mask: NDArray[np.uint8], values: dict[str, str], instances: bool) -> bool:
    """Store a mask uint8 [slice, row, column] on the stack's grid and say so (``mask.imported``). False when it was said before.

    ``values`` says what each number means: the code of a structure, or a category whose ``instances`` are to be told apart.
    """
    import numpy as np

    out = BytesIO()
    np.save(out, np.ascontiguousarray(mask), allow_pickle=False)
    blob = blob_put(data=out.getvalue(), media_type=MASK_MEDIA_TYPE)
    payload = {
        "stack": str(stack.pk),
        "blob": blob.digest,
        "batch": str(batch.pk),
        "project": str(stack.project_id),
        "values": values,
        "instances": instances,
    }
    with transaction.atomic():
        if Event.objects.filter(kind="mask.imported", payload__stack=payload["stack"], payload__blob=blob.digest).exists():
            return False
        event_emit(kind="mask.imported", payload=payload)
    return True


def _refuse(batch: ImportBatch, code: str, message: str, ordinal: int) -> None:
    _finding(batch, code, message, ordinal)
    ImportBatch.objects.filter(pk=batch.pk).update(received=F("received") + 1, refused=F("refused") + 1, last_received_at=timezone.now())


def _finding(batch: ImportBatch, code: str, message: str, ordinal: int) -> None:
    """Count a named reason; the first time, with the sentence that says what exactly was wrong."""
    batch_finding(batch=batch, code=code, where=ordinal)
    ImportFinding.objects.filter(batch=batch, code=code, count=1).update(message=f"{message} {_advice(code)}".strip()[:300])


def _advice(code: str) -> str:
    return REASONS[code].message.partition(". ")[2]
