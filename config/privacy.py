"""What the browser is told to forget when nobody is signed in any more."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

MARK = "images"
"""Name of the cookie that says that somebody was signed in at this browser."""
_MARK_SECONDS = 365 * 24 * 3600  # as long as images may lie in the cache


class ForgetMiddleware:
    """Have the browser drop every cached image when a session ends, by signing out or because it expired, and when a study is withdrawn.

    ``Clear-Site-Data: "cache"`` empties the HTTP cache of this origin, where frames and previews lie. It leaves IndexedDB alone:
    strokes that were not sent yet stay, sealed under a key that only their owner is given (:mod:`accounts.services.outbox_key`).

    The browser itself drops the cookie of a session that ran out. So a second cookie, without any content of its own, outlives it
    and says that images may lie in this browser.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        had_session = settings.SESSION_COOKIE_NAME in request.COOKIES or bool(request.COOKIES.get(MARK))
        response = self.get_response(request)
        ended = request.method == "DELETE" and request.path.startswith("/_allauth/") and request.path.endswith("/auth/session")
        lost = request.path.startswith("/api/") and _is_signed_out(response)
        if (had_session and (ended or lost)) or _is_withdrawn(request, response):
            response["Clear-Site-Data"] = '"cache"'
            if ended or lost:
                response.delete_cookie(MARK, samesite="Lax")
        elif request.path == "/api/me" and response.status_code == 200 and not request.COOKIES.get(MARK):
            response.set_cookie(MARK, "1", max_age=_MARK_SECONDS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
        return response


def _is_signed_out(response: HttpResponse) -> bool:
    """Whether this answer says that nobody is signed in; DRF says 403 where a session has no challenge to offer."""
    return response.status_code in (401, 403) and b'"not_authenticated"' in (b"" if response.streaming else response.content)


def _is_withdrawn(request: HttpRequest, response: HttpResponse) -> bool:
    return response.status_code == 410 and request.path.startswith("/api/")
