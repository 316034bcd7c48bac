"""Versions: asked for, looked at, approved."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view, inline_serializer
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import may, require
from accounts.authentication import person_of
from annotation.models import Case
from config.celery import enqueue
from config.errors import Missing
from datasets.models import Dataset, Version
from datasets.services.version import version_approve, version_reject, version_request
from jobs.models import Job

_PROGRESS = inline_serializer(
    "FreezeProgress",
    {"state": serializers.CharField(), "progress": serializers.FloatField(help_text="0 to 1."), "note": serializers.CharField()},
    allow_null=True,
)


class CountsSerializer(serializers.Serializer[dict[str, int]]):
    subjects = serializers.IntegerField(default=0)
    cases = serializers.IntegerField(default=0)
    images = serializers.IntegerField(default=0)
    labels = serializers.IntegerField(default=0)
    bytes = serializers.IntegerField(default=0)


class VersionSerializer(serializers.ModelSerializer[Version]):
    dataset = serializers.SlugField(source="dataset.slug", read_only=True)
    parent_number = serializers.CharField(source="parent.number", read_only=True, default=None, allow_null=True)
    frozen_by = serializers.StringRelatedField[Any](allow_null=True)
    approved_by = serializers.StringRelatedField[Any](allow_null=True)
    counts = CountsSerializer(read_only=True)
    refusals = serializers.DictField(
        child=serializers.ListField(child=serializers.DictField(child=serializers.CharField())),
        read_only=True,
        help_text="Gate → what it lacks, each `{case, message}`; empty unless the state is `refused`.",
    )
    job = serializers.SerializerMethodField(help_text="How far writing its files has got; null once it is over.")
    labels_withheld = serializers.SerializerMethodField(help_text="Whether the labels of `test` patients are kept from you.")

    class Meta:
        model = Version
        fields = [
            "id",
            "dataset",
            "number",
            "kind",
            "state",
            "reason",
            "manifest_digest",
            "parent_number",
            "counts",
            "refusals",
            "frozen_by",
            "approved_by",
            "created_at",
            "frozen_at",
            "released_at",
            "job",
            "labels_withheld",
        ]

    @extend_schema_field(_PROGRESS)
    def get_job(self, version: Version) -> dict[str, Any] | None:
        if version.state != Version.State.BUILDING:
            return None
        job = Job.objects.filter(dedupe_key=_dedupe_key(version)).first()
        return {"state": job.state, "progress": job.progress, "note": job.progress_note} if job else None

    def get_labels_withheld(self, version: Version) -> bool:
        return not may(person_of(self.context["request"]), "dataset.manage", version.dataset.project)


class VersionCreateSerializer(serializers.Serializer[dict[str, Any]]):
    kind = serializers.ChoiceField(choices=[(Version.Kind.RELEASE.value, "Release")], default=Version.Kind.RELEASE.value)
    number = serializers.CharField(required=False, max_length=32, help_text="Left out: the lowest that what changed allows.")
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000, help_text="Why there is a new version.")
    cases = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_empty=False, help_text="Left out: every submitted case of the project."
    )


def _dedupe_key(version: Version) -> str:
    return f"datasets.freeze:{version.pk}"


@extend_schema(tags=["datasets"])
@extend_schema_view(
    list=extend_schema(description="Versions of a dataset, newest first. Training versions are never listed."),
    retrieve=extend_schema(description="One version by its number."),
)
class VersionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Version]):
    serializer_class = VersionSerializer
    queryset = Version.objects.none()
    lookup_field = "number"
    lookup_value_regex = r"\d+\.\d+\.\d+"
    pull_methods = frozenset({"GET"})

    def _dataset(self) -> Dataset:
        return get_object_or_404(Dataset.objects.visible_to(person_of(self.request)), slug=self.kwargs["slug"])

    def get_queryset(self) -> QuerySet[Version]:
        found = Version.objects.visible_to(person_of(self.request)).filter(dataset=self._dataset())
        return found.select_related("dataset__project", "parent", "frozen_by", "approved_by").order_by("-created_at")

    def get_object(self) -> Version:
        """A number may stand for a rejected version and a later one: the newest counts."""
        found = self.get_queryset().filter(number=self.kwargs["number"]).first()
        if found is None:
            raise Missing("There is no such version, or you may not see it.")
        return found

    @extend_schema(request=VersionCreateSerializer, responses={202: VersionSerializer})
    def create(self, request: Request, slug: str) -> Response:
        """Ask for a release of the readings that stand now. A job writes its files; a second person then approves it."""
        dataset, person = self._dataset(), person_of(request)
        require(person, "dataset.manage", dataset.project)
        form = VersionCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        wanted = fields.pop("cases", None)
        cases = None if wanted is None else list(Case.objects.visible_to(person).filter(project=dataset.project, pk__in=wanted))
        if wanted is not None and cases is not None and len(cases) != len(set(wanted)):
            raise Missing("Some of these cases are not in the project.")
        with transaction.atomic():
            version = version_request(dataset=dataset, user=person, cases=cases, **fields)
            payload = {"version": str(version.pk)}
            enqueue(kind="datasets.freeze", payload=payload, project=dataset.project, dedupe_key=_dedupe_key(version))
        return Response(self.get_serializer(version).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses=VersionSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, slug: str, number: str) -> Response:
        """Release a frozen version. Not for the person who froze it."""
        version = self.get_object()
        require(person_of(request), "dataset.approve", version.dataset.project)
        return Response(self.get_serializer(version_approve(version=version, user=person_of(request))).data)

    @extend_schema(request=None, responses=VersionSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, slug: str, number: str) -> Response:
        """Refuse to release a frozen version."""
        version = self.get_object()
        require(person_of(request), "dataset.approve", version.dataset.project)
        return Response(self.get_serializer(version_reject(version=version, user=person_of(request))).data)
