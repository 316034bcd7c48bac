"""Bringing one file into the cache: by range where something is there already, hashed as it comes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from io import RawIOBase
from pathlib import Path
from typing import Any

from columna.cache import CHUNK, Cache
from columna.errors import IntegrityError
from columna.http import Session
from columna.manifest import File

_PIECE = 1 << 18
"""Bytes read from the line at a time; about what a socket holds."""
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def download(*, session: Session, cache: Cache, address: str, file: File, moved: Callable[[int], None]) -> None:
    """Bring the file into the cache, going on where an earlier attempt stopped; ``moved`` is told each number of bytes received.

    What does not have the right size and digest is thrown away; a half that was wrong is fetched once more from the start.
    Raises :class:`IntegrityError`, :class:`columna.errors.NetworkError`, :class:`columna.errors.Withdrawn` and the like.
    """
    with cache.lock(file.sha256):
        if cache.has(file.sha256, file.size):
            return
        part = cache.part(file.sha256)
        resumed = part.exists() and part.stat().st_size > 0
        for attempt in session.attempts(file.path):
            with attempt:
                hasher = _receive(session, address, file, part, moved)
                if hasher.hexdigest() != file.sha256:
                    part.unlink(missing_ok=True)
                    if not resumed:
                        raise IntegrityError(f"{file.path}: the server sent other bytes than the manifest names.")
                    resumed = False
                    hasher = _receive(session, address, file, part, moved)
                    if hasher.hexdigest() != file.sha256:
                        part.unlink(missing_ok=True)
                        raise IntegrityError(f"{file.path}: the server sent other bytes than the manifest names.")
        cache.keep(file.sha256, file.size)


def _receive(session: Session, address: str, file: File, part: Path, moved: Callable[[int], None]) -> Any:
    """Append what is missing to the part; return the hash of all of it."""
    hasher = hashlib.sha256()
    have = _hash_start(part, file, hasher)
    if have == file.size and part.exists():
        return hasher
    headers = {"Range": f"bytes={have}-", "If-Range": f'"{file.sha256}"'} if have else {}
    with session.open(address, headers=headers) as response, part.open("ab", buffering=0) as handle:
        if response.status != 206 or not have:
            handle.truncate(0)
            hasher, have = hashlib.sha256(), 0
        elif not _continues(response.headers.get("Content-Range", ""), have, file.size):
            raise IntegrityError(f"{file.path}: the server sent another range than was asked for.")
        while chunk := response.read1(_PIECE) or response.read(1):  # what is there now, so that a kill loses little; the last read ends it
            have += len(chunk)
            if have > file.size:
                handle.truncate(0)
                raise IntegrityError(f"{file.path}: the server sends more than the {file.size} bytes that the manifest names.")
            _write(handle, chunk)
            hasher.update(chunk)
            moved(len(chunk))
    if have < file.size:
        raise ConnectionError(f"the answer ended after {have} of {file.size} bytes")
    return hasher


def _write(handle: RawIOBase, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[handle.write(view) or 0 :]


def _hash_start(part: Path, file: File, hasher: Any) -> int:
    """Feed what is already there to the hash; return how many bytes. A part that is too long is emptied."""
    if not part.exists():
        return 0
    if part.stat().st_size > file.size:
        part.unlink()
        return 0
    have = 0
    with part.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            hasher.update(chunk)
            have += len(chunk)
    return have


def _continues(header: str, first: int, size: int) -> bool:
    found = _CONTENT_RANGE.fullmatch(header)
    return bool(found) and (int(found[1]), int(found[3])) == (first, size)  # type: ignore[index]
