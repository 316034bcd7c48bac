"""Where bytes lie, addressed by their SHA-256: a folder, or any S3 server. Nothing here knows what the bytes are.

An object is named by its digest, so writing it twice is harmless, nothing is ever overwritten with other bytes, and no
conditional write is needed from the server. ``store()`` returns the one the settings name.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol

from config.errors import ColumnaError, Invalid, Missing, Unavailable

PART = 1 << 20
"""Bytes read or written at a time when streaming: 1 MiB."""
GRACE = timedelta(hours=24)
"""What is younger than this is never swept: its row may still be on its way."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Corrupt(ColumnaError):
    """What lies under a digest does not have that digest."""

    code = "corrupt_object"
    status_code = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the store lists it. ``modified`` is when it was last put, in UTC."""

    digest: str
    size: int
    modified: datetime


class ObjectStore(Protocol):
    """What both stores offer. Digests are 64 lower-case hexadecimal digits; anything else raises :class:`Invalid`."""

    def put(self, data: bytes) -> str:
        """Write the bytes durably and return their digest."""

    def put_stream(self, chunks: Iterable[bytes]) -> Stored:
        """Write what the chunks add up to, hashing on the way; memory stays flat."""

    def get(self, digest: str) -> bytes:
        """Return the whole object. Raises :class:`Missing`, and :class:`Corrupt` when the bytes do not fit their name."""

    def stream(self, digest: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return an iterator over the bytes [start, start + length). :class:`Missing` is raised here, not at the first chunk."""

    def file(self, digest: str) -> BinaryIO | None:
        """Return the object as an open file, or None where objects are no files here. Raises :class:`Missing`."""

    def size(self, digest: str) -> int:
        """Return the number of bytes. Raises :class:`Missing`."""

    def exists(self, digest: str) -> bool: ...

    def delete(self, digest: str) -> None:
        """Remove the object; one that is not there is already removed."""

    def iterate(self) -> Iterator[Stored]:
        """Every object, in no particular order."""

    def sweep_incoming(self, older_than: timedelta = GRACE) -> int:
        """Remove what interrupted writes left behind; return how many."""


def is_digest(text: str) -> bool:
    return bool(_DIGEST.fullmatch(text))


def key_of(digest: str) -> str:
    """Return the path of an object below the store's root: one of 256 folders, then the digest."""
    if not is_digest(digest):
        raise Invalid("A digest is 64 lower-case hexadecimal digits.", code="bad_digest")
    return f"{digest[:2]}/{digest}"


def missing(digest: str) -> Missing:
    return Missing(f"The object {digest[:12]}… is not in the store. 'manage.py blobs verify' lists what is lost.", code="object_missing")


def checked(digest: str, data: bytes) -> bytes:
    if hashlib.sha256(data).hexdigest() != digest:
        raise Corrupt(f"The object {digest[:12]}… was damaged where it lies. Restore it from a backup.", state={"digest": digest})
    return data


_stores: dict[tuple[object, ...], ObjectStore] = {}


def store() -> ObjectStore:
    """Return the object store that the settings name. One is kept per process and configuration."""
    from django.conf import settings

    environment = settings.ENVIRONMENT
    key: tuple[object, ...]
    if environment.object_store == "folder":
        key = (os.getpid(), environment.data_dir)
        if key not in _stores:
            from storage.folder_store import FolderStore

            _stores[key] = FolderStore(environment.data_dir / "objects")
        return _stores[key]
    if not environment.s3_endpoint:
        raise Unavailable("COLUMNA_OBJECT_STORE is 's3' but COLUMNA_S3_ENDPOINT is empty. Give it as host:port.", code="no_s3_endpoint")
    secret = environment.s3_secret_key.get_secret_value()
    place = (environment.s3_endpoint, environment.s3_bucket, environment.s3_region, environment.s3_secure)
    key = (os.getpid(), *place, environment.s3_access_key, secret)
    if key not in _stores:
        from storage.s3_store import S3Store

        _stores[key] = S3Store(
            endpoint=environment.s3_endpoint,
            access_key=environment.s3_access_key,
            secret_key=secret,
            bucket=environment.s3_bucket,
            region=environment.s3_region,
            secure=environment.s3_secure,
        )
    return _stores[key]
