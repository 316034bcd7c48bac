"""OHIF and Columna under one address: ``gunicorn tests.servers.ohif_wsgi``. DICOMweb and signing in are Columna's, all else is OHIF's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from whitenoise import WhiteNoise

from config.wsgi import application as columna
from tests.servers.ohif import DIST

_COLUMNA = ("/dicomweb/", "/_allauth/", "/api/", "/health")
_SOURCE = {
    "friendlyName": "Columna",
    "name": "columna",
    "qidoRoot": "/dicomweb",
    "wadoRoot": "/dicomweb",
    "wadoUriRoot": "/dicomweb",
    "imageRendering": "wadors",
    "thumbnailRendering": "wadors",
    "enableStudyLazyLoad": True,
    "supportsFuzzyMatching": False,
    "supportsWildcard": True,
    "omitQuotationForMultipartRequest": True,
    "singlepart": "bulkdata,image",
    "bulkDataURI": {"enabled": True},
}
_CONFIG = {
    "routerBasename": None,
    "showStudyList": True,
    "extensions": [],
    "modes": [],
    "customizationService": {},
    "showWarningMessageForCrossOrigin": False,
    "showCPUFallbackMessage": False,
    "strictZSpacingForVolumeViewport": True,
    "defaultDataSourceName": "columna",
    "dataSources": [
        {"namespace": "@ohif/extension-default.dataSourcesModule.dicomweb", "sourceName": "columna", "configuration": _SOURCE},
    ],
    "investigationalUseDialog": {"option": "never"},
}


def _page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """OHIF's own addresses (``/viewer?…``) all begin from its one page."""
    if environ["PATH_INFO"] == "/app-config.js":
        body, kind = f"window.config = {json.dumps(_CONFIG)};".encode(), "text/javascript"
    elif "." in environ["PATH_INFO"].rsplit("/", 1)[-1]:
        start_response("404 Not Found", [("Content-Length", "0")])
        return [b""]
    else:
        body, kind = (DIST / "index.html").read_bytes(), "text/html; charset=utf-8"
    start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-cache")])
    return [body]


def _hashed(path: str, url: str) -> bool:
    """OHIF's bundles carry their digest in their name, so the browser may keep them."""
    return ".bundle." in url or url.endswith(".wasm")


_ohif = WhiteNoise(_page, root=str(DIST), max_age=600, immutable_file_test=_hashed)
_ohif.files.pop("/app-config.js", None)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Hand the request to whose it is."""
    chosen: Callable[..., Iterable[bytes]] = columna if environ["PATH_INFO"].startswith(_COLUMNA) else _ohif
    return chosen(environ, start_response)
