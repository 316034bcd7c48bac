"""Reading the audit trail of a project."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from accounts.abilities import require
from accounts.authentication import person_of
from accounts.models import AuditEvent, Project
from config.errors import Invalid


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    detail = serializers.DictField(help_text="Columna's own ids and plain facts, never anything of a patient.")

    class Meta:
        model = AuditEvent
        fields = ["sequence", "at", "actor", "actor_kind", "verb", "object_kind", "object_id", "request_id", "detail", "previous", "digest"]


_PROJECT = OpenApiParameter("project", OpenApiTypes.STR, required=True, description="Slug of the project.")


@extend_schema(tags=["accounts"])
@extend_schema_view(list=extend_schema(description="The project's audit trail, newest row first.", parameters=[_PROJECT]))
class AuditEventViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[AuditEvent]):
    serializer_class = AuditEventSerializer
    queryset = AuditEvent.objects.none()

    def get_queryset(self) -> QuerySet[AuditEvent]:
        slug = self.request.query_params.get("project")
        if not slug:
            raise Invalid("Name the project: /api/audit?project=SLUG.")
        project = get_object_or_404(Project.objects.visible_to(person_of(self.request)), slug=slug)
        require(person_of(self.request), "audit.view", project)
        return AuditEvent.objects.visible_to(person_of(self.request)).filter(project=project.pk).order_by("-sequence")
