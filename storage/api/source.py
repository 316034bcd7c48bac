"""Sources: who may send, and to which project."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import require
from accounts.authentication import person_of
from storage.api.project import field, project_for
from storage.models import Source
from storage.services.source import FIELDS, source_create, source_move, source_update
from storage.tasks import pull_later


class SourceFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug", label="Slug of the project.")

    class Meta:
        model = Source
        fields = ["project", "kind", "is_active"]


class SourceSerializer(serializers.ModelSerializer[Source]):
    project = serializers.SlugRelatedField[Source](slug_field="slug", read_only=True)
    addresses = serializers.ListField(child=serializers.CharField(max_length=64), required=False)
    modalities = serializers.ListField(child=serializers.CharField(max_length=16), required=False)
    pull_filter = serializers.DictField(required=False)
    has_credentials = serializers.SerializerMethodField()

    class Meta:
        model = Source
        fields = ["id", "project", *FIELDS, "worklist_length", "has_credentials", "pulled_at", "created_at"]
        read_only_fields = ["id", "project", "worklist_length", "pulled_at", "created_at"]
        validators: list[Any] = []  # the service says which field is taken

    def get_has_credentials(self, source: Source) -> bool:
        return bool(source.credentials)


class SourceCreateSerializer(SourceSerializer):
    project = serializers.CharField(help_text="Slug of the project.")  # type: ignore[assignment]  # written by slug, read back as one

    class Meta(SourceSerializer.Meta):
        read_only_fields = ["id", "worklist_length", "pulled_at", "created_at"]


class SourceMoveSerializer(serializers.Serializer[Source]):
    project = serializers.CharField(help_text="Slug of the project.")


class PullSerializer(serializers.Serializer[Source]):
    job = serializers.UUIDField(help_text="The job that fetches.")


@extend_schema(tags=["storage"])
@extend_schema_view(list=extend_schema(description="The sources of your projects."), retrieve=extend_schema(description="One source."))
class SourceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Source]):
    serializer_class = SourceSerializer
    filterset_class = SourceFilter
    queryset = Source.objects.none()

    def get_queryset(self) -> QuerySet[Source]:
        return Source.objects.visible_to(person_of(self.request)).select_related("project")

    @extend_schema(request=SourceCreateSerializer, responses={201: SourceSerializer})
    def create(self, request: Request) -> Response:
        """Authorise a new source."""
        user = person_of(request)
        project = project_for(user, field(request, "project"), "source.manage")
        form = SourceCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = {name: value for name, value in form.validated_data.items() if name in FIELDS}
        source = source_create(project=project, user=user, **fields)
        return Response(SourceSerializer(source).data, status=201)

    @extend_schema(request=None, responses={202: PullSerializer})
    @action(detail=True, methods=["post"])
    def pull(self, request: Request, pk: str) -> Response:
        """Fetch now from the PACS what fits the source's ``pull_filter``."""
        source = self.get_object()
        require(person_of(request), "source.manage", source.project)
        return Response({"job": str(pull_later(source).pk)}, status=202)

    @extend_schema(request=SourceMoveSerializer, responses=SourceSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Have what the source sends from now on go to another project; you manage the sources of both. What is here stays."""
        source = self.get_object()
        user = person_of(request)
        require(user, "source.manage", source.project)
        project = project_for(user, field(request, "project"), "source.manage")
        return Response(SourceSerializer(source_move(source=source, project=project, user=user)).data)

    @extend_schema(request=SourceSerializer, responses=SourceSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a source, or switch it off and on (``is_active``)."""
        source = self.get_object()
        user = person_of(request)
        require(user, "source.manage", source.project)
        form = SourceSerializer(source, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changed = source_update(source=source, user=user, **form.validated_data)
        return Response(SourceSerializer(changed).data)
