"""The surface of a mask, for a three-dimensional pane: there at once when it was made before, else made by a worker."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from annotation.api.masks import BytesView
from annotation.models import Surface
from annotation.services.surface import annotation_surface, revision_surface, surface_body
from config.celery import enqueue
from config.errors import Unavailable
from jobs.models import Job
from storage.envelope import MEDIA_TYPE

_WHERE = [
    OpenApiParameter("stack", OpenApiTypes.UUID, required=True),
    OpenApiParameter("layer", OpenApiTypes.STR, required=True, description="A layer of the schema, such as `instances`."),
]
_RETRY_SECONDS = 1


class SurfaceMakingSerializer(serializers.Serializer[Any]):
    state = serializers.CharField(help_text="`making`.")
    job = serializers.UUIDField()
    seq = serializers.IntegerField()


_ANSWERS = {(200, MEDIA_TYPE): OpenApiTypes.BINARY, (202, "application/json"): SurfaceMakingSerializer}
_WHAT = (
    "A bundle (docs/reference/surfaces.md): header `{format, stack, layer, key, seq, meshes: [{segment, structure, name, colour, vertices, "
    "triangles, offset, scale, volume, length}]}`, one gzip body a mesh. 202 with `Retry-After` while a worker makes it: ask again. "
    "409 `not_a_volume` for a stack without a grid."
)


class AnnotationSurfaceView(BytesView):
    @extend_schema(
        tags=["annotation"],
        operation_id="annotation_surface",
        summary="The surface of one layer on one stack, as it stands",
        description=_WHAT,
        parameters=_WHERE,
        responses=_ANSWERS,
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        annotation = self.annotation(pk)
        stack, layer = self.place(request, annotation.case.study_id)
        found = annotation_surface(annotation=annotation, stack=stack, layer=layer)
        if found is None:
            payload = {"annotation": str(annotation.pk), "stack": str(stack.pk), "layer": layer}
            return _making(payload, f"surface:{annotation.pk}:{stack.pk}:{layer}:{annotation.seq}", annotation.seq, annotation.project)
        return _surface(request, found, annotation.segments, annotation.case.protocol.schema_id, annotation.seq, "private, no-cache")


class RevisionSurfaceView(BytesView):
    @extend_schema(
        tags=["annotation"],
        operation_id="revision_surface",
        summary="The surface of one layer of a revision on one stack",
        description=_WHAT,
        parameters=_WHERE,
        responses=_ANSWERS,
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        revision = self.revision(pk)
        case = revision.annotation.case
        stack, layer = self.place(request, case.study_id)
        found = revision_surface(revision=revision, stack=stack, layer=layer)
        if found is None:
            payload = {"revision": str(revision.pk), "stack": str(stack.pk), "layer": layer}
            return _making(payload, f"surface:{revision.pk}:{stack.pk}:{layer}", revision.seq, case.project)
        kept = "private, max-age=31536000, immutable"
        return _surface(request, found, revision.content["segments"], case.protocol.schema_id, revision.seq, kept)


def _making(payload: dict[str, Any], dedupe: str, seq: int, project: Any) -> HttpResponse:
    job = enqueue(kind="annotation.surface", payload=payload, project=project, dedupe_key=dedupe)
    if job.state in (Job.State.FAILED, Job.State.CANCELLED):
        raise Unavailable("The surface could not be made. The mask itself is safe; the pane stays without it.", code="surface_failed")
    response = JsonResponse({"state": "making", "job": str(job.pk), "seq": seq}, status=202)
    response["Retry-After"], response["Cache-Control"] = str(_RETRY_SECONDS), "private, no-store"
    return response


def _surface(request: Request, found: Surface, segments: list[dict[str, Any]], schema: Any, seq: int, kept: str) -> HttpResponse:
    body = surface_body(surface=found, segments=segments, schema_id=schema, seq=seq)
    etag = f'"{hashlib.sha256(body).hexdigest()}"'
    unchanged = request.headers.get("If-None-Match") == etag
    response = HttpResponse(status=304) if unchanged else HttpResponse(body, content_type=MEDIA_TYPE)
    response["ETag"], response["Cache-Control"] = etag, kept
    return response
