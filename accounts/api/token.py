"""Personal access tokens of the person who is signed in."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import person_of
from accounts.models import AccessToken
from accounts.models.access_token import Scope
from accounts.services.token import MAX_DAYS, token_create, token_revoke
from config.errors import Forbidden


class TokenSerializer(serializers.ModelSerializer[AccessToken]):
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    is_live = serializers.BooleanField(read_only=True, help_text="False once it is expired or revoked.")

    class Meta:
        model = AccessToken
        fields = ["id", "name", "prefix", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at", "is_live"]


class TokenCreateSerializer(serializers.Serializer[AccessToken]):
    name = serializers.CharField(max_length=120, help_text="What it is for, e.g. the machine it lives on.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), allow_empty=False)
    days = serializers.IntegerField(min_value=1, max_value=MAX_DAYS, default=90, help_text="How long it lives.")


class NewTokenSerializer(TokenSerializer):
    secret = serializers.CharField(help_text="Shown this once. Columna keeps only its SHA-256.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "secret"]


@extend_schema(tags=["accounts"])
@extend_schema_view(list=extend_schema(description="Your tokens, newest first; expired and revoked ones too."))
class TokenViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[AccessToken]):
    serializer_class = TokenSerializer
    queryset = AccessToken.objects.none()

    def get_queryset(self) -> QuerySet[AccessToken]:
        return AccessToken.objects.filter(user=person_of(self.request).pk).order_by("-created_at")

    @extend_schema(request=TokenCreateSerializer, responses={201: NewTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token. A token cannot make tokens: sign in in the browser for this."""
        if isinstance(request.auth, AccessToken):
            raise Forbidden("A token cannot make another token. Sign in in the browser to make one.", code="session_needed")
        form = TokenCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        token, secret = token_create(user=person_of(request), **form.validated_data)
        return Response({**TokenSerializer(token).data, "secret": secret}, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Revoke a token, at once and for good."""
        token_revoke(token=self.get_object(), user=person_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
