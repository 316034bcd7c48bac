"""Who is signed in, and what they may do where."""

from __future__ import annotations

import base64
import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.abilities import ABILITIES, organisations_run_by
from accounts.authentication import person_of
from accounts.models import AccessToken, Project, Role, User
from accounts.services.outbox_key import outbox_key
from config.errors import Forbidden


class MyProjectSerializer(serializers.Serializer[dict[str, object]]):
    id = serializers.UUIDField()
    slug = serializers.SlugField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices), help_text="The person's roles here.")
    abilities = serializers.ListField(child=serializers.CharField(), help_text="What those roles allow, e.g. `case.label`.")


class MeSerializer(serializers.Serializer[dict[str, object]]):
    id = serializers.UUIDField()
    username = serializers.CharField()
    display_name = serializers.CharField(help_text="What pages call the person; the username when no other name was given.")
    projects = MyProjectSerializer(many=True)
    must_change_password = serializers.BooleanField(help_text="The password was given by somebody else: choose your own first.")
    makes_accounts = serializers.BooleanField(help_text="Whether this person makes accounts and projects.")
    runs_installation = serializers.BooleanField(help_text="Whether this person makes organisations too: a superuser.")


def _projects(user: User) -> list[dict[str, object]]:
    roles: dict[uuid.UUID, set[str]] = {}
    for project_id, role in user.memberships.values_list("project_id", "role"):
        roles.setdefault(project_id, set()).add(role)
    found = []
    for project in Project.objects.visible_to(user):
        held = roles.get(project.pk, set())
        abilities = sorted(name for name, allowed in ABILITIES.items() if user.is_superuser or held & allowed)
        found.append({"id": project.pk, "slug": project.slug, "name": project.name, "roles": sorted(held), "abilities": abilities})
    return found


class MeView(APIView):
    @extend_schema(operation_id="me", responses=MeSerializer, tags=["accounts"])
    def get(self, request: Request) -> Response:
        """Return who is signed in, with their projects, roles and abilities."""
        user = person_of(request)
        body = {
            "id": user.pk,
            "username": user.username,
            "display_name": user.display_name or user.username,
            "projects": _projects(user),
            "must_change_password": user.must_change_password,
            "makes_accounts": organisations_run_by(user).exists() or user.is_superuser,
            "runs_installation": user.is_superuser,
        }
        return Response(MeSerializer(body).data)


class OutboxKeySerializer(serializers.Serializer[dict[str, object]]):
    key = serializers.CharField(help_text="32 bytes, base64. The browser keeps it in memory only.")


class OutboxKeyView(APIView):
    @extend_schema(operation_id="me_outbox_key", responses=OutboxKeySerializer, tags=["accounts"])
    def get(self, request: Request) -> Response:
        """Return the key that seals your unsent work in a browser. For a browser's session only; a token gets 403."""
        if isinstance(request.auth, AccessToken):
            raise Forbidden("A token has no unsent work to seal. Sign in in the browser.", code="session_needed")
        key = base64.b64encode(outbox_key(user=person_of(request))).decode()
        return Response(OutboxKeySerializer({"key": key}).data, headers={"Cache-Control": "no-store"})
