"""Letting viewers of other addresses read DICOMweb: off by default, exact origins only, and never with cookies."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

GetResponse = Callable[[HttpRequest], HttpResponse]
_PATHS = "/dicomweb/"
_METHODS = "GET, HEAD, OPTIONS"
_SENT = "Authorization, Accept, Content-Type, Range, If-None-Match"
_SHOWN = "Content-Length, Content-Range, ETag, X-Request-Id, Warning"
_REMEMBERED = "600"


class DicomwebOriginsMiddleware:
    """Answer the browser's questions for the origins of ``COLUMNA_DICOMWEB_ORIGINS`` (Fetch standard, CORS protocol).

    Such a page reads with an access token: no answer allows credentials, so a browser never adds the session of whoever looks at it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        origins = settings.ENVIRONMENT.dicomweb_origins
        if not origins or not request.path.startswith(_PATHS):
            return self.get_response(request)
        is_known = request.headers.get("Origin") in origins
        asks_first = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        response = HttpResponse(status=204) if is_known and asks_first else self.get_response(request)
        patch_vary_headers(response, ["Origin"])
        if is_known:
            response["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response["Access-Control-Expose-Headers"] = _SHOWN
        if is_known and asks_first:
            response["Access-Control-Allow-Methods"] = _METHODS
            response["Access-Control-Allow-Headers"] = _SENT
            response["Access-Control-Max-Age"] = _REMEMBERED
        return response
