"""Reading ``multipart/related`` (RFC 2387), the body of STOW-RS, part by part and in memory only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from config.errors import Invalid

_CHUNK = 1 << 20
_HEADERS_LIMIT = 16 * 1024


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def boundary_of(content_type: str) -> bytes:
    """Return the boundary of a multipart/related content type. Raises :class:`Invalid`."""
    found = re.search(r'boundary=(?:"([^"]{1,200})"|([^;\s]{1,200}))', content_type)
    if not content_type.lower().startswith("multipart/related") or found is None:
        raise Invalid("The body is multipart/related with a boundary, one DICOM file per part (PS3.18 10.5).", code="not_multipart_related")
    return (found[1] or found[2]).encode("latin-1", "replace")


def parts(stream: Readable, boundary: bytes, *, limit: int) -> Iterator[bytes]:
    """Yield the content of each part. Raises :class:`Invalid` when it is cut short or a part is larger than ``limit`` bytes."""
    mark = b"\r\n--" + boundary
    buffer = bytearray(b"\r\n")
    ended = False
    started = False
    while True:
        place = buffer.find(mark)
        if place < 0:
            if ended:
                raise Invalid("The body ends before its last boundary. Send it again.", code="truncated")
            if len(buffer) > limit:
                raise Invalid("A part is larger than is allowed.", code="part_too_large")
            chunk = stream.read(_CHUNK)
            ended = not chunk
            buffer += chunk
            continue
        if started:
            yield _content(bytes(buffer[:place]))
        del buffer[: place + len(mark)]
        while len(buffer) < 2 and not ended:
            chunk = stream.read(_CHUNK)
            ended = not chunk
            buffer += chunk
        if buffer[:2] == b"--":
            return
        started = True


def _content(part: bytes) -> bytes:
    end = part.find(b"\r\n\r\n", 0, _HEADERS_LIMIT)
    return part[end + 4 :] if end >= 0 else b""
