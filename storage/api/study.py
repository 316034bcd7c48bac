"""Studies."""

from __future__ import annotations

import django_filters
from django.db.models import Count, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import person_of
from storage.models import Study
from storage.services.transparency import study_report


class StudyFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug", label="Slug of the project.")
    subject = django_filters.UUIDFilter(field_name="subject", label="Id of the subject.")
    modality = django_filters.CharFilter(field_name="series__modality", distinct=True, label="Has a series of this modality.")

    class Meta:
        model = Study
        fields = ["project", "subject"]


class StudySerializer(serializers.ModelSerializer[Study]):
    project = serializers.SlugRelatedField[Study](slug_field="slug", read_only=True)
    pseudonym = serializers.CharField(source="subject.pseudonym", read_only=True)
    series_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Study
        fields = [
            "id",
            "project",
            "subject",
            "pseudonym",
            "study_date",
            "description",
            "series_count",
            "last_received_at",
            "expected",
            "ended_at",
            "ended_by",
            "created_at",
        ]
        read_only_fields = fields


class ElementReportSerializer(serializers.Serializer[Study]):
    tag = serializers.CharField()
    keyword = serializers.CharField()
    vr = serializers.CharField(help_text="Empty for what was removed.")
    action = serializers.CharField()


class SeriesReportSerializer(serializers.Serializer[Study]):
    series = serializers.UUIDField()
    modality = serializers.CharField()
    elements = ElementReportSerializer(many=True)


class StudyReportSerializer(serializers.Serializer[Study]):
    study = serializers.UUIDField()
    subject = serializers.UUIDField()
    pseudonym = serializers.CharField()
    instances = serializers.IntegerField()
    profiles = serializers.DictField(child=serializers.IntegerField(), help_text="Profile and version: instances.")
    actions = serializers.DictField(child=serializers.IntegerField(), help_text="Action: elements.")
    series = SeriesReportSerializer(many=True, help_text="Per series what became of each element of its first image.")


@extend_schema(tags=["storage"])
@extend_schema_view(
    list=extend_schema(description="The studies you may see, newest first. Dates are shifted."),
    retrieve=extend_schema(description="One study."),
)
class StudyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Study]):
    serializer_class = StudySerializer
    filterset_class = StudyFilter
    queryset = Study.objects.none()

    def get_queryset(self) -> QuerySet[Study]:
        user = person_of(self.request)
        found = Study.objects.reported_to(user) if self.action == "deidentification" else Study.objects.visible_to(user)
        found = found.select_related("project", "subject")
        return found.annotate(series_count=Count("series", distinct=True))

    @extend_schema(responses=StudyReportSerializer)
    @action(detail=True, methods=["get"])
    def deidentification(self, request: Request, pk: str) -> Response:
        """What de-identification did: counts per action, profiles, and what became of each element. Never a value."""
        return Response(study_report(study=self.get_object()))
