"""Datasets."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import require
from accounts.authentication import person_of
from accounts.models import Project
from datasets.models import Dataset, Version
from datasets.services.dataset import dataset_create


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    project = serializers.SlugField(source="project.slug", read_only=True)
    latest = serializers.SerializerMethodField(help_text="Number of the newest released version, or null.")

    class Meta:
        model = Dataset
        fields = ["id", "slug", "name", "project", "licence", "tier", "description", "duo", "latest", "created_at"]

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_latest(self, dataset: Dataset) -> str | None:
        found = dataset.versions.releases().filter(state=Version.State.RELEASED).order_by("-released_at").first()
        return found.number if found else None


class DatasetCreateSerializer(serializers.Serializer[dict[str, Any]]):
    project = serializers.SlugField(help_text="Slug of the project it is made of.")
    slug = serializers.SlugField(max_length=80, help_text="What `columna pull` names it by, unique on this server, for good.")
    name = serializers.CharField(max_length=200)
    licence = serializers.CharField(max_length=64, help_text="SPDX identifier, e.g. `CC-BY-4.0`.")
    tier = serializers.ChoiceField(choices=Dataset.Tier.choices, default=Dataset.Tier.CONTROLLED)
    description = serializers.CharField(default="", allow_blank=True, max_length=10_000)
    duo = serializers.ListField(child=serializers.RegexField(r"^DUO:\d{7}$"), default=list, help_text="Data Use Ontology codes.")


class DatasetFilter(filters.FilterSet):
    project = filters.CharFilter(field_name="project__slug", label="Slug of the project.")

    class Meta:
        model = Dataset
        fields = ["project"]


@extend_schema(tags=["datasets"])
@extend_schema_view(
    list=extend_schema(description="The datasets you may look at."),
    retrieve=extend_schema(description="One dataset."),
)
class DatasetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Dataset]):
    serializer_class = DatasetSerializer
    queryset = Dataset.objects.none()
    filterset_class = DatasetFilter
    lookup_field = "slug"
    pull_methods = frozenset({"GET"})

    def get_queryset(self) -> QuerySet[Dataset]:
        return Dataset.objects.visible_to(person_of(self.request)).select_related("project")

    @extend_schema(request=DatasetCreateSerializer, responses={201: DatasetSerializer})
    def create(self, request: Request) -> Response:
        """Make a dataset of a project; its versions come later."""
        form = DatasetCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        project = get_object_or_404(Project.objects.visible_to(person_of(request)), slug=fields.pop("project"))
        require(person_of(request), "dataset.manage", project)
        dataset = dataset_create(project=project, user=person_of(request), **fields)
        return Response(DatasetSerializer(dataset).data, status=status.HTTP_201_CREATED)
