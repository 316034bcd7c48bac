"""What every request passes through on behalf of this room."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.context import request_context_of


class RequestContextMiddleware:
    """Let services name the request in the audit trail. Stands right behind the middleware that gives the request its id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with request_context_of(getattr(request, "request_id", "")):
            return self.get_response(request)
