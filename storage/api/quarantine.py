"""Quarantine: what is held back and why, without anything of the patient; and deciding about it."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import person_of
from storage.models import QuarantineItem
from storage.services.quarantine import ACTIONS, WAIVABLE, item_confirm, item_decide
from storage.services.quarantine_picture import item_picture, item_reveal
from storage.tasks import assemble_batch


class QuarantineFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug", label="Slug of the project.")
    state = django_filters.MultipleChoiceFilter(choices=QuarantineItem.State.choices, label="Any of these states.")

    class Meta:
        model = QuarantineItem
        fields = ["project", "reason", "state", "source"]


class ElementSerializer(serializers.Serializer[QuarantineItem]):
    tag = serializers.CharField(help_text="Which element, such as (0008,103E).")
    finding = serializers.CharField(help_text="What was found there; never the value.")


class ProposalSerializer(serializers.Serializer[QuarantineItem]):
    action = serializers.ChoiceField(choices=ACTIONS)
    boxes = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))


class QuarantineItemSerializer(serializers.ModelSerializer[QuarantineItem]):
    project = serializers.SlugRelatedField[QuarantineItem](slug_field="slug", read_only=True)
    elements = ElementSerializer(many=True, read_only=True)
    releasable = serializers.SerializerMethodField(
        help_text="Whether a person may let it in; what cannot be understood can only be dropped."
    )

    decision = serializers.SerializerMethodField(help_text="What the first person decided; null while nobody has.")
    decided_by_name = serializers.SerializerMethodField(help_text="Who that was.")
    is_mine = serializers.SerializerMethodField(help_text="Whether you are the one who decided: then somebody else confirms.")

    class Meta:
        model = QuarantineItem
        fields = [
            *("id", "project", "source", "batch", "reason", "message", "elements", "modality", "study_key", "size", "state", "releasable"),
            *("decision", "decided_by", "decided_by_name", "is_mine", "decided_at", "confirmed_by", "confirmed_at", "created_at"),
        ]
        read_only_fields = fields

    @extend_schema_field(ProposalSerializer(allow_null=True))
    def get_decision(self, item: QuarantineItem) -> dict[str, Any] | None:
        return item.decision or None

    def get_decided_by_name(self, item: QuarantineItem) -> str:
        return str(item.decided_by) if item.decided_by else ""

    def get_is_mine(self, item: QuarantineItem) -> bool:
        request = self.context.get("request")
        return request is not None and item.decided_by_id == request.user.pk

    def get_releasable(self, item: QuarantineItem) -> bool:
        return item.reason in WAIVABLE


class DecisionSerializer(serializers.Serializer[QuarantineItem]):
    action = serializers.ChoiceField(choices=ACTIONS)
    boxes = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(min_value=0), min_length=4, max_length=4),
        required=False,
        help_text="For redact: [row, column, row, column] each, half open.",
    )


class ConfirmSerializer(serializers.Serializer[QuarantineItem]):
    agree = serializers.BooleanField()


class RevealSerializer(serializers.Serializer[QuarantineItem]):
    reason = serializers.CharField(max_length=300)
    frame = serializers.IntegerField(min_value=1, default=1)


_PNG = {(200, "image/png"): OpenApiTypes.BINARY}


@extend_schema(tags=["storage"])
@extend_schema_view(
    list=extend_schema(description="What is held back in your projects, newest first. ``study_key`` groups what belongs together."),
    retrieve=extend_schema(description="One item."),
)
class QuarantineViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[QuarantineItem]):
    serializer_class = QuarantineItemSerializer
    filterset_class = QuarantineFilter
    queryset = QuarantineItem.objects.none()

    def get_queryset(self) -> QuerySet[QuarantineItem]:
        return QuarantineItem.objects.visible_to(person_of(self.request)).select_related("project", "source", "batch", "decided_by")

    @extend_schema(request=DecisionSerializer, responses=QuarantineItemSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Release, redact or drop; where the project wants two people this is a proposal."""
        item = self.get_object()
        form = DecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        item = item_decide(item=item, user=person_of(request), **form.validated_data)
        assemble_batch(item.batch)
        return Response(self.get_serializer(item).data)

    @extend_schema(request=ConfirmSerializer, responses=QuarantineItemSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Confirm somebody else's proposal, or send it back."""
        item = self.get_object()
        form = ConfirmSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        item = item_confirm(item=item, user=person_of(request), agree=form.validated_data["agree"])
        assemble_batch(item.batch)
        return Response(self.get_serializer(item).data)

    @extend_schema(parameters=[OpenApiParameter("frame", int, description="From 1.")], responses=_PNG)
    @action(detail=True, methods=["get"])
    def image(self, request: Request, pk: str) -> HttpResponse:
        """A picture of one frame with every text that was found hidden."""
        frame = request.query_params.get("frame", "1")
        return _png(item_picture(item=self.get_object(), frame=int(frame) if frame.isdigit() else 1))

    @extend_schema(request=RevealSerializer, responses=_PNG)
    @action(detail=True, methods=["post"])
    def reveal(self, request: Request, pk: str) -> HttpResponse:
        """The picture with nothing hidden. The reason goes to the audit trail first."""
        item = self.get_object()
        form = RevealSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return _png(item_reveal(item=item, user=person_of(request), **form.validated_data))


def _png(data: bytes) -> HttpResponse:
    return HttpResponse(data, content_type="image/png", headers={"Cache-Control": "no-store"})
