"""A first password opens nothing: who was given one by somebody else chooses their own before the API answers."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.models import User
from config.errors import Forbidden, body

CODE = "password_change_needed"
_MESSAGE = "Choose your own password first: reload Columna in the browser and it asks for one. Nothing of yours is lost."
_GUARDED = ("/api/", "/dicomweb/")
_OPEN = frozenset({"/api/me"})
"""Who am I? Changing the password and signing out are allauth's, and open."""


def first_password_check(user: User) -> None:
    """Raise Forbidden (``password_change_needed``) while the person's password is one that somebody else chose."""
    if user.must_change_password:
        raise Forbidden(_MESSAGE, code=CODE)


class FirstPasswordMiddleware:
    """Holds this for sessions, on every endpoint alike; tokens are held to it where they are read. Stands behind Django's authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (
            request.path.startswith(_GUARDED)
            and request.path not in _OPEN
            and isinstance(request.user, User)
            and request.user.must_change_password
        ):
            return JsonResponse(body(CODE, _MESSAGE), status=403)
        return self.get_response(request)
