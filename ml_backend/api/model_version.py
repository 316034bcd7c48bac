"""Models: what they learned from, how good they are, and which one proposes."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db import transaction
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import require
from accounts.authentication import person_of
from accounts.models import Project
from config.celery import enqueue
from config.errors import Invalid
from ml_backend.models import ModelVersion
from ml_backend.services.model_version import model_promote


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    project = serializers.SlugRelatedField[ModelVersion](slug_field="slug", read_only=True, help_text="Null for the built-in model.")
    dataset_version = serializers.StringRelatedField[Any](allow_null=True, help_text="What it learned from.")
    manifest_digest = serializers.CharField(source="dataset_version.manifest_digest", read_only=True, default=None, allow_null=True)
    base_model = serializers.CharField(source="parent.name", read_only=True, default=None, allow_null=True)
    config = serializers.DictField(help_text="Preprocessing profile and network.")
    report = serializers.DictField(help_text="Figures on sealed patients, the gate's verdict, how it was trained.")

    class Meta:
        model = ModelVersion
        fields = [
            "id",
            "project",
            "name",
            "state",
            "weights_digest",
            "config",
            "dataset_version",
            "manifest_digest",
            "base_model",
            "report",
        ]
        fields += ["created_at", "promoted_at"]
        read_only_fields = fields


class PromoteSerializer(serializers.Serializer[dict[str, Any]]):
    project = serializers.SlugField(required=False, help_text="Needed to go back to the built-in model; else the model's own project.")


class PromotedSerializer(serializers.Serializer[dict[str, Any]]):
    model = ModelVersionSerializer()
    job = serializers.UUIDField(help_text="The job that asks for new proposals of the cases nobody has begun.")


class ModelVersionFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(method="in_project", label="Slug of a project: its models and the built-in ones.")
    state = django_filters.MultipleChoiceFilter(choices=ModelVersion.State.choices, label="Any of these states.")

    class Meta:
        model = ModelVersion
        fields = ["project", "state"]

    def in_project(self, found: QuerySet[ModelVersion], name: str, value: str) -> QuerySet[ModelVersion]:
        return found.filter(Q(project__slug=value) | Q(project=None))


@extend_schema(tags=["learning"])
@extend_schema_view(
    list=extend_schema(description="Models of your projects and the built-in ones, newest first."),
    retrieve=extend_schema(description="One model with its report."),
)
class ModelVersionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ModelVersion]):
    serializer_class = ModelVersionSerializer
    filterset_class = ModelVersionFilter
    queryset = ModelVersion.objects.none()

    def get_queryset(self) -> QuerySet[ModelVersion]:
        found = ModelVersion.objects.visible_to(person_of(self.request))
        return found.select_related("project", "parent", "dataset_version__dataset").order_by("-created_at")

    @extend_schema(request=PromoteSerializer, responses=PromotedSerializer)
    @action(detail=True, methods=["post"])
    def promote(self, request: Request, pk: str) -> Response:
        """Let this model propose from now on. Cases that nobody has begun get new proposals. 409 `gate_refused` for a refused one."""
        model, person = self.get_object(), person_of(request)
        sent = PromoteSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        project = self._project(model, sent.validated_data.get("project"))
        require(person, "model.promote", project)
        with transaction.atomic():
            model = model_promote(model=model, project=project, user=person)
            job = enqueue(kind="ml_backend.repredict", payload={"project": str(project.pk), "model": str(model.pk)}, project=project)
        return Response(PromotedSerializer({"model": model, "job": job.pk}).data)

    def _project(self, model: ModelVersion, slug: str | None) -> Project:
        if slug is None:
            if model.project is None:
                raise Invalid("Name the project in which the built-in model is to propose.", code="project_needed")
            return model.project
        project = get_object_or_404(Project.objects.visible_to(person_of(self.request)), slug=slug)
        if model.project is not None and model.project != project:
            raise Invalid("A project's model proposes in its own project only.", code="wrong_project")
        return project
