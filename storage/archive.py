"""Reading archives in memory, member by member, with limits: nothing is unpacked to a disk and no name is believed."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

_SYMLINK = 0o120000
_CHUNK = 1024 * 1024
_SMALL = 1024 * 1024
"""Below this size a ratio says nothing: a black image packs a thousandfold."""


@dataclass(frozen=True)
class Limits:
    """``total``: bytes an archive may unpack to; ``ratio``: how much a member may grow."""

    total: int
    ratio: int


@dataclass(frozen=True)
class Entry:
    """A member: its bytes, or the code of the reason why it was left out.

    ``group`` is the name of its folder, for grouping only; ``path`` its path inside the archive, which names it and opens nothing.
    """

    group: str
    data: bytes = b""
    refused: str = ""
    path: str = ""


def is_archive(head: bytes) -> bool:
    """Whether the first 512 bytes are those of a zip, a tar or a gzip."""
    return head[:4] == b"PK\x03\x04" or head[:4] == b"PK\x05\x06" or head[:3] == b"\x1f\x8b\x08" or head[257:262] == b"ustar"


def archive_entries(file: IO[bytes], limits: Limits) -> Iterator[Entry]:
    """Yield the members of an archive in its order. What cannot go on ends with an entry that says why; never raises for bad input."""
    head = file.read(512)
    file.seek(0)
    try:
        if head[:2] == b"PK":
            yield from _zip(file, limits)
        else:
            yield from _tar(file, limits)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        ValueError,
        RuntimeError,
        OverflowError,
    ):
        yield Entry("", refused="archive_unreadable")


def _escapes(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return not parts or ".." in parts or name.startswith(("/", "\\")) or (len(name) > 1 and name[1] == ":") or "\0" in name


def _group(name: str) -> str:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return parts[-2] if len(parts) > 1 else ""


def _zip(file: IO[bytes], limits: Limits) -> Iterator[Entry]:
    total = 0
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            group = _group(info.filename)
            if _escapes(info.filename) or (info.external_attr >> 16) & 0o170000 == _SYMLINK:
                yield Entry(group, refused="archive_path_escape")
                continue
            if info.file_size > _SMALL and info.file_size > limits.ratio * max(1, info.compress_size):
                yield Entry(group, refused="archive_bomb")
                continue
            if total + info.file_size > limits.total:
                yield Entry(group, refused="archive_bomb")
                return
            if info.flag_bits & 1:
                yield Entry(group, refused="archive_unreadable")
                continue
            try:
                with archive.open(info) as member:
                    data = member.read(info.file_size + 1)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
                yield Entry(group, refused="archive_unreadable")
                continue
            total += len(data)
            yield _entry(group, data, info.filename)


class _Counted:
    """A file that counts what was read from it, to know how much a tar.gz grows."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.count = file, 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.count += len(data)
        return data


def _tar(file: IO[bytes], limits: Limits) -> Iterator[Entry]:
    total = 0
    source: Any = _Counted(file)
    with tarfile.open(fileobj=source, mode="r|*") as archive:
        for member in archive:
            group = _group(member.name)
            if member.isdir():
                continue
            if _escapes(member.name) or not member.isfile():
                yield Entry(group, refused="archive_path_escape")
                continue
            total += member.size
            if total > limits.total:
                yield Entry(group, refused="archive_bomb")
                return
            data = _bounded(archive, member, source, limits)
            if data is None:
                yield Entry(group, refused="archive_bomb")
                return
            yield _entry(group, data, member.name)


def _bounded(archive: tarfile.TarFile, member: tarfile.TarInfo, source: _Counted, limits: Limits) -> bytes | None:
    """Return the member's bytes, or None when they grow out of all proportion to what was read for them."""
    extracted = archive.extractfile(member)
    if extracted is None:
        return b""
    before = max(0, source.count - _CHUNK)
    parts, size = [], 0
    while chunk := extracted.read(_CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > _SMALL * 16 and size > limits.ratio * max(1, source.count - before):
            return None
    if size < member.size:
        raise tarfile.ReadError("cut short")
    return b"".join(parts)


def _entry(group: str, data: bytes, path: str) -> Entry:
    """A gzip may be a NIfTI; only what is a zip or tar is an archive inside an archive."""
    nested = is_archive(data[:512]) and data[:2] != b"\x1f\x8b" and data[128:132] != b"DICM"
    return Entry(group, refused="archive_nested") if nested else Entry(group, data=data, path=path)
