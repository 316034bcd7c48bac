"""Answers made of bytes: one part with ranges, or several as ``multipart/related`` (RFC 2387)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from storage.api.stack import span_of
from storage.services.blob import blob_open, blob_read


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that are sent when they are wanted: ``open(start, length)`` streams that part of the ``length`` there are."""

    media_type: str
    length: int
    open: Callable[[int, int], Iterator[bytes]]
    location: str = ""
    tag: str = ""
    """Names the bytes: the same tag, the same bytes."""


def piece_of_bytes(data: bytes, media_type: str, location: str = "") -> Piece:
    tag = hashlib.sha256(data).hexdigest()
    return Piece(media_type, len(data), lambda start, length: iter([data[start : start + length]]), location, tag)


def piece_of_blob(digest: str, media_type: str, *, offset: int = 0, length: int, whole: bool = False, location: str = "") -> Piece:
    """Return bytes that lie in a blob. ``whole`` says that they are all of it: then they are checked against the digest before they leave."""

    def read(start: int, wanted: int) -> Iterator[bytes]:
        if whole and start == 0 and wanted == length:
            return iter([blob_read(digest=digest)])
        return blob_open(digest=digest, start=offset + start, length=wanted)

    return Piece(media_type, length, read, location, f"{digest}-{offset}-{length}")


def single_part(request: HttpRequest, piece: Piece) -> HttpResponseBase:
    """Return the piece by itself: 200 with its length, 206 for one range of it, 416 for one that begins past its end, and 304
    without it for a client that has it already."""
    etag = f'"{piece.tag}"'
    if etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")]:
        unchanged = HttpResponse(status=304)
        unchanged["ETag"] = etag
        return unchanged
    start, end = 0, piece.length
    asked = request.headers.get("Range", "")
    if asked and request.headers.get("If-Range", etag) == etag:
        span = span_of(asked, piece.length)
        if span is None:
            refused = HttpResponse(status=416)
            refused["Content-Range"] = f"bytes */{piece.length}"
            return refused
        start, end = span
    partial = (start, end) != (0, piece.length)
    response = StreamingHttpResponse(piece.open(start, end - start), status=206 if partial else 200, content_type=piece.media_type)
    response["Content-Length"], response["Accept-Ranges"], response["ETag"] = str(end - start), "bytes", etag
    if partial:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{piece.length}"
    return response


def multipart(pieces: Iterable[Piece], *, kind: str, length_known: bool = True) -> HttpResponseBase:
    """Return the pieces as parts of the media type ``kind``. Each head names the concrete transfer syntax of its part.

    ``length_known`` False makes pieces one at a time, while they are being sent: nothing is held and no Content-Length is given.
    """
    boundary = f"columna{uuid.uuid4().hex}"
    response = StreamingHttpResponse(content_type=f'multipart/related; type="{kind}"; boundary={boundary}')
    if length_known:
        pieces = list(pieces)
        total = sum(len(_head(boundary, piece)) + piece.length + 2 for piece in pieces) + len(boundary) + 6
        response["Content-Length"] = str(total)
    response.streaming_content = _body(boundary, pieces)
    return response


def _head(boundary: str, piece: Piece) -> bytes:
    location = f"Content-Location: {piece.location}\r\n" if piece.location else ""
    return f"--{boundary}\r\nContent-Type: {piece.media_type}\r\nContent-Length: {piece.length}\r\n{location}\r\n".encode("ascii")


def _body(boundary: str, pieces: Iterable[Piece]) -> Iterator[bytes]:
    for piece in pieces:
        yield _head(boundary, piece)
        yield from piece.open(0, piece.length)
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode("ascii")
