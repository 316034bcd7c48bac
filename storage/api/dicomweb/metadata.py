"""WADO-RS metadata of studies, series and instances: DICOM JSON without pixels, compressed when the client takes it so."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import OrderedDict
from typing import Any

from django.http import HttpRequest, HttpResponse

from config.errors import Missing
from storage.api.dicomweb.accept import require_json
from storage.api.dicomweb.base import PRIVATE, DicomwebView
from storage.api.dicomweb.search import MEDIA_TYPE, study_series
from storage.dicom.dicom_json import json_bytes
from storage.services.series_metadata import Metadata, series_metadata

_KEPT = 4
_parsed: OrderedDict[str, dict[str, Any]] = OrderedDict()
"""Instances by UID of the series that were asked for last, by digest: clients ask for one instance after the other."""


class StudyMetadataView(DicomwebView):
    def get(self, request: HttpRequest, study: str) -> HttpResponse:
        require_json(request)
        found = [series_metadata(series=series) for series in study_series(self.study(study))]
        if len(found) == 1:
            return _packed(request, found[0].packed, found[0].digest)
        digest = hashlib.sha256("".join(metadata.digest for metadata in found).encode()).hexdigest()
        if _unchanged(request, digest):
            return _not_modified(digest)
        lists = [gzip.decompress(metadata.packed)[1:-1] for metadata in found]
        return _packed(request, gzip.compress(b"[" + b",".join(part for part in lists if part) + b"]", compresslevel=3, mtime=0), digest)


class SeriesMetadataView(DicomwebView):
    def get(self, request: HttpRequest, study: str, series: str) -> HttpResponse:
        require_json(request)
        found = series_metadata(series=self.series(study, series))
        return _packed(request, found.packed, found.digest)


class InstanceMetadataView(DicomwebView):
    def get(self, request: HttpRequest, study: str, series: str, instance: str) -> HttpResponse:
        require_json(request)
        row = self.instance(study, series, instance)
        found = _by_uid(series_metadata(series=row.series)).get(instance)
        if found is None:
            raise Missing("The metadata of this instance cannot be read.")
        response = HttpResponse(json_bytes([found]), content_type=MEDIA_TYPE)
        response["Cache-Control"] = PRIVATE
        return response


def _by_uid(metadata: Metadata) -> dict[str, Any]:
    if metadata.digest not in _parsed:
        _parsed[metadata.digest] = {item["00080018"]["Value"][0]: item for item in json.loads(gzip.decompress(metadata.packed))}
        while len(_parsed) > _KEPT:
            _parsed.popitem(last=False)
    return _parsed[metadata.digest]


def _unchanged(request: HttpRequest, digest: str) -> bool:
    return f'"{digest}"' in [tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")]


def _not_modified(digest: str) -> HttpResponse:
    response = HttpResponse(status=304)
    response["ETag"] = f'"{digest}"'
    return response


def _packed(request: HttpRequest, packed: bytes, digest: str) -> HttpResponse:
    """Return the JSON as it is kept, or unpacked for a client that does not take gzip. The browser may keep it, but asks each time."""
    if _unchanged(request, digest):
        return _not_modified(digest)
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(packed if takes_gzip else gzip.decompress(packed), content_type=MEDIA_TYPE)
    if takes_gzip:
        response["Content-Encoding"] = "gzip"
    response["ETag"] = f'"{digest}"'
    return response
