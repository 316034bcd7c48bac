"""Writing and reading blobs: the bytes first, then the row that says they are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from config.errors import Missing
from storage.models import Blob
from storage.object_store import store


def blob_put(*, data: bytes, media_type: str) -> Blob:
    """Store the bytes durably and return their blob; the same bytes give the same blob.

    Call it outside any transaction: it waits for the disk or the network, and only then writes one row. A crash in
    between leaves an object without a row, which ``manage.py blobs sweep`` removes after a day.
    """
    digest = store().put(data)
    blob, _ = Blob.objects.get_or_create(digest=digest, defaults={"size": len(data), "media_type": media_type})
    return blob


def blob_put_many(*, parts: Iterable[bytes], media_type: str) -> list[str]:
    """Store several blobs one after the other and write their rows in one statement; return the digests in order."""
    rows = []
    for data in parts:
        rows.append(Blob(digest=store().put(data), size=len(data), media_type=media_type))
    Blob.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)
    return [row.digest for row in rows]


def blob_put_stream(*, chunks: Iterable[bytes], media_type: str) -> Blob:
    """As :func:`blob_put` for what is too large for memory."""
    stored = store().put_stream(chunks)
    blob, _ = Blob.objects.get_or_create(digest=stored.digest, defaults={"size": stored.size, "media_type": media_type})
    return blob


def blob_read(*, digest: str) -> bytes:
    """Return the whole blob, checked against its digest. Raises :class:`config.errors.Missing` or ``Corrupt``."""
    return store().get(digest)


def blob_open(*, digest: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """Return an iterator over the bytes [start, start + length), unchecked. Raises :class:`config.errors.Missing` at once."""
    return store().stream(digest, start, length)


def blob_file(*, digest: str) -> BinaryIO | None:
    """Return the blob as an open file, unchecked, or None where the store has no files. Raises :class:`config.errors.Missing`."""
    return store().file(digest)


def blob_get(*, digest: str) -> Blob:
    """Return the row. Raises :class:`config.errors.Missing`."""
    found = Blob.objects.filter(digest=digest).first()
    if found is None:
        raise Missing("There is no such blob.", code="blob_missing")
    return found


def blob_delete(*, digests: Iterable[str]) -> int:
    """Delete rows, then bytes; return how many rows went. Only withdrawal deletes; the caller has removed what pointed here.

    Row first: a crash in between leaves an orphan for the sweep, never a row without bytes.
    """
    gone = 0
    for digest in digests:
        gone += Blob.objects.filter(digest=digest).delete()[0]
        store().delete(digest)
    return gone
