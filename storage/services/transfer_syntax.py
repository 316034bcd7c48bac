"""In which transfer syntax a stored object lies."""

from __future__ import annotations

from functools import lru_cache

from storage.dicom.parse import transfer_syntax
from storage.services.blob import blob_open

_META = 2048
"""Columna's own file meta is a few hundred bytes."""


@lru_cache(maxsize=8192)
def blob_syntax(digest: str, size: int) -> str:
    """Return the transfer syntax UID from the file meta. Kept per process: a blob never changes."""
    return transfer_syntax(b"".join(blob_open(digest=digest, length=min(size, _META))))
