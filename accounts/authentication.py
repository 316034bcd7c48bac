"""How a program signs in, and what its token's scopes let through, on every endpoint alike."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.context import request_context
from accounts.first_password import first_password_check
from accounts.models import AccessToken, User
from accounts.models.access_token import Scope
from accounts.services.token import token_find
from config.errors import Forbidden


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer col_...``. First in the list of authenticators, so that nobody signed in is told 401, not 403.

    ``write`` lets everything through, ``read`` the safe methods, ``pull`` only what a view names in ``pull_methods``
    (a set of HTTP methods). What the person may do is asked afterwards, as for a browser.
    """

    keyword = "bearer"

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != self.keyword:
            return None
        token = token_find(secret.strip())
        if token is None:
            raise AuthenticationFailed("This token is unknown, expired or revoked. Make a new one and run `columna login` again.")
        _check_scope(token, request)
        first_password_check(token.user)
        request_context().token_id = str(token.pk)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="columna"'


def _check_scope(token: AccessToken, request: Request) -> None:
    scopes, method = set(token.scopes), str(request.method)
    view = (request.parser_context or {}).get("view")
    allowed = (
        Scope.WRITE in scopes
        or (Scope.READ in scopes and method in SAFE_METHODS)
        or (Scope.PULL in scopes and method in getattr(view, "pull_methods", ()))
    )
    if not allowed:
        raise Forbidden(
            f"This token's scope ({', '.join(token.scopes)}) does not include this. Make a token with a wider scope.",
            code="scope",
        )


class TokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document names it."""

    target_class = "accounts.authentication.TokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A personal access token, `col_...`."}


def person_of(request: HttpRequest | Request) -> User:
    """Return the person who is signed in; nobody raises ``NotAuthenticated``, which the API answers with 401."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
