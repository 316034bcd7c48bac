"""Quarantine: what is held back and why, without anything of the patient."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from accounts.authentication import person_of
from storage.models import QuarantineItem


class QuarantineFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug", label="Slug of the project.")
    state = django_filters.MultipleChoiceFilter(choices=QuarantineItem.State.choices, label="Any of these states.")

    class Meta:
        model = QuarantineItem
        fields = ["project", "reason", "state", "source"]


class ElementSerializer(serializers.Serializer[QuarantineItem]):
    tag = serializers.CharField(help_text="Which element, such as (0008,103E).")
    finding = serializers.CharField(help_text="What was found there; never the value.")


class QuarantineItemSerializer(serializers.ModelSerializer[QuarantineItem]):
    project = serializers.SlugRelatedField[QuarantineItem](slug_field="slug", read_only=True)
    elements = ElementSerializer(many=True, read_only=True)

    class Meta:
        model = QuarantineItem
        fields = [
            *("id", "project", "source", "batch", "reason", "message", "elements", "modality", "study_key", "size", "state"),
            *("decided_at", "confirmed_at", "created_at"),
        ]
        read_only_fields = fields


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
        return QuarantineItem.objects.visible_to(person_of(self.request)).select_related("project")
