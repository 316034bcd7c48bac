"""Prompts: web checks who may, and passes the rest to the prompts process."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.abilities import require
from accounts.authentication import person_of
from annotation.models import Case, Structure
from annotation.models.protocol import ReadingMode
from config.errors import Conflict, Missing
from ml_backend.services.prompt_client import prompt_ask
from storage.models import Stack

SALT = "columna.prompts"
HOURS = 12 * 3600


class PromptSessionCreateSerializer(serializers.Serializer[dict[str, Any]]):
    stack = serializers.UUIDField()
    layer = serializers.CharField(max_length=32, default="instances")
    structure = serializers.CharField(max_length=32, default="", allow_blank=True, help_text="Code of what is drawn; empty: anything.")


class PromptSessionSerializer(serializers.Serializer[dict[str, Any]]):
    id = serializers.CharField()
    stack = serializers.UUIDField()
    layer = serializers.CharField()
    engine = serializers.CharField()
    model = serializers.UUIDField()
    shape = serializers.ListField(child=serializers.IntegerField(), help_text="Slices, rows, columns.")


class PromptCreateSerializer(serializers.Serializer[dict[str, Any]]):
    kind = serializers.ChoiceField(choices=["click", "box", "scribble"], default="click")
    points = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(min_value=0), min_length=3, max_length=3),
        min_length=1,
        max_length=2000,
        help_text="[slice, row, column]: one for a click, two corners of a box, the path of a scribble.",
    )
    positive = serializers.BooleanField(default=True, help_text="Whether this lies inside the structure.")
    restart = serializers.BooleanField(default=False, help_text="Forget the prompts before this one.")


class PatchSerializer(serializers.Serializer[dict[str, Any]]):
    start = serializers.ListField(child=serializers.IntegerField(), help_text="Slice, row, column of the patch's first voxel.")
    shape = serializers.ListField(child=serializers.IntegerField(), help_text="Slices, rows, columns of the patch.")
    bits = serializers.CharField(help_text="Base64 of one bit per voxel, row by row, the first in the highest bit.")
    voxels = serializers.IntegerField()
    engine = serializers.CharField()
    milliseconds = serializers.FloatField()


@extend_schema(tags=["prompts"])
class PromptSessionsView(APIView):
    @extend_schema(request=PromptSessionCreateSerializer, responses={201: PromptSessionSerializer})
    def post(self, request: Request) -> Response:
        """Open a session on a stack. 409 where no model may help: sealed patients, and protocols that hide it from readers."""
        person = person_of(request)
        sent = PromptSessionCreateSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        stack = get_object_or_404(Stack.objects.visible_to(person).select_related("project"), pk=sent.validated_data["stack"])
        require(person, "case.label", stack.project)
        category = _category(stack, sent.validated_data["structure"])
        answer = prompt_ask("/sessions", {"stack": str(stack.pk), "category": category})
        token = signing.dumps({"session": answer.pop("session"), "person": str(person.pk), "stack": str(stack.pk)}, salt=SALT)
        found = {**answer, "id": token, "stack": stack.pk, "layer": sent.validated_data["layer"]}
        return Response(PromptSessionSerializer(found).data, status=status.HTTP_201_CREATED)


@extend_schema(tags=["prompts"])
class PromptsView(APIView):
    @extend_schema(request=PromptCreateSerializer, responses=PatchSerializer)
    def post(self, request: Request, token: str) -> Response:
        """Add a click, box or scribble; the answer is the only box of the mask that changes."""
        person = person_of(request)
        try:
            held = signing.loads(token, salt=SALT, max_age=HOURS)
        except signing.BadSignature:
            raise Missing("This prompt session has ended. Open a new one.", code="session_missing") from None
        if held["person"] != str(person.pk):
            raise Missing("This prompt session is not yours. Open one of your own.", code="session_missing")
        stack = get_object_or_404(Stack.objects.visible_to(person).select_related("project"), pk=held["stack"])
        require(person, "case.label", stack.project)
        _category(stack, "")
        sent = PromptCreateSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(PatchSerializer(prompt_ask(f"/sessions/{held['session']}/points", sent.validated_data)).data)


def _category(stack: Stack, structure: str) -> str:
    """Return the category of a structure code. Raises :class:`Conflict` where a model may not help with this stack."""
    cases = list(Case.objects.filter(stacks=stack).select_related("subject", "protocol"))
    if any(case.is_sealed for case in cases):
        raise Conflict("The patient is sealed: no model helps with this case. Draw with the brush.", code="sealed")
    if cases and not any(case.protocol.reading_mode == ReadingMode.AI_FIRST for case in cases):
        raise Conflict("This protocol hides the model from its readers. Draw with the brush.", code="ai_hidden")
    if not structure:
        return ""
    schemas = {case.protocol.schema_id for case in cases}
    found = Structure.objects.filter(schema__in=schemas, code=structure).values_list("category", flat=True).first()
    return found or ""
