"""Whether the server holds what the browser shows, slice by slice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import person_of
from annotation.api.annotation import writable
from annotation.api.masks import BytesView
from annotation.models import Annotation
from annotation.services.slice_check import slice_heal, slices_check
from annotation.services.slices import slice_keys
from config.errors import Invalid
from storage.models import Stack

MOST = 2000


class ShownSliceSerializer(serializers.Serializer[Any]):
    stack = serializers.UUIDField()
    layer = serializers.CharField(max_length=32)
    key = serializers.CharField(max_length=200)
    digest = serializers.RegexField(r"^[0-9a-f]{64}$", help_text="SHA-256 of the raw slice as it shows.")


class CheckSlicesSerializer(serializers.Serializer[Any]):
    slices = serializers.ListField(child=ShownSliceSerializer(), max_length=MOST)


class DifferenceSerializer(serializers.Serializer[Any]):
    stack = serializers.UUIDField()
    layer = serializers.CharField()
    key = serializers.CharField()
    digest = serializers.CharField(help_text="SHA-256 of what the log came to.")
    is_damaged = serializers.BooleanField(help_text="The stored bytes are not that: send the whole slice.")


class CheckedSerializer(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    slices = DifferenceSerializer(many=True)


class AnnotationSliceCheckView(APIView):
    @extend_schema(tags=["annotation"], operation_id="annotation_slices_check", request=CheckSlicesSerializer, responses=CheckedSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Compare the slices you show with those that are stored; the answer holds only those that differ. Changes nothing."""
        annotation = writable(pk, person_of(request))
        sent = CheckSlicesSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        shown = sent.validated_data["slices"]
        stacks = {stack.pk: stack for stack in _stacks(annotation).filter(pk__in={each["stack"] for each in shown})}
        unknown = [str(each["stack"]) for each in shown if each["stack"] not in stacks]
        if unknown:
            raise Invalid("A slice names a stack that is not of this case's study.", code="unknown_stack", state={"stack": unknown[0]})
        asked = [(stacks[each["stack"]], (each["layer"], each["key"]), each["digest"]) for each in shown]
        return Response(CheckedSerializer({"seq": annotation.seq, "slices": slices_check(annotation=annotation, shown=asked)}).data)


class AnnotationSliceView(BytesView):
    @extend_schema(
        tags=["annotation"],
        operation_id="annotation_slice_heal",
        summary="Send a whole slice again whose stored bytes are damaged",
        description="The body is the raw slice, uint8 segment ids, row-major. Taken only when it is what the log came to; 409 "
        "`another_slice` otherwise.",
        parameters=[
            OpenApiParameter("stack", OpenApiTypes.UUID, required=True),
            OpenApiParameter("layer", OpenApiTypes.STR, required=True),
            OpenApiParameter("key", OpenApiTypes.STR, required=True, description="The slice's key."),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={204: None},
    )
    def put(self, request: Request, pk: UUID) -> HttpResponse:
        annotation = writable(pk, person_of(request))
        stack, layer = self.place(request, annotation.case.study_id)
        key = request.query_params.get("key", "")
        if key not in slice_keys(stack):
            raise Invalid("The slice is not in its stack.", code="unknown_slice", state={"key": key[:200]})
        slice_heal(annotation=annotation, stack=stack, place=(layer, key), raw=self.bundle(request))
        return HttpResponse(status=204)


def _stacks(annotation: Annotation) -> Any:
    return Stack.objects.filter(series__study=annotation.case.study_id)
