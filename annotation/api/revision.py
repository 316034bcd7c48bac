"""Revisions: what was frozen."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from accounts.authentication import person_of
from annotation.models import Revision
from annotation.services.slices import total_counts


class RevisionSerializer(serializers.ModelSerializer[Revision]):
    annotation = serializers.UUIDField(source="annotation_id", read_only=True)
    case = serializers.UUIDField(source="annotation.case_id", read_only=True)
    author_kind = serializers.CharField(source="annotation.author_kind", read_only=True)
    author = serializers.UUIDField(source="annotation.author_id", read_only=True, allow_null=True)
    model_version = serializers.UUIDField(source="annotation.model_version", read_only=True, allow_null=True)
    derived_from = serializers.CharField(source="content.derived_from", read_only=True, allow_null=True, help_text="Digest of a revision.")
    schema = serializers.DictField(source="content.schema", read_only=True)
    stacks = serializers.ListField(source="content.stacks", child=serializers.DictField(), read_only=True)
    segments = serializers.SerializerMethodField()
    ladder = serializers.DictField(source="content.ladder", read_only=True)
    measurements = serializers.ListField(source="content.measurements", child=serializers.DictField(), read_only=True)
    grades = serializers.DictField(source="content.grades", read_only=True)
    figures = serializers.DictField(read_only=True)
    has_uncertainty = serializers.BooleanField(source="uncertainty", read_only=True)

    class Meta:
        model = Revision
        fields = [
            "id",
            "annotation",
            "case",
            "author_kind",
            "author",
            "model_version",
            "number",
            "kind",
            "digest",
            "seq",
            "derived_from",
            "schema",
            "stacks",
            "segments",
            "ladder",
            "measurements",
            "grades",
            "figures",
            "has_uncertainty",
            "created_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.DictField(), help_text="The segment table, each with its voxels."))
    def get_segments(self, revision: Revision) -> list[dict[str, Any]]:
        voxels = {
            layer: total_counts(revision.chunks[digest]["counts"] for digest in slices.values())
            for layer, slices in revision.content["layers"].items()
        }
        return [{**entry, "voxels": voxels.get(entry["layer"], {}).get(entry["id"], 0)} for entry in revision.content["segments"]]


class RevisionFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="annotation__project__slug")
    case = django_filters.UUIDFilter(field_name="annotation__case")
    annotation = django_filters.UUIDFilter(field_name="annotation")

    class Meta:
        model = Revision
        fields: list[str] = ["kind"]


@extend_schema(tags=["annotation"])
@extend_schema_view(
    list=extend_schema(
        description="Revisions you may see: your own, proposals that the reading mode shows you, all where you manage cases."
    ),
    retrieve=extend_schema(description="One revision, without its voxels. It never changes."),
)
class RevisionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Revision]):
    serializer_class = RevisionSerializer
    filterset_class = RevisionFilter
    queryset = Revision.objects.none()
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Revision]:
        return Revision.objects.visible_to(person_of(self.request)).select_related("annotation").order_by("-created_at")
