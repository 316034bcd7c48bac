"""What is under way in a project: its jobs, their progress, and stopping one."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import require
from accounts.authentication import person_of
from config.errors import Conflict
from jobs.models import Job
from jobs.services.job import job_cancel


class JobSerializer(serializers.ModelSerializer[Job]):
    project = serializers.SlugRelatedField[Job](slug_field="slug", read_only=True)
    payload = serializers.DictField(help_text="Ids of what the job works on.")
    result = serializers.DictField(help_text="Figures of a job that succeeded.")

    class Meta:
        model = Job
        fields = [
            *("id", "kind", "queue", "project", "state", "payload", "result", "progress", "progress_note", "attempt", "max_attempts"),
            *("created_at", "started_at", "finished_at", "heartbeat_at", "run_after", "error_code", "error_message"),
        ]
        read_only_fields = fields


class JobFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug", label="Slug of the project.")
    state = django_filters.MultipleChoiceFilter(choices=Job.State.choices, label="Any of these states.")
    kind = django_filters.CharFilter(label="Kind of work, for example storage.assemble.")
    queue = django_filters.CharFilter(label="Queue.")

    class Meta:
        model = Job
        fields = ["project", "state", "kind", "queue"]


@extend_schema(tags=["jobs"])
@extend_schema_view(
    list=extend_schema(description="The jobs of your projects, newest first."),
    retrieve=extend_schema(description="One job, with its progress or the reason it failed."),
)
class JobViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Job]):
    serializer_class = JobSerializer
    filterset_class = JobFilter
    queryset = Job.objects.none()

    def get_queryset(self) -> QuerySet[Job]:
        return Job.objects.visible_to(person_of(self.request)).select_related("project")

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop a job that waits or runs; 409 when it is over."""
        job = self.get_object()
        if job.project is not None:
            require(person_of(request), "job.cancel", job.project)
        if not job_cancel(job=job):
            job.refresh_from_db()
            raise Conflict(f"This job is over: it {job.state}.", code="job_over", state={"state": job.state})
        job.refresh_from_db()
        return Response(JobSerializer(job).data)
