"""Training runs: asked for, watched."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import require
from accounts.authentication import person_of
from accounts.models import Project
from config.celery import enqueue
from jobs.models import Job
from ml_backend.learning.config import TrainConfig
from ml_backend.models import TrainingRun
from ml_backend.services.training_run import training_run_create


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    project = serializers.SlugRelatedField[TrainingRun](slug_field="slug", read_only=True)
    dataset_version = serializers.StringRelatedField[Any](allow_null=True)
    base_model = serializers.CharField(source="base_model.name", read_only=True)
    model = serializers.UUIDField(source="result_id", read_only=True, allow_null=True, help_text="The model it made.")
    state = serializers.ChoiceField(source="job.state", choices=Job.State.choices, read_only=True, default="queued")
    progress = serializers.FloatField(source="job.progress", read_only=True, default=0.0, help_text="0 to 1.")
    note = serializers.CharField(source="job.progress_note", read_only=True, default="")
    error = serializers.CharField(source="job.error_message", read_only=True, default="", help_text="Why it failed, empty otherwise.")
    config = serializers.DictField()
    report = serializers.DictField(help_text="Sealed-test figures before and after, gate, seconds; empty until it is done.")

    class Meta:
        model = TrainingRun
        fields = ["id", "project", "labels", "dataset_version", "base_model", "model", "job", "state", "progress", "note", "error"]
        fields += ["config", "report", "created_at"]
        read_only_fields = fields


class TrainingRunCreateSerializer(serializers.Serializer[dict[str, Any]]):
    project = serializers.SlugField()
    labels = serializers.ChoiceField(choices=TrainingRun.Labels.choices, default=TrainingRun.Labels.READINGS)
    steps = serializers.IntegerField(
        min_value=1, max_value=20_000, default=TrainConfig.steps, help_text="About a third of a second each on one free core."
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=1)
    from_champion = serializers.BooleanField(default=False, help_text="Go on from the project's champion instead of the built-in model.")


class TrainingRunFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug", label="Slug of the project.")
    state = django_filters.MultipleChoiceFilter(field_name="job__state", choices=Job.State.choices, label="Any of these states.")

    class Meta:
        model = TrainingRun
        fields = ["project", "state"]


@extend_schema(tags=["learning"])
@extend_schema_view(
    list=extend_schema(description="Training runs of your projects, newest first."),
    retrieve=extend_schema(description="One run with its progress; cancel it by its job."),
)
class TrainingRunViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[TrainingRun]):
    serializer_class = TrainingRunSerializer
    filterset_class = TrainingRunFilter
    queryset = TrainingRun.objects.none()

    def get_queryset(self) -> QuerySet[TrainingRun]:
        found = TrainingRun.objects.visible_to(person_of(self.request))
        return found.select_related("project", "base_model", "job", "dataset_version__dataset").order_by("-created_at")

    @extend_schema(request=TrainingRunCreateSerializer, responses={202: TrainingRunSerializer})
    def create(self, request: Request) -> Response:
        """Freeze what was submitted, train on it, and measure on the sealed patients. 409 while a run of the project is under way."""
        person = person_of(request)
        sent = TrainingRunCreateSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        fields = dict(sent.validated_data)
        project = get_object_or_404(Project.objects.visible_to(person), slug=fields.pop("project"))
        require(person, "model.train", project)
        with transaction.atomic():
            run = training_run_create(project=project, user=person, **fields)
            run.job = enqueue(
                kind="ml_backend.train", payload={"training_run": str(run.pk)}, project=project, dedupe_key=f"ml_backend.train:{run.pk}"
            )
            run.save(update_fields=["job"])
        return Response(TrainingRunSerializer(run).data, status=status.HTTP_202_ACCEPTED)
