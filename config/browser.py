"""The page that the browser starts from. Every address that is not data leads here; the browser's own router takes it on."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

_NOT_BUILT = "The browser part is not built. Run `make build`, or `npm ci && npm run build` in frontend/."


@require_safe
@never_cache
@ensure_csrf_cookie
def browser(request: HttpRequest) -> HttpResponse:
    """Return ``frontend/dist/index.html``, or 503 and a plain sentence where it was never built."""
    page = settings.BASE_DIR / "frontend" / "dist" / "index.html"
    if not page.is_file():
        return HttpResponse(_NOT_BUILT, status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse(page.read_bytes(), content_type="text/html; charset=utf-8")
