"""Stacks, and the bytes a viewer is fed with: manifest, display frames, bundles of frames, preview.

The byte endpoints answer without content negotiation and without numpy; their bodies never change, so they carry a strong
ETag (the digest) and may be kept by the browser, and only by the browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import django_filters
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.abilities import projects_where
from config.errors import Gone, Invalid, Missing
from storage.envelope import MEDIA_TYPE as BUNDLE
from storage.envelope import envelope_head
from storage.models import Stack
from storage.services.blob import blob_get, blob_open, blob_read
from storage.services.manifest import FrameEntry, stack_manifest
from storage.services.region import region_frames, region_get

IMMUTABLE = "private, max-age=31536000, immutable"
FRAME = "image/jphc"
BUNDLE_LIMIT = 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class StackFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug")
    study = django_filters.UUIDFilter(field_name="series__study")
    series = django_filters.UUIDFilter(field_name="series")
    modality = django_filters.CharFilter(field_name="series__modality")
    ready = django_filters.BooleanFilter(field_name="ready_at", lookup_expr="isnull", exclude=True)
    current = django_filters.BooleanFilter(field_name="is_current")

    class Meta:
        model = Stack
        fields: list[str] = ["kind", "plane"]


class StackSerializer(serializers.ModelSerializer[Stack]):
    project = serializers.CharField(source="project.slug", read_only=True)
    study = serializers.UUIDField(source="series.study_id", read_only=True)
    modality = serializers.CharField(source="series.modality", read_only=True)
    description = serializers.CharField(source="series.description", read_only=True)
    ready = serializers.SerializerMethodField()

    class Meta:
        model = Stack
        fields = [
            "id",
            "project",
            "study",
            "series",
            "modality",
            "description",
            "ordinal",
            "kind",
            "plane",
            "rows",
            "columns",
            "slice_count",
            "geometry_digest",
            "not_volume_reason",
            "is_current",
            "manifest_digest",
            "ready",
            "ready_at",
            "created_at",
        ]
        read_only_fields = fields

    def get_ready(self, stack: Stack) -> bool:
        return stack.ready_at is not None


class StackViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Stack]):
    """Stacks this person may see. Lists leave out what a newer revision of the series has replaced; ``current`` asks for it."""

    serializer_class = StackSerializer
    filterset_class = StackFilter
    queryset = Stack.objects.none()

    def get_queryset(self) -> Any:
        found = Stack.objects.visible_to(self.request.user).select_related("series", "project").defer("slices")  # type: ignore[arg-type]
        return found.current() if self.action == "list" and "current" not in self.request.query_params else found


class _AsItIs(BaseContentNegotiation):
    """The bytes are what they are: ``Accept`` decides nothing."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0] if parsers else None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class StackBytesView(APIView):
    """What the byte endpoints share: the stack one may see, or 404, or 410 when its subject has withdrawn."""

    content_negotiation_class = _AsItIs

    def stack(self, pk: UUID) -> Stack:
        projects = projects_where(self.request.user, "image.view")  # type: ignore[arg-type]
        found = (
            Stack.objects.filter(pk=pk, project__in=projects)
            .select_related("series__study__subject")
            .only("manifest_digest", "series__study__subject__withdrawn_at")
            .first()
        )
        if found is None:
            raise Missing("There is no such stack, or it is not yours to see.")
        withdrawn = found.series.study.subject.withdrawn_at
        if withdrawn is not None:
            raise Gone("This subject has withdrawn; the images are deleted.", state={"withdrawn_at": withdrawn.isoformat()})
        return found


_BINARY = {(200, "application/octet-stream"): OpenApiTypes.BINARY}
_REGION = OpenApiParameter("region", str, description="Digest of a region of the stack: its frames instead of the whole ones.")


def _frames_of(request: Request, stack: Stack) -> tuple[str, tuple[FrameEntry, ...]]:
    """Return what is asked for, the whole stack or a region of it: the digest that names it and its frames."""
    region = request.query_params.get("region")
    if region:
        return region, region_frames(stack=stack, digest=region)
    return stack.manifest_digest, stack_manifest(stack=stack).frames


class StackManifestView(StackBytesView):
    @extend_schema(
        operation_id="stack_manifest",
        summary="The manifest of a stack",
        description="Geometry, windows, and for every slice its key and where its display frame lies. Immutable.",
        responses={200: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        stack = self.stack(pk)
        stack_manifest(stack=stack)
        return blob_response(request, stack.manifest_digest, media_type="application/json")


class StackRegionView(StackBytesView):
    @extend_schema(
        operation_id="stack_region",
        summary="The part of a large CT that opens first",
        description="`{stack, rows, columns, bytes, wholeBytes, slices: [{frameDigest, length, levels}]}`: rows and columns [first, last + 1) of "
        "the stack's own grid, and a frame for each of its slices. Immutable. 404 `no_such_region`.",
        responses={200: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, pk: UUID, digest: str) -> HttpResponseBase:
        region = region_get(stack=self.stack(pk), digest=digest)
        return blob_response(request, region.digest, media_type="application/json")


class StackPreviewView(StackBytesView):
    @extend_schema(
        operation_id="stack_preview",
        summary="A picture of the middle slice",
        description="WebP of at most 256 × 256, in the proportions of the body, in the window the stack opens with.",
        responses={(200, "image/webp"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        return blob_response(request, stack_manifest(stack=self.stack(pk)).preview, media_type="image/webp")


class StackFrameView(StackBytesView):
    @extend_schema(
        operation_id="stack_frame",
        summary="One display frame",
        description="HTJ2K, lossless, of the stored values. One `Range` of bytes is answered with 206: the manifest's `levels` say where "
        "each resolution is complete.",
        parameters=[_REGION],
        responses={(200, FRAME): OpenApiTypes.BINARY, (206, FRAME): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: UUID, index: int) -> HttpResponseBase:
        _, frames = _frames_of(request, self.stack(pk))
        if index >= len(frames):
            raise Missing(f"This stack has {len(frames)} frames, counted from 0.", code="no_such_frame")
        return blob_response(request, frames[index].digest, media_type=FRAME, length=frames[index].length)


class StackFramesView(StackBytesView):
    @extend_schema(
        operation_id="stack_frames_bundle",
        summary="A bundle of display frames",
        description="An envelope whose header is `{from, count, level, frames: [{index, digest, length, complete}]}`, followed by the frames. "
        "With `level` (0 is the coarsest) only the first bytes of each frame are sent, enough for that resolution.",
        parameters=[
            OpenApiParameter("from", int, description="Index of the first frame; 0 when left out."),
            OpenApiParameter("count", int, description=f"How many frames, at most {BUNDLE_LIMIT}; 32 when left out."),
            OpenApiParameter("level", int, description="Resolution level; whole frames when left out."),
            _REGION,
        ],
        responses={(200, BUNDLE): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        digest, frames = _frames_of(request, self.stack(pk))
        start, count = _whole(request, "from", 0), min(_whole(request, "count", 32), BUNDLE_LIMIT)
        level = _whole(request, "level", -1) if "level" in request.query_params else None
        picked = list(enumerate(frames))[start : start + count]
        etag = f'"{digest}-{start}-{len(picked)}-{"all" if level is None else level}"'
        if _unchanged(request, etag):
            return _not_modified(etag)
        lengths = [_prefix(frame, level) for _, frame in picked]
        head = envelope_head(
            {
                "from": start,
                "count": len(picked),
                "level": level,
                "frames": [
                    {"index": index, "digest": frame.digest, "length": length, "complete": length == frame.length}
                    for (index, frame), length in zip(picked, lengths, strict=True)
                ],
            }
        )
        body = _bundle(head, [(frame.digest, length, length == frame.length) for (_, frame), length in zip(picked, lengths, strict=True)])
        return _answer(StreamingHttpResponse(body, content_type=BUNDLE), etag, len(head) + sum(lengths))


def _bundle(head: bytes, parts: list[tuple[str, int, bool]]) -> Iterator[bytes]:
    yield head
    for digest, length, complete in parts:
        if complete:
            yield blob_read(digest=digest)
        else:
            yield from blob_open(digest=digest, length=length)


def _prefix(frame: FrameEntry, level: int | None) -> int:
    return frame.length if level is None else frame.levels[min(level, len(frame.levels) - 1)]


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid(f"'{name}' must be a whole number, 0 or more.", code="bad_parameter")
    return int(text)


def _unchanged(request: Request, etag: str) -> bool:
    asked = [tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")]
    return etag in asked or "*" in asked


def _not_modified(etag: str) -> HttpResponse:
    response = HttpResponse(status=304)
    response["ETag"], response["Cache-Control"] = etag, IMMUTABLE
    return response


def _answer(response: HttpResponseBase, etag: str, length: int) -> HttpResponseBase:
    response["Content-Length"], response["ETag"], response["Cache-Control"] = str(length), etag, IMMUTABLE
    return response


def blob_response(request: Request, digest: str, *, media_type: str, length: int | None = None) -> HttpResponseBase:
    """Return a blob, or the one range of it that was asked for (206), or 304, or 416. The ETag is the digest (RFC 9110, 13 and 14).

    A whole blob is checked against its digest before it leaves, so a damaged frame is an error and never an image.
    """
    etag = f'"{digest}"'
    if _unchanged(request, etag):
        return _not_modified(etag)
    size = _size(digest) if length is None else length
    asked = request.headers.get("Range", "")
    if asked and request.headers.get("If-Range", etag) == etag:
        span = span_of(asked, size)
        if span is None:
            response = HttpResponse(status=416)
            response["Content-Range"] = f"bytes */{size}"
            return response
        if span != (0, size):
            start, end = span
            partial = StreamingHttpResponse(blob_open(digest=digest, start=start, length=end - start), status=206, content_type=media_type)
            partial["Content-Range"], partial["Accept-Ranges"] = f"bytes {start}-{end - 1}/{size}", "bytes"
            return _answer(partial, etag, end - start)
    whole = HttpResponse(blob_read(digest=digest), content_type=media_type)
    whole["Accept-Ranges"] = "bytes"
    return _answer(whole, etag, size)


def _size(digest: str) -> int:
    return blob_get(digest=digest).size


def span_of(asked: str, size: int) -> tuple[int, int] | None:
    """Return [start, end) of a single range; the whole for what is not understood (as RFC 9110 14.2 allows); None when it begins past the end."""
    match = _RANGE.fullmatch(asked.replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) else None
    start, end = int(first), min(int(last) + 1, size) if last else size
    if start >= size:
        return None
    return (start, end) if start < end else (0, size)
