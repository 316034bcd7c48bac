"""Series."""

from __future__ import annotations

import django_filters
from django.db.models import Count, Q, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from accounts.authentication import person_of
from storage.models import Series


class SeriesFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug", label="Slug of the project.")
    study = django_filters.UUIDFilter(field_name="study", label="Id of the study.")

    class Meta:
        model = Series
        fields = ["project", "study", "modality"]


class SeriesSerializer(serializers.ModelSerializer[Series]):
    project = serializers.SlugRelatedField[Series](slug_field="slug", read_only=True)
    pseudonym = serializers.CharField(source="study.subject.pseudonym", read_only=True)
    stacks = serializers.IntegerField(source="stack_count", read_only=True)
    assembled = serializers.SerializerMethodField(help_text="Whether every instance received so far is in a stack.")

    class Meta:
        model = Series
        fields = [
            *("id", "project", "study", "pseudonym", "modality", "description", "body_part", "number", "revision"),
            *("received", "assembled", "stacks", "last_received_at", "assembled_at", "created_at"),
        ]
        read_only_fields = fields

    def get_assembled(self, series: Series) -> bool:
        return series.assembled >= series.received


@extend_schema(tags=["storage"])
@extend_schema_view(
    list=extend_schema(description="The series you may see, the last received first."), retrieve=extend_schema(description="One series.")
)
class SeriesViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Series]):
    serializer_class = SeriesSerializer
    filterset_class = SeriesFilter
    queryset = Series.objects.none()

    def get_queryset(self) -> QuerySet[Series]:
        found = Series.objects.visible_to(person_of(self.request)).select_related("project", "study__subject")
        return found.annotate(stack_count=Count("stacks", filter=Q(stacks__is_current=True)))
