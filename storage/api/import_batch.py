"""Imports: what was sent in one go, and what was found in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import django_filters
from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, parsers, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import person_of
from config.celery import enqueue
from config.errors import Invalid
from storage.api.project import field, project_for
from storage.archive import Limits, archive_entries
from storage.dicom.reasons import REASONS
from storage.models import ImportBatch, ImportFinding
from storage.services.file_import import BatchIntake
from storage.services.import_batch import batch_close, batch_open
from storage.services.source import source_for
from storage.services.volume_mapping import mapping_read
from storage.services.volume_staging import volumes_stage
from storage.tasks import assemble_later

if TYPE_CHECKING:
    from storage.services.volume_mapping import Kind

KINDS = ("dicom", "nifti", "png")


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Invalid("The mapping is a JSON object.", state={"fields": {"mapping": ["Not a JSON object."]}})
    return found


def _named(files: list[Any]) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every file; a zip or tar gives its members, a bad one nothing."""
    environment = settings.ENVIRONMENT
    limits = Limits(total=environment.intake_max_archive_bytes, ratio=environment.intake_max_archive_ratio)
    for file in files:
        if file.name.lower().endswith((".zip", ".tar", ".tar.gz", ".tgz")):
            for entry in archive_entries(file.file, limits):
                if entry.refused in ("archive_bomb", "archive_unreadable"):
                    raise Invalid(REASONS[entry.refused].message, code=entry.refused)
                if not entry.refused:
                    yield entry.path, entry.data
        else:
            yield file.name, file.file.read()


class ImportBatchFilter(django_filters.FilterSet):
    project = django_filters.CharFilter(field_name="project__slug", label="Slug of the project.")

    class Meta:
        model = ImportBatch
        fields = ["project", "state", "source"]


class ImportFindingSerializer(serializers.ModelSerializer[ImportFinding]):
    where = serializers.ListField(child=serializers.IntegerField(), help_text="Ordinals of the first files it concerns, counted from 1.")

    class Meta:
        model = ImportFinding
        fields = ["code", "message", "severity", "count", "where"]
        read_only_fields = fields


class ImportBatchSerializer(serializers.ModelSerializer[ImportBatch]):
    project = serializers.SlugRelatedField[ImportBatch](slug_field="slug", read_only=True)
    source_name = serializers.CharField(source="source.name", default=None, read_only=True)

    class Meta:
        model = ImportBatch
        fields = [
            *("id", "project", "source", "source_name", "kind", "state", "total", "received", "stored", "duplicate", "refused"),
            *("quarantined", "received_bytes", "last_received_at", "finished_at", "created_at"),
        ]
        read_only_fields = fields


class ImportDetailSerializer(ImportBatchSerializer):
    findings = ImportFindingSerializer(many=True, read_only=True)

    class Meta(ImportBatchSerializer.Meta):
        fields = [*ImportBatchSerializer.Meta.fields, "findings"]
        read_only_fields = fields


class ImportCreateSerializer(serializers.Serializer[ImportBatch]):
    project = serializers.CharField(help_text="Slug of the project.")
    kind = serializers.ChoiceField(choices=KINDS, default="dicom")
    files = serializers.ListField(child=serializers.FileField(), help_text="DICOM files, or archives of them (zip, tar, tar.gz).")
    mapping = serializers.CharField(
        required=False, help_text="For nifti and png: the mapping of files to patients and structures, as JSON."
    )


@extend_schema(tags=["storage"])
class ImportBatchViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ImportBatch]):
    serializer_class = ImportBatchSerializer
    filterset_class = ImportBatchFilter
    queryset = ImportBatch.objects.none()
    parser_classes = [parsers.MultiPartParser]

    def get_queryset(self) -> QuerySet[ImportBatch]:
        found = ImportBatch.objects.visible_to(person_of(self.request)).select_related("project", "source")
        return found.prefetch_related("findings") if self.action == "retrieve" else found

    def get_serializer_class(self) -> Any:
        return ImportDetailSerializer if self.action == "retrieve" else ImportBatchSerializer

    @extend_schema(description="Imports of your projects, newest first.")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(
        description="One import, with a named reason for everything that did not simply go in.", responses=ImportDetailSerializer
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(request={"multipart/form-data": ImportCreateSerializer}, responses={201: ImportDetailSerializer})
    def create(self, request: Request) -> Response:
        """Take in files or archives. When the answer comes, everything it counts as stored is durable. Sending again changes nothing."""
        user = person_of(request)
        project = project_for(user, field(request, "project"), "intake.import")
        kind = field(request, "kind") or "dicom"
        files = [*request.FILES.getlist("files"), *request.FILES.getlist("files[]")]
        if kind not in KINDS:
            raise Invalid(f"The kind of an import is one of {', '.join(KINDS)}.", state={"fields": {"kind": ["Not one of these."]}})
        if not files:
            raise Invalid("Choose at least one file or archive.", state={"fields": {"files": ["Required."]}})
        source = source_for(project=project, kind="upload")
        if kind != "dicom":
            kind = cast("Kind", kind)
            content = _json(field(request, "mapping") or "{}")
            mapping_read(content, kind=kind)
            batch = batch_open(project=project, source=source, user=user, kind=kind)
            payload = volumes_stage(batch=batch, kind=kind, mapping=content, files=_named(files))
            enqueue(kind="storage.volume_import", payload=payload, project=project, dedupe_key=f"volume_import:{batch.pk}")
            return Response(ImportDetailSerializer(batch).data, status=201)
        batch = batch_open(project=project, source=source, user=user, kind=kind)
        done = False
        try:
            with BatchIntake(batch) as intake:
                for file in files:
                    intake.add_file(file.file)
            done = True
        finally:
            for series in batch_close(batch=batch, failed=not done):
                assemble_later(series)
        batch.refresh_from_db()
        return Response(ImportDetailSerializer(batch).data, status=201)
