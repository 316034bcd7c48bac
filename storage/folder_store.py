"""Objects as files in a folder: the store of the embedded mode."""

from __future__ import annotations

import hashlib
import io
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

from storage.object_store import GRACE, PART, Stored, checked, is_digest, key_of, missing


def _fsync_folder(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _LateFile(io.RawIOBase):
    """A file for reading that is opened when it is used, so an answer that nobody reads holds nothing open."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.name = str(path)
        self._first = 0
        self._descriptor: int | None = None

    def fileno(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(self.name, os.O_RDONLY)
            os.lseek(self._descriptor, self._first, os.SEEK_SET)
        return self._descriptor

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if self._descriptor is None and whence == os.SEEK_SET:
            self._first = offset
            return offset
        return os.lseek(self.fileno(), offset, whence)

    def tell(self) -> int:
        return self._first if self._descriptor is None else os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def readinto(self, buffer: Any) -> int:
        return os.readv(self.fileno(), [buffer])

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        super().close()


class FolderStore:
    """Objects as files below ``root``, readable by this account only.

    A write goes to ``incoming/``, is synced, renamed into place, and the folder is synced: after ``put`` returns, the
    object survives a power cut; before, there is nothing but a temporary file, which :meth:`sweep_incoming` removes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = str(root)
        self.incoming = root / "incoming"
        self.incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        root.chmod(0o700)

    def _path(self, digest: str) -> Path:
        return self.root / key_of(digest)

    def _place(self, digest: str) -> str:
        """As :meth:`_path`, for what is done once an image."""
        return f"{self._folder}/{key_of(digest)}"

    def put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        if not self._refreshed(digest, len(data)):
            self._write([data], digest)
        return digest

    def put_stream(self, chunks: Iterable[bytes]) -> Stored:
        return self._write(chunks, None)

    def get(self, digest: str) -> bytes:
        try:
            return checked(digest, self._path(digest).read_bytes())
        except FileNotFoundError:
            raise missing(digest) from None

    def stream(self, digest: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        path = self._path(digest)
        if not path.exists():
            raise missing(digest)
        return self._chunks(path, start, length)

    @staticmethod
    def _chunks(path: Path, start: int, length: int | None) -> Iterator[bytes]:
        """The file is opened with the first chunk, so an iterator that is never used holds nothing open."""
        with path.open("rb") as handle:
            handle.seek(start)
            while length is None or length > 0:
                chunk = handle.read(PART if length is None else min(PART, length))
                if not chunk:
                    return
                if length is not None:
                    length -= len(chunk)
                yield chunk

    def file(self, digest: str) -> BinaryIO | None:
        path = self._path(digest)
        if not path.exists():
            raise missing(digest)
        return cast(BinaryIO, _LateFile(path))

    def size(self, digest: str) -> int:
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError:
            raise missing(digest) from None

    def exists(self, digest: str) -> bool:
        return self._path(digest).exists()

    def delete(self, digest: str) -> None:
        self._path(digest).unlink(missing_ok=True)

    def iterate(self) -> Iterator[Stored]:
        for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
            if is_digest(path.name):
                status = path.stat()
                yield Stored(path.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    def sweep_incoming(self, older_than: timedelta = GRACE) -> int:
        limit = time.time() - older_than.total_seconds()
        old = [path for path in self.incoming.glob("*.part") if path.stat().st_mtime < limit]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _refreshed(self, digest: str, size: int) -> bool:
        """Return whether the object is already there; its time is renewed so that a sweep of orphans leaves it alone."""
        path = self._place(digest)
        try:
            if os.stat(path).st_size != size:  # noqa: PTH116  once an image, mostly in vain: a Path takes longer than the question
                return False
            os.utime(path)
        except FileNotFoundError:
            return False
        return True

    def _write(self, chunks: Iterable[bytes], digest: str | None) -> Stored:
        temporary = f"{self._folder}/incoming/{uuid.uuid4().hex}.part"
        hasher, size = hashlib.sha256(), 0
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as handle:
                for chunk in chunks:
                    view = memoryview(chunk)
                    while view:
                        view = view[handle.write(view) :]
                    size += len(chunk)
                    if digest is None:
                        hasher.update(chunk)
                os.fsync(handle.fileno())
            digest = digest or hasher.hexdigest()
            self._rename(temporary, self._place(digest))
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return Stored(digest, size, datetime.now(UTC))

    def _rename(self, temporary: str, path: str) -> None:
        folder = path.rpartition("/")[0]
        try:
            os.rename(temporary, path)  # noqa: PTH104  once an image: a Path costs more than the call
        except FileNotFoundError:  # the first object of its folder
            Path(folder).mkdir(exist_ok=True, mode=0o700)
            _fsync_folder(self._folder)
            os.rename(temporary, path)  # noqa: PTH104  the same once more, now that its folder is there
        _fsync_folder(folder)
