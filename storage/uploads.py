"""Uploads never lie readable on a disk: they stay in memory, and beyond a limit go to a temporary file that is encrypted.

The key of that file is drawn per request, lives in memory only and is gone with the process; the file has no name.
"""

from __future__ import annotations

import io
import secrets
import tempfile
from typing import IO, Any, cast

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MEMORY_LIMIT = 64 * 1024**2
"""Bytes of one request that stay in memory before the rest is sealed on disk."""
_BLOCK = 16


class SealedSpool:
    """An append-only store of bytes, AES-256-CTR on disk behind the first ``memory`` bytes."""

    def __init__(self, memory: int = MEMORY_LIMIT) -> None:
        self._memory = bytearray()
        self._limit = memory
        self._file: IO[bytes] | None = None
        self._key, self._nonce = secrets.token_bytes(32), secrets.token_bytes(_BLOCK)
        self.size = 0

    def append(self, data: bytes) -> None:
        room = self._limit - len(self._memory)
        if room > 0:
            self._memory += data[:room]
        rest = data[max(room, 0) :]
        if rest:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="columna-")  # noqa: SIM115  it lives as long as the spool
            self._file.seek(0, io.SEEK_END)
            self._file.write(self._crypt(rest, self._file.tell()))
        self.size += len(data)

    def read(self, start: int, length: int) -> bytes:
        end = min(start + length, self.size)
        parts = []
        if start < len(self._memory):
            parts.append(bytes(self._memory[start : min(end, len(self._memory))]))
        if end > self._limit and self._file is not None:
            offset = max(start, self._limit) - self._limit
            self._file.seek(offset)
            parts.append(self._crypt(self._file.read(end - self._limit - offset), offset))
        return b"".join(parts)

    def close(self) -> None:
        self._memory = bytearray()
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        self.close()

    def _crypt(self, data: bytes, offset: int) -> bytes:
        """Encrypt or decrypt, which is the same in counter mode, at any place of the stream."""
        skip = offset % _BLOCK
        counter = (int.from_bytes(self._nonce, "big") + offset // _BLOCK) % 2**128
        stream = Cipher(algorithms.AES(self._key), modes.CTR(counter.to_bytes(_BLOCK, "big"))).encryptor()
        stream.update(b"\0" * skip)
        return stream.update(data)


class SpoolRegion(io.RawIOBase):
    """One file within a spool: readable and seekable, so that zip and tar can be read from it."""

    def __init__(self, spool: SealedSpool, start: int, size: int) -> None:
        self._spool, self._start, self._size, self._at = spool, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        length = min(len(buffer), max(0, self._size - self._at))
        data = self._spool.read(self._start + self._at, length)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def read(self, size: int | None = -1) -> bytes:
        length = max(0, self._size - self._at)
        length = length if size is None or size < 0 else min(size, length)
        data = self._spool.read(self._start + self._at, length)
        self._at += len(data)
        return data


class SealedUploadHandler(FileUploadHandler):
    """Django's upload handler of Columna: the only one, so that no upload can reach a disk in clear."""

    chunk_size = 1024 * 1024

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._spool = SealedSpool()
        self._from = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._from = self._spool.size

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._spool.append(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        region = SpoolRegion(self._spool, self._from, file_size)
        return UploadedFile(cast("IO[bytes]", region), self.file_name, self.content_type, file_size, self.charset)

    def upload_interrupted(self) -> None:
        self._spool.close()
