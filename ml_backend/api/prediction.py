"""Predictions: what was proposed where, how sure the model was, and why a stack was left out."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from accounts.authentication import person_of
from ml_backend.models import Prediction


class PredictionSerializer(serializers.ModelSerializer[Prediction]):
    project = serializers.SlugRelatedField[Prediction](slug_field="slug", read_only=True)
    model = serializers.CharField(source="model_version.name", read_only=True)
    scores = serializers.DictField(help_text="Per stack: seconds, structures and mean entropy, or `skipped` and `message`.")

    class Meta:
        model = Prediction
        fields = ["id", "project", "case", "model", "model_version", "revision", "job", "scores", "skipped_reason", "created_at"]
        read_only_fields = fields


class PredictionFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug", label="Slug of the project.")
    case = django_filters.UUIDFilter(field_name="case", label="Id of the case.")
    model = django_filters.UUIDFilter(field_name="model_version", label="Id of the model.")

    class Meta:
        model = Prediction
        fields = ["project", "case", "model"]


@extend_schema(tags=["learning"])
@extend_schema_view(
    list=extend_schema(description="Predictions over cases that you manage, newest first."),
    retrieve=extend_schema(description="One prediction."),
)
class PredictionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Prediction]):
    serializer_class = PredictionSerializer
    filterset_class = PredictionFilter
    queryset = Prediction.objects.none()

    def get_queryset(self) -> QuerySet[Prediction]:
        return Prediction.objects.visible_to(person_of(self.request)).select_related("project", "model_version").order_by("-created_at")
