"""The local cache: files by their SHA-256, complete or not there."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from columna.errors import IntegrityError

CHUNK = 1 << 20
SEAL = 946684800
"""Modification time (2000-01-01) of what was checked. A file that somebody wrote to has another, and is hashed again before use."""


def hash_file(path: Path) -> tuple[str, int]:
    """Return the SHA-256 (hex) and the size of a file."""
    hasher, size = hashlib.sha256(), 0
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            hasher.update(chunk)
            size += len(chunk)
    return hasher.hexdigest(), size


def sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_sealed(path: Path, size: int) -> bool:
    """Return whether the file was checked and nobody wrote to it since."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return status.st_size == size and int(status.st_mtime) == SEAL


class Cache:
    """Objects below ``root/objects``, half-done downloads below ``root/parts``. Several programs may use it at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "parts").mkdir(parents=True, exist_ok=True)
        (root / "objects").mkdir(parents=True, exist_ok=True)

    def path(self, digest: str) -> Path:
        return self.root / "objects" / digest[:2] / digest

    def part(self, digest: str) -> Path:
        return self.root / "parts" / f"{digest}.part"

    def has(self, digest: str, size: int) -> bool:
        """Return whether the whole, right file is here. One that was damaged is removed."""
        path = self.path(digest)
        if is_sealed(path, size):
            return True
        if not path.exists():
            return False
        if hash_file(path) == (digest, size):
            os.utime(path, (SEAL, SEAL))
            return True
        path.unlink(missing_ok=True)
        return False

    @contextmanager
    def lock(self, digest: str) -> Iterator[None]:
        """Be the only one, of all threads and programs, that downloads this file."""
        path = self.root / "parts" / f"{digest[:3]}.lock"  # shared by few and never removed, so that it is one lock for everybody
        with path.open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def keep(self, digest: str, size: int) -> None:
        """Give a finished ``.part`` its final name; its bytes are on the disk before. The caller has hashed every byte of it.

        A power cut may take the name from the cache again, never bytes from under a name; what is pulled is named durably by the tree.
        """
        part, path = self.part(digest), self.path(digest)
        if part.stat().st_size != size:
            raise IntegrityError(f"{digest[:12]} has {part.stat().st_size} bytes, not {size}.")
        with part.open("rb+") as handle:
            os.fsync(handle.fileno())
        part.chmod(0o444)
        os.utime(part, (SEAL, SEAL))
        path.parent.mkdir(exist_ok=True)
        part.replace(path)
