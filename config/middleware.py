"""What every request passes through."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config.metrics import REQUESTS, SECONDS

logger = logging.getLogger("columna.request")
GetResponse = Callable[[HttpRequest], HttpResponse]
_SAFE_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")
_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


class RequestIdMiddleware:
    """Give each request an id that logs, the audit trail and the answer share."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-Id", "")
        request.request_id = offered if _SAFE_ID.match(offered) else uuid.uuid4().hex  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


class RequestLogMiddleware:
    """Log and count each answer: method, path without its query string, status, time, the person's id. Health checks only when they fail."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - start
        route = f"/{request.resolver_match.route}" if request.resolver_match else "file" if response.status_code < 400 else "nowhere"
        REQUESTS.labels(request.method, route, response.status_code).inc()
        SECONDS.labels(request.method, route).observe(seconds)
        if response.status_code >= 400 or not request.path.startswith(("/health", "/metrics")):
            self._log(request, response, seconds)
        return response

    @staticmethod
    def _log(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        # request.user is lazy: looking at it here must not ask the database for who nobody asked about
        user = getattr(request, "_cached_user", None)
        fields = {
            "request_id": getattr(request, "request_id", "-"),
            "method": request.method,
            "path": _shown_path(request),
            "status": response.status_code,
            "milliseconds": round(seconds * 1000, 1),
            "user": str(user.pk) if user is not None and user.is_authenticated else "-",
        }
        logger.info("%(method)s %(path)s %(status)s %(milliseconds)s ms user=%(user)s request=%(request_id)s", fields, extra=fields)


def _shown_path(request: HttpRequest) -> str:
    """Return the path for the log. In DICOMweb's a program may name what it knows from elsewhere, an original UID: there the route is enough."""
    if request.resolver_match is None:
        return "(unknown)"
    return f"/{request.resolver_match.route}" if request.path.startswith("/dicomweb/") else request.path


class ContentSecurityPolicyMiddleware:
    """Only Columna's own code runs in the page; WebAssembly is let in for the image decoders."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", _POLICY)
        return response
