"""The life of a batch: opened by an entry point, fed by the door, closed when nothing more comes."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from storage.dicom.reasons import REASONS
from storage.models import ImportBatch, ImportFinding, Series

if TYPE_CHECKING:
    from accounts.models import Project, User
    from storage.models import Source

_WHERE_LIMIT = 20
_LOST_AFTER = timedelta(minutes=10)


def batch_open(
    *, project: Project, source: Source | None, kind: str = "dicom", user: User | None = None, total: int | None = None
) -> ImportBatch:
    return ImportBatch.objects.create(project=project, source=source, kind=kind, created_by=user, total=total)


def batch_finding(*, batch: ImportBatch, code: str, where: int | None = None, count: int = 1) -> None:
    """Count a named reason. ``where`` is the ordinal of the file in the batch, never its name. Unknown codes raise ``KeyError``."""
    batch_findings(batch=batch, found=Counter({code: count}), where={code: [where]} if where is not None else {})


def batch_findings(*, batch: ImportBatch, found: Counter[str], where: dict[str, list[Any]] | None = None) -> None:
    """Count several reasons at once."""
    with transaction.atomic():
        for code, count in found.items():
            reason = REASONS[code]
            finding, _ = ImportFinding.objects.get_or_create(
                batch=batch, code=code, defaults={"message": reason.message, "severity": reason.severity}
            )
            places = (finding.where + [place for place in (where or {}).get(code, []) if place is not None])[:_WHERE_LIMIT]
            ImportFinding.objects.filter(pk=finding.pk).update(count=F("count") + count, where=places)


def batch_refuse(*, batch: ImportBatch, code: str, where: int | None = None, size: int = 0) -> None:
    """Record a file that never reached the door: an archive entry that was refused, a file that could not be read."""
    batch_finding(batch=batch, code=code, where=where)
    field = "duplicate" if REASONS[code].severity == "ignored" else "refused"
    ImportBatch.objects.filter(pk=batch.pk).update(
        received=F("received") + 1, received_bytes=F("received_bytes") + size, last_received_at=timezone.now(), **{field: F(field) + 1}
    )


def batch_close(*, batch: ImportBatch, failed: bool = False) -> list[Series]:
    """Mark the batch done and return the series that now wait for assembly. Closing twice changes nothing."""
    state = ImportBatch.State.FAILED if failed else ImportBatch.State.DONE
    ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.RUNNING).update(
        state=state, finished_at=timezone.now(), total=F("received")
    )
    return list(Series.objects.filter(instances__batch=batch).awaiting_assembly().distinct())


def batches_close_lost() -> int:
    """Close batches whose process died: nothing came for ten minutes and nobody closed them. Return how many."""
    before = timezone.now() - _LOST_AFTER
    silent = Q(last_received_at__lt=before) | Q(last_received_at=None, created_at__lt=before)
    lost = ImportBatch.objects.filter(silent, state=ImportBatch.State.RUNNING, kind="dicom")
    return lost.update(state=ImportBatch.State.FAILED, finished_at=timezone.now())
