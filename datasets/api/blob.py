"""Sending a blob: in pieces, resumable, cached for ever."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from rest_framework.request import Request

from config.errors import ColumnaError
from storage.services.blob import blob_file, blob_open

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
Response = TypeVar("Response", bound=HttpResponseBase)
FOR_EVER = "private, max-age=31536000, immutable"


class RangeMissing(ColumnaError):
    """The file does not reach as far as the range asked for."""

    code = "range_missing"
    status_code = 416


@dataclass(frozen=True)
class Span:
    """The bytes [first, first + length) of a file of ``size`` bytes; ``whole`` when no range was asked for."""

    first: int
    length: int
    size: int
    whole: bool


def not_modified(request: Request, digest: str) -> bool:
    """Return whether the caller has these bytes already (If-None-Match, RFC 9110 section 13.1.2)."""
    tags = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in tags or any(tag.removeprefix("W/") == f'"{digest}"' for tag in tags)


def span_of(request: Request, digest: str, size: int) -> Span:
    """Return the bytes asked for (RFC 9110 section 14). Several ranges, another unit, or an If-Range of another file give the whole."""
    found = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    condition = request.headers.get("If-Range")
    if not found or found.groups() == ("", "") or (condition is not None and condition != f'"{digest}"'):
        return Span(0, size, size, whole=True)
    first, last = found.groups()
    start = max(size - int(last), 0) if first == "" else int(first)
    end = size - 1 if first == "" or last == "" else min(int(last), size - 1)
    if start >= size or start > end:
        raise RangeMissing(f"The file has {size} bytes.", state={"size": size})
    return Span(start, end - start + 1, size, whole=False)


def blob_response(request: Request, *, digest: str, span: Span, media_type: str) -> HttpResponseBase:
    """Return the bytes from the object store, never the whole file in memory.

    Up to its end a file that lies in a folder is handed to the server as it is: gunicorn lets the kernel send it.
    """
    status = 200 if span.whole else 206
    file = blob_file(digest=digest) if span.first + span.length == span.size else None
    response: StreamingHttpResponse
    if file is not None:
        file.seek(span.first)
        response = FileResponse(file, content_type=media_type, status=status)
    else:
        chunks = blob_open(digest=digest, start=span.first, length=span.length)
        response = StreamingHttpResponse(chunks, content_type=media_type, status=status)
    response["Content-Length"] = str(span.length)
    if not span.whole:
        response["Content-Range"] = f"bytes {span.first}-{span.first + span.length - 1}/{span.size}"
    return with_identity(response, digest)


def unchanged(digest: str) -> HttpResponse:
    return with_identity(HttpResponse(status=304), digest)


def with_identity(response: Response, digest: str) -> Response:
    response["ETag"] = f'"{digest}"'
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = FOR_EVER
    return response
