"""The page that the browser starts from. Every address that is not data leads here; the browser's own router takes it on."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

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
    body = page.read_text(encoding="utf-8")
    if request.path.startswith("/read/"):
        body = body.replace("</title>", "</title>\n    " + "\n    ".join(_hints(page.parent, page.stat().st_mtime_ns)), 1)
    return HttpResponse(body, content_type="text/html; charset=utf-8")


@lru_cache(maxsize=2)
def _hints(dist: Path, built: int) -> tuple[str, ...]:
    """Return what the head says of the reading room: ask for the case at once, and for all its code together.

    Without them the browser learns of each script only after it has read the one before, and of the case last. ``built`` is when
    the bundle was made: a new one is read anew.
    """
    try:
        chunks: dict[str, dict[str, object]] = json.loads((dist / ".vite" / "manifest.json").read_text())
    except FileNotFoundError:
        return ()
    found: list[str] = []
    for name in ("src/pages/read/ReadingRoom.tsx", "src/early.ts"):
        _collect(chunks, name, found)
    styles = dict.fromkeys(str(style) for name in found for style in _list(chunks[name].get("css")))
    early = [f'<script type="module" async src="/{chunks[name]["file"]}"></script>' for name in found if name == "src/early.ts"]
    scripts = [f'<link rel="modulepreload" crossorigin href="/{chunks[name]["file"]}">' for name in found]
    # large, and wanted only once a picture is seen: it comes after all that, and is not read before
    library = [f'<link rel="preload" as="script" crossorigin fetchpriority="low" href="/{chunk["file"]}">' for chunk in _drawing(chunks)]
    return (*early, *scripts, *library, *(f'<link rel="preload" as="style" crossorigin href="/{style}">' for style in styles))


def _drawing(chunks: dict[str, dict[str, object]]) -> list[dict[str, object]]:
    return [chunks[name] for name in ("src/viewer/library.ts",) if name in chunks]


def _collect(chunks: dict[str, dict[str, object]], name: str, found: list[str]) -> None:
    if name in found or name not in chunks or name == "index.html":
        return
    found.append(name)
    for imported in _list(chunks[name].get("imports")):
        _collect(chunks, str(imported), found)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
