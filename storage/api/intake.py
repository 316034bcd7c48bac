"""The intake page's figures."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import person_of
from storage.api.project import project_for
from storage.services.summary import intake_summary
from storage.services.transparency import k_anonymity


class TodaySerializer(serializers.Serializer[None]):
    received = serializers.IntegerField()
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    refused = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    received_bytes = serializers.IntegerField()
    studies = serializers.IntegerField()
    milliseconds_each = serializers.FloatField(allow_null=True, help_text="Mean time in the door, in memory.")


class StackCountSerializer(serializers.Serializer[None]):
    total = serializers.IntegerField()
    not_a_volume = serializers.IntegerField()
    waiting_for_frames = serializers.IntegerField()


class SourceRateSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField()
    is_active = serializers.BooleanField()
    per_minute = serializers.ListField(child=serializers.IntegerField(), help_text="60 numbers, the last one is this minute.")
    now = serializers.IntegerField()
    last_received_at = serializers.DateTimeField(allow_null=True)


class LiveSeriesSerializer(serializers.Serializer[None]):
    series = serializers.UUIDField()
    study = serializers.UUIDField()
    pseudonym = serializers.CharField()
    modality = serializers.CharField()
    description = serializers.CharField()
    received = serializers.IntegerField()
    state = serializers.CharField(help_text="arriving, frames (being made) or ready.")
    last_received_at = serializers.DateTimeField(allow_null=True)


class StrangerSerializer(serializers.Serializer[None]):
    ae_title = serializers.CharField(help_text="As it called itself.")
    refused_at = serializers.DateTimeField()


class IntakeSummarySerializer(serializers.Serializer[None]):
    at = serializers.DateTimeField()
    today = TodaySerializer()
    held = serializers.IntegerField(help_text="Items in quarantine without a decision.")
    stacks = StackCountSerializer()
    sources = SourceRateSerializer(many=True)
    live = LiveSeriesSerializer(many=True)
    has_room = serializers.BooleanField(help_text="False: the disk is full, and nothing is taken in.")
    strangers = StrangerSerializer(many=True, help_text="Who was turned away today because no source is called so.")


class IntakeSummaryView(APIView):
    @extend_schema(
        tags=["storage"],
        operation_id="intake_summary",
        description="What came in today, per source and minute, and the series arriving now.",
        parameters=[OpenApiParameter("project", str, required=True, description="Slug of the project.")],
        responses=IntakeSummarySerializer,
    )
    def get(self, request: Request) -> Response:
        project = project_for(person_of(request), request.query_params.get("project"), "intake.view")
        return Response(intake_summary(project=project))


class SmallGroupSerializer(serializers.Serializer[None]):
    age = serializers.CharField()
    sex = serializers.CharField()
    scanner = serializers.CharField()
    month = serializers.CharField(help_text="Shifted.")
    subjects = serializers.IntegerField()


class AnonymitySerializer(serializers.Serializer[None]):
    k = serializers.IntegerField(help_text="Size of the smallest group.")
    threshold = serializers.IntegerField()
    groups = serializers.IntegerField()
    small = SmallGroupSerializer(many=True)
    subjects_in_small_groups = serializers.IntegerField()


class AnonymityView(APIView):
    @extend_schema(
        tags=["storage"],
        operation_id="intake_anonymity",
        description="How small the groups are that share age band, sex, scanner and month.",
        parameters=[
            OpenApiParameter("project", str, required=True, description="Slug of the project."),
            OpenApiParameter("threshold", int, description="Groups smaller than this are listed; 5 if left out."),
        ],
        responses=AnonymitySerializer,
    )
    def get(self, request: Request) -> Response:
        project = project_for(person_of(request), request.query_params.get("project"), "intake.view")
        threshold = request.query_params.get("threshold", "5")
        return Response(k_anonymity(project=project, threshold=int(threshold) if threshold.isdigit() else 5))
