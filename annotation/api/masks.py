"""The bytes of annotations and revisions: masks, operations, uncertainty. Plain answers, without content negotiation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import person_of
from annotation.api.annotation import AnnotationSerializer, subject_stays, writable
from annotation.models import Annotation, Revision
from annotation.services.annotation import annotation_branch
from annotation.services.operation import operations_apply
from annotation.services.operation_batch import batch_decode
from annotation.services.slices import slice_keys
from annotation.services.uncertainty import uncertainty_read
from config.errors import ColumnaError, Conflict, Invalid, Missing
from storage.envelope import MEDIA_TYPE as BUNDLE
from storage.envelope import envelope_encode
from storage.models import Stack
from storage.services.blob import blob_read

BODY_LIMIT = 32 * 1024**2
OPERATIONS_PAGE = 2000
BUNDLE_ANSWER = {(200, BUNDLE): OpenApiTypes.BINARY}
WHERE = [
    OpenApiParameter("stack", OpenApiTypes.UUID, required=True),
    OpenApiParameter("layer", OpenApiTypes.STR, required=True, description="A layer of the schema, such as `instances`."),
]


class TooLarge(ColumnaError):
    code = "too_large"
    status_code = 413


class AsItIs(BaseContentNegotiation):
    """The bytes are what they are: ``Accept`` decides nothing."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0] if parsers else None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class Unread(BaseParser):
    """Leaves the body alone: checking a session's CSRF token makes DRF parse it, and it is no form and no JSON."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return {}


class BytesView(APIView):
    content_negotiation_class = AsItIs
    parser_classes = [Unread]

    def annotation(self, pk: UUID) -> Annotation:
        person = person_of(self.request)
        found = (
            Annotation.objects.visible_to(person).select_related("project", "case__protocol__schema", "derived_from").filter(pk=pk).first()
        )
        if found is None:
            own = get_object_or_404(Annotation.objects.select_related("case__subject"), pk=pk, author=person)
            subject_stays(own.case.subject)
            raise Missing("There is no such annotation, or it is not yours to see.")
        return found

    def revision(self, pk: UUID) -> Revision:
        return get_object_or_404(Revision.objects.visible_to(person_of(self.request)).select_related("annotation__case"), pk=pk)

    def place(self, request: Request, study: UUID) -> tuple[Stack, str]:
        """Return the stack and layer that the address asks for. A stack of another study raises :class:`Missing`."""
        try:
            stack = Stack.objects.filter(pk=UUID(request.query_params.get("stack", "")), series__study=study).first()
        except ValueError:
            raise Invalid("Name the stack and the layer: ?stack=ID&layer=instances.") from None
        if stack is None:
            raise Missing("The stack is not of this case's study.")
        return stack, request.query_params.get("layer", "")

    def bundle(self, request: Request) -> bytes:
        if int(request.headers.get("Content-Length") or 0) > BODY_LIMIT:
            raise TooLarge(f"A batch is at most {BODY_LIMIT // 1024**2} MiB. Send fewer operations at once.")
        body: bytes = request._request.body
        return body


def mask_bundle(stack: Stack, extra: dict[str, Any], slices: Iterable[tuple[str, str, bytes]]) -> bytes:
    """Return the bundle of a mask from (slice key, digest of the raw slice, gzip); empty slices are simply not in it."""
    parts = list(slices)
    listed = [{"key": key, "length": len(data), "digest": digest} for key, digest, data in parts]
    return envelope_encode({**extra, "rows": stack.rows, "columns": stack.columns, "slices": listed}, [data for _, _, data in parts])


def revision_slices(revision: Revision, layer: str, keys: Iterable[str]) -> Iterator[tuple[str, str, bytes]]:
    held = revision.content["layers"].get(layer, {})
    for key in keys:
        if key in held:
            yield key, held[key], blob_read(digest=revision.chunks[held[key]]["blob"])


class AnnotationMaskView(BytesView):
    @extend_schema(
        tags=["annotation"],
        operation_id="annotation_mask",
        summary="The mask of one layer on one stack, as it stands",
        description="A bundle: header `{seq, rows, columns, slices: [{key, length, digest}]}`, bodies gzip of uint8 segment ids, "
        "row-major. Slices with nothing in them are left out; `digest` is the SHA-256 of the bytes inside the gzip.",
        parameters=WHERE,
        responses=BUNDLE_ANSWER,
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        annotation = self.annotation(pk)
        stack, layer = self.place(request, annotation.case.study_id)
        for _ in range(5):
            seq = annotation.seq
            slices = self._slices(annotation, stack, layer)
            annotation.refresh_from_db(fields=["seq"])
            if annotation.seq == seq:
                response = HttpResponse(mask_bundle(stack, {"seq": seq}, slices), content_type=BUNDLE)
                response["Cache-Control"] = "private, no-store"
                return response
        raise Conflict("The annotation is being written faster than it can be read. Try again.", code="busy", state={"seq": annotation.seq})

    def _slices(self, annotation: Annotation, stack: Stack, layer: str) -> list[tuple[str, str, bytes]]:
        keys = slice_keys(stack)
        own = {chunk.slice_key: chunk for chunk in annotation.chunks.filter(layer=layer, slice_key__in=keys)}
        slices = [(key, own[key].digest, bytes(own[key].data)) for key in keys if key in own and own[key].counts]
        if annotation.derived_from:
            slices += revision_slices(annotation.derived_from, layer, [key for key in keys if key not in own])
        order = {key: index for index, key in enumerate(keys)}
        return sorted(slices, key=lambda piece: order[piece[0]])


class AppliedOperationSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    seq = serializers.IntegerField()


class AppliedSliceSerializer(serializers.Serializer[Any]):
    stack = serializers.UUIDField()
    layer = serializers.CharField()
    key = serializers.CharField()
    digest = serializers.CharField(help_text="SHA-256 of the raw slice as it stands now.")


class AppliedSerializer(serializers.Serializer[Any]):
    seq = serializers.IntegerField(help_text="How many operations the annotation has now.")
    applied = AppliedOperationSerializer(many=True)
    slices = AppliedSliceSerializer(many=True)


class LoggedSerializer(serializers.Serializer[Any]):
    seq = serializers.IntegerField(help_text="How many operations the annotation has now.")
    ops = serializers.ListField(child=serializers.DictField())


class AnnotationOperationsView(BytesView):
    @extend_schema(
        tags=["annotation"],
        operation_id="annotation_operations_list",
        summary="The operations after a sequence number",
        description=f"`{{seq, ops: [...]}}` with at most {OPERATIONS_PAGE} operations as they were sent, each with its `seq` and what "
        f"takes it back (`was`). As JSON without the voxels; with `Accept: {BUNDLE}` as a bundle, whose bodies are the patches of the "
        "slices, one after the other.",
        parameters=[OpenApiParameter("after", OpenApiTypes.INT, description="0 for all.")],
        responses={(200, "application/json"): LoggedSerializer, **BUNDLE_ANSWER},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        annotation = self.annotation(pk)
        after = request.query_params.get("after", "0")
        if not after.isdigit():
            raise Invalid("'after' is a sequence number.")
        rows = annotation.operations.filter(seq__gt=int(after))
        whole = BUNDLE in request.headers.get("Accept", "")
        listed = list((rows if whole else rows.defer("body"))[:OPERATIONS_PAGE])
        header = {"seq": annotation.seq, "ops": [{**row.header, "seq": row.seq} for row in listed]}
        response: HttpResponse = JsonResponse(header)
        if whole:
            response = HttpResponse(envelope_encode(header, [bytes(row.body) for row in listed]), content_type=BUNDLE)
        response["Cache-Control"] = "private, no-store"
        return response

    @extend_schema(
        tags=["annotation"],
        operation_id="annotation_operations_apply",
        summary="Apply a batch of operations",
        description="A bundle (see docs/concepts/annotation.md): header `{ops, base_seq, assignment, epoch}`, bodies the patches. "
        "All of it is applied or none; operations that are in the log already are acknowledged again. "
        "409: `stale_revision`, `lease_expired`, `old_value_mismatch`, `unknown_value`, `locked_segment`, `segment_not_empty`, "
        "`operation_reused`, `already_submitted`, each with the state as it is.",
        request={BUNDLE: OpenApiTypes.BINARY},
        responses=AppliedSerializer,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        annotation = writable(pk, person_of(request))
        done = operations_apply(annotation=annotation, user=person_of(request), batch=batch_decode(self.bundle(request)))
        applied = [{"id": op_id, "seq": seq} for op_id, seq in done.operations]
        return Response(AppliedSerializer({"seq": done.seq, "applied": applied, "slices": done.slices}).data)


class AnnotationBranchView(BytesView):
    @extend_schema(
        tags=["annotation"],
        operation_id="annotation_branch",
        summary="Keep operations that came too late as a branch",
        description="The same bundle as for applying. It becomes an annotation of its own that begins where `base_seq` says; "
        "nothing of the original changes, and no lease is needed.",
        request={BUNDLE: OpenApiTypes.BINARY},
        responses=AnnotationSerializer,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        annotation = writable(pk, person_of(request))
        branch = annotation_branch(annotation=annotation, user=person_of(request), batch=batch_decode(self.bundle(request)))
        return Response(AnnotationSerializer(branch).data)


class RevisionMaskView(BytesView):
    @extend_schema(
        tags=["annotation"],
        operation_id="revision_mask",
        summary="The frozen mask of one layer on one stack",
        description="A bundle as for an annotation's mask. Immutable.",
        parameters=WHERE,
        responses=BUNDLE_ANSWER,
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        revision = self.revision(pk)
        stack, layer = self.place(request, revision.annotation.case.study_id)
        etag = f'"{revision.digest}.{stack.pk}.{layer}"'
        if request.headers.get("If-None-Match") == etag:
            return _kept(HttpResponse(status=304), etag)
        body = mask_bundle(stack, {"seq": revision.seq}, revision_slices(revision, layer, slice_keys(stack)))
        return _kept(HttpResponse(body, content_type=BUNDLE), etag)


class RevisionUncertaintyView(BytesView):
    @extend_schema(
        tags=["annotation"],
        operation_id="revision_uncertainty",
        summary="How sure the model was, per structure and slice",
        description="`stacks` says it for every structure and slice, `doubts` lists the places that somebody should look at, worst first: "
        "what every page counts and shows. 404 when the revision has none.",
        responses={200: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        revision = self.revision(pk)
        if not revision.uncertainty:
            raise Missing("This revision has no uncertainty: it is not a model's.")
        etag = f'"{revision.uncertainty}.doubts"'
        answer = (
            HttpResponse(status=304) if request.headers.get("If-None-Match") == etag else JsonResponse(uncertainty_read(revision=revision))
        )
        answer["ETag"], answer["Cache-Control"] = etag, "private, no-cache"
        return answer


def _kept(response: HttpResponse, etag: str) -> HttpResponse:
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
