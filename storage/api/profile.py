"""De-identification profiles: what a project's door keeps, cleans and removes, version by version."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import person_of
from storage.api.project import field, project_for
from storage.dicom.conformance import conformance_statement
from storage.services.profile import profile_create, profile_of, profile_overview

_PROJECT = OpenApiParameter("project", str, required=True, description="Slug of the project.")


class OptionSerializer(serializers.Serializer[None]):
    name = serializers.CharField()
    value = serializers.JSONField(help_text="true, false, or one of ``choices``.")
    choices = serializers.ListField(child=serializers.CharField(), help_text="Empty for yes or no.")
    code = serializers.CharField(help_text="The option's code in PS3.16 CID 7050, or nothing.")
    is_default = serializers.BooleanField()


class ProfileVersionSerializer(serializers.Serializer[None]):
    version = serializers.IntegerField()
    digest = serializers.CharField()
    created_at = serializers.DateTimeField()
    is_current = serializers.BooleanField()
    changed = serializers.ListField(child=serializers.CharField(), help_text="Options that differ from the version before.")


class ProfileSerializer(serializers.Serializer[None]):
    project = serializers.CharField()
    name = serializers.CharField()
    version = serializers.IntegerField(help_text="0 is the profile that Columna ships.")
    digest = serializers.CharField()
    engine = serializers.IntegerField()
    catalogue = serializers.IntegerField(help_text="Version of the catalogue of devices.")
    options = OptionSerializer(many=True)
    versions = ProfileVersionSerializer(many=True)


class ProfileChangeSerializer(serializers.Serializer[None]):
    project = serializers.CharField(help_text="Slug of the project.")
    options = serializers.DictField(help_text="Only the options to change; the others stay.")


class StatementSerializer(serializers.Serializer[None]):
    markdown = serializers.CharField()


class ProfileView(APIView):
    @extend_schema(tags=["storage"], operation_id="profile_retrieve", parameters=[_PROJECT], responses=ProfileSerializer)
    def get(self, request: Request) -> Response:
        """The project's current profile of de-identification, option by option, and its earlier versions."""
        project = project_for(person_of(request), request.query_params.get("project"), "intake.view")
        return Response(profile_overview(project=project))

    @extend_schema(tags=["storage"], operation_id="profile_change", request=ProfileChangeSerializer, responses={201: ProfileSerializer})
    def post(self, request: Request) -> Response:
        """Make a new version with some options changed. What comes in from now on carries it; what is stored keeps the version it came in by."""
        user = person_of(request)
        project = project_for(user, field(request, "project"), "profile.manage")
        form = ProfileChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        options: dict[str, Any] = form.validated_data["options"]
        profile_create(project=project, user=user, options=options, keep=True)
        return Response(profile_overview(project=project), status=201)


class StatementView(APIView):
    @extend_schema(tags=["storage"], operation_id="profile_statement", parameters=[_PROJECT], responses=StatementSerializer)
    def get(self, request: Request) -> Response:
        """The conformance statement (PS3.15 E.1.3) of the project's current profile."""
        project = project_for(person_of(request), request.query_params.get("project"), "intake.view")
        return Response({"markdown": conformance_statement(profile_of(project_id=project.pk))})
