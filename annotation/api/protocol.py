"""Protocols: what a project labels, and how it is read."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import require
from accounts.authentication import person_of
from accounts.models import Project
from annotation.models import Protocol
from annotation.models.protocol import ReadingMode, ReviewRule
from annotation.services.protocol import protocol_change, protocol_create


class ProtocolSerializer(serializers.ModelSerializer[Protocol]):
    project = serializers.CharField(source="project.slug", read_only=True)
    schema = serializers.UUIDField(source="schema_id", read_only=True)
    structures = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Codes of the schema that this project labels."
    )
    recipe = serializers.DictField(read_only=True)
    hanging = serializers.DictField(read_only=True)

    class Meta:
        model = Protocol
        fields = [
            "id",
            "project",
            "name",
            "schema",
            "structures",
            "recipe",
            "hanging",
            "reading_mode",
            "readers",
            "review",
            "version",
            "is_active",
            "created_at",
        ]
        read_only_fields = fields


class ProtocolCreateSerializer(serializers.Serializer[Protocol]):
    project = serializers.SlugField(help_text="Slug of the project.")
    name = serializers.CharField(max_length=100)
    structures = serializers.ListField(child=serializers.CharField(max_length=32), required=False, help_text="Default: a whole spine.")
    reading_mode = serializers.ChoiceField(choices=ReadingMode.choices, default=ReadingMode.AI_FIRST)


class ProtocolChangeSerializer(serializers.Serializer[Protocol]):
    version = serializers.IntegerField(min_value=1, help_text="The version that you have seen.")
    reading_mode = serializers.ChoiceField(choices=ReadingMode.choices, required=False)
    readers = serializers.IntegerField(min_value=1, max_value=3, required=False, help_text="How many people read each case on their own.")
    review = serializers.ChoiceField(choices=ReviewRule.choices, required=False)
    forms = serializers.ListField(child=serializers.CharField(max_length=40), required=False, help_text="Codes of the forms in use.")
    required = serializers.ListField(  # type: ignore[assignment]  # DRF collects declared fields, whatever they are called
        child=serializers.CharField(max_length=40), required=False, help_text="Forms whose every cell must be answered before submitting."
    )


class ProtocolFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug")

    class Meta:
        model = Protocol
        fields: list[str] = ["is_active"]


@extend_schema(tags=["annotation"])
@extend_schema_view(
    list=extend_schema(description="Protocols of your projects."), retrieve=extend_schema(description="One protocol of your projects.")
)
class ProtocolViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Protocol]):
    serializer_class = ProtocolSerializer
    filterset_class = ProtocolFilter
    queryset = Protocol.objects.none()
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Protocol]:
        return Protocol.objects.visible_to(person_of(self.request)).select_related("project")

    @extend_schema(request=ProtocolCreateSerializer, responses={201: ProtocolSerializer}, description="Make a protocol.")
    def create(self, request: Request) -> Response:
        sent = ProtocolCreateSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        values = dict(sent.validated_data)
        project = get_object_or_404(Project.objects.visible_to(person_of(request)), slug=values.pop("project"))
        require(person_of(request), "project.manage", project)
        protocol = protocol_create(project=project, actor=person_of(request), **values)
        return Response(ProtocolSerializer(protocol).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ProtocolChangeSerializer, responses=ProtocolSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change how cases are read from now on. What was submitted before keeps the settings it was read under.

        409 `stale_protocol` with the settings as they are when somebody was faster.
        """
        user = person_of(request)
        known = Protocol.objects.filter(project__in=Project.objects.visible_to(user)).select_related("project")
        protocol = get_object_or_404(known, pk=pk)
        require(user, "project.manage", protocol.project)
        sent = ProtocolChangeSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(ProtocolSerializer(protocol_change(protocol=protocol, actor=user, **sent.validated_data)).data)
