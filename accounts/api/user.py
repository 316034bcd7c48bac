"""People's accounts, for those who make them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.abilities import organisations_run_by
from accounts.api.organisation import organisation_run_by
from accounts.authentication import person_of
from accounts.models import User
from accounts.services.user import account_change, account_create
from config.errors import Forbidden


class UserSerializer(serializers.ModelSerializer[User]):
    organisation = serializers.SlugRelatedField(slug_field="slug", read_only=True, allow_null=True)  # type: ignore[var-annotated]  # stubs name no model
    display_name = serializers.CharField(source="__str__", read_only=True)

    class Meta:
        model = User
        fields = ["id", "username", "display_name", "organisation", "is_active", "must_change_password", "last_login", "date_joined"]
        read_only_fields = fields


class UserCreateSerializer(serializers.Serializer[User]):
    username = serializers.CharField(max_length=150, validators=[UnicodeUsernameValidator()])
    display_name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    organisation = serializers.SlugField(help_text="Slug of an organisation that you run.")
    password = serializers.CharField(max_length=128, help_text="A first password; the person is asked to change it.")


class UserChangeSerializer(serializers.Serializer[User]):
    display_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    is_active = serializers.BooleanField(required=False, help_text="False closes the account; what the person did stays.")
    password = serializers.CharField(max_length=128, required=False, help_text="A new first password, when the old one is forgotten.")


@extend_schema(tags=["accounts"])
@extend_schema_view(
    list=extend_schema(description="The people whose accounts you look after; yourself, where you look after none."),
    retrieve=extend_schema(description="One of them."),
)
class UserViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[User]):
    serializer_class = UserSerializer
    queryset = User.objects.none()
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.visible_to(person_of(self.request)).select_related("organisation").order_by("username")

    @extend_schema(request=UserCreateSerializer, responses={201: UserSerializer})
    def create(self, request: Request) -> Response:
        """Make an account in an organisation that you run. It gives no role: a data manager does."""
        form = UserCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent, person = dict(form.validated_data), person_of(request)
        organisation = organisation_run_by(person, sent.pop("organisation"))
        made = account_create(**sent, organisation=organisation, actor=person)
        return Response(UserSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=UserChangeSerializer, responses=UserSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change a name, close or open an account, or give a new first password. Superusers are changed by superusers only."""
        user, person = self.get_object(), person_of(request)
        if not person.is_superuser and (user.is_superuser or user.organisation not in organisations_run_by(person)):
            raise Forbidden("This account belongs to another organisation, or runs this installation. Ask its operator.")
        form = UserChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(UserSerializer(account_change(user=user, actor=person, **form.validated_data)).data)
