"""A blob as a file that can be sought in, read from the store in pieces: for looking at a header without the pixels behind it."""

from __future__ import annotations

import io

from storage.services.blob import blob_open

_AHEAD = 64 * 1024


class _Blob(io.RawIOBase):
    def __init__(self, digest: str, size: int) -> None:
        self._digest, self._size, self._position = digest, size, 0
        self.name = digest  # pydicom asks files for their name

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower than "any buffer": BufferedReader gives a view
        wanted = min(len(buffer), self._size - self._position)
        if wanted <= 0:
            return 0
        data = b"".join(blob_open(digest=self._digest, start=self._position, length=wanted))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def blob_file(*, digest: str, size: int) -> io.BufferedReader:
    """Return a readable, seekable file over the blob's bytes. They are not checked against the digest."""
    return io.BufferedReader(_Blob(digest, size), _AHEAD)
