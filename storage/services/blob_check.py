"""Checking that rows and objects agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from config.errors import Missing
from storage.models import Blob
from storage.object_store import GRACE, Corrupt, store
from storage.services.blob import blob_delete

STAGED_MEDIA_TYPE = "application/vnd.columna.staged"
"""Uploads that wait, sealed, for a worker."""
STAGED_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Swept:
    """What a sweep found: objects without a row, their bytes, unfinished writes, and uploads that no worker took in for a week."""

    orphans: int
    size: int
    unfinished: int
    staged: int


def blob_verify(*, quick: bool = False) -> Iterator[tuple[str, str]]:
    """Yield every blob's digest with ``""``, ``"missing"``, ``"wrong size"`` or ``"damaged"``. ``quick`` reads no bytes."""
    objects = store()
    for digest, size in Blob.objects.values_list("digest", "size").iterator(chunk_size=500):
        try:
            if objects.size(digest) != size:
                yield digest, "wrong size"
                continue
            if not quick:
                objects.get(digest)
        except Missing:
            yield digest, "missing"
        except Corrupt:
            yield digest, "damaged"
        else:
            yield digest, ""


def blob_sweep(*, older_than: timedelta = GRACE, dry_run: bool = False) -> Swept:
    """Remove objects that no row knows and that are older than ``older_than``, unfinished writes of that age, and forgotten uploads."""
    objects, limit = store(), datetime.now(UTC) - older_than
    forgotten = Blob.objects.filter(media_type=STAGED_MEDIA_TYPE, created_at__lt=datetime.now(UTC) - STAGED_FOR)
    staged = list(forgotten.values_list("digest", flat=True))
    if not dry_run:
        blob_delete(digests=staged)
    orphans = size = 0
    for item in objects.iterate():
        if item.modified < limit and not Blob.objects.filter(digest=item.digest).exists():
            orphans, size = orphans + 1, size + item.size
            if not dry_run:
                objects.delete(item.digest)
    return Swept(orphans, size, 0 if dry_run else objects.sweep_incoming(older_than), len(staged))
