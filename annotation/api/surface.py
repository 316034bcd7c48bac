"""The surface of a mask, for a three-dimensional pane: there at once when it was made before, else made by a worker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from annotation.api.masks import WHERE, BytesView
from annotation.models import Annotation, Case, Revision, Surface
from annotation.services.surface import annotation_surface, revision_surface, surface_body
from config.celery import enqueue
from config.errors import Unavailable
from jobs.models import Job
from storage.envelope import MEDIA_TYPE

Find = Callable[..., Surface | None]
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


class _SurfaceView(BytesView):
    """Answers with the surface that ``find`` finds of an annotation or a revision, or has it made."""

    def answer(
        self, request: Request, of: Annotation | Revision, find: Find, *, case: Case, segments: list[dict[str, Any]], kept: str
    ) -> HttpResponse:
        stack, layer = self.place(request, case.study_id)
        found = find(stack=stack, layer=layer)
        if found is not None:
            return _surface(request, found, segments, case.protocol.schema_id, of.seq, kept)
        payload = {type(of).__name__.lower(): str(of.pk), "stack": str(stack.pk), "layer": layer}
        return _making(payload, f"surface:{of.pk}:{stack.pk}:{layer}:{of.seq}", of.seq, case.project)


def _schema(operation: str, summary: str) -> Any:
    return extend_schema(
        tags=["annotation"], operation_id=operation, summary=summary, description=_WHAT, parameters=WHERE, responses=_ANSWERS
    )


class AnnotationSurfaceView(_SurfaceView):
    @_schema("annotation_surface", "The surface of one layer on one stack, as it stands")
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        annotation = self.annotation(pk)
        find = partial(annotation_surface, annotation=annotation)
        return self.answer(request, annotation, find, case=annotation.case, segments=annotation.segments, kept="private, no-cache")


class RevisionSurfaceView(_SurfaceView):
    @_schema("revision_surface", "The surface of one layer of a revision on one stack")
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        revision = self.revision(pk)
        find, case = partial(revision_surface, revision=revision), revision.annotation.case
        kept = "private, max-age=31536000, immutable"
        return self.answer(request, revision, find, case=case, segments=revision.content["segments"], kept=kept)


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
