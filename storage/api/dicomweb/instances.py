"""WADO-RS retrieval of whole objects: an instance, a series, a study, as ``application/dicom``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from pydicom.uid import ExplicitVRLittleEndian

from config.errors import Invalid
from storage.api.dicomweb.accept import Media, NotAcceptable, accepted
from storage.api.dicomweb.base import DicomwebView
from storage.api.dicomweb.parts import Piece, multipart, piece_of_blob, piece_of_bytes, single_part
from storage.api.dicomweb.stow import DicomwebStowView
from storage.dicom.parse import BROKEN
from storage.models import Instance, Series
from storage.services.instance_pixels import instance_dataset
from storage.services.series_metadata import instance_url
from storage.services.transfer_syntax import blob_syntax

MEDIA_TYPE = "application/dicom"


class StudyView(DicomwebView):
    def get(self, request: HttpRequest, study: str) -> HttpResponseBase:
        return _objects(request, Series.objects.filter(study=self.study(study)))

    def post(self, request: HttpRequest, study: str) -> HttpResponseBase:
        return DicomwebStowView.as_view()(request, study=study)


class SeriesView(DicomwebView):
    def get(self, request: HttpRequest, study: str, series: str) -> HttpResponseBase:
        return _objects(request, Series.objects.filter(pk=self.series(study, series).pk))


class InstanceView(DicomwebView):
    def get(self, request: HttpRequest, study: str, series: str, instance: str) -> HttpResponseBase:
        row = self.instance(study, series, instance)
        media = _choose(accepted(request), row)
        piece = _piece(row, media.syntax)
        return multipart([piece], kind=MEDIA_TYPE) if media.multipart or media.name == "*/*" else single_part(request, piece)


def _objects(request: HttpRequest, series: Iterable[Series]) -> HttpResponseBase:
    wanted = accepted(request)
    rows = list(Instance.objects.filter(series__in=series).select_related("blob", "series__study").order_by("series", "sop_instance_uid"))
    for row in rows if any(media.syntax not in _ALWAYS for media in wanted) else rows[:1]:
        _choose(wanted, row)  # before the first byte is sent: afterwards nothing could be refused
    if not rows:
        _of_objects(wanted)
    return multipart(_pieces(rows, wanted), kind=MEDIA_TYPE, length_known=False)


_ALWAYS = ("", "*", ExplicitVRLittleEndian)
"""Transfer syntaxes in which every object can be had."""


def _of_objects(wanted: list[Media]) -> list[Media]:
    """Return what of it means whole objects. Raises :class:`NotAcceptable` for nothing."""
    found = [media for media in wanted if media.name in (MEDIA_TYPE, "application/*", "*/*")]
    if not found:
        raise NotAcceptable('Objects can be had as multipart/related; type="application/dicom".', state={"types": [MEDIA_TYPE]})
    return found


def _choose(wanted: list[Media], row: Instance) -> Media:
    """Return the first thing wanted in which this object can be had. Raises :class:`NotAcceptable`, which says what can be had."""
    objects = _of_objects(wanted)
    if objects[0].syntax in _ALWAYS:
        return objects[0]
    stored = blob_syntax(row.blob_id, row.blob.size)
    for media in objects:
        if media.syntax in (*_ALWAYS, stored):
            return media
    kinds = list(dict.fromkeys([stored, ExplicitVRLittleEndian]))
    raise NotAcceptable(f"This object can be had as {' or '.join(kinds)}.", state={"types": kinds})


def _pieces(rows: list[Instance], wanted: list[Media]) -> Iterator[Piece]:
    for row in rows:
        yield _piece(row, _choose(wanted, row).syntax)


def _piece(row: Instance, syntax: str) -> Piece:
    """Return the file in the transfer syntax that was asked for: ``*`` as it is stored, nothing or 1.2.840.10008.1.2.1 uncompressed."""
    stored = blob_syntax(row.blob_id, row.blob.size)
    location = instance_url(row.series.study.study_instance_uid, row.series.series_instance_uid, row.sop_instance_uid)
    if syntax in ("*", stored) or (not syntax and stored == ExplicitVRLittleEndian):
        return piece_of_blob(row.blob_id, f"{MEDIA_TYPE}; transfer-syntax={stored}", length=row.blob.size, whole=True, location=location)
    return piece_of_bytes(_uncompressed(row), f"{MEDIA_TYPE}; transfer-syntax={ExplicitVRLittleEndian}", location)


def _uncompressed(row: Instance) -> bytes:
    dataset = instance_dataset(instance=row)
    try:
        dataset.decompress(generate_instance_uid=False)
    except BROKEN as error:
        raise Invalid(
            "The pixels of this object cannot be decoded. Ask for it as it is stored (transfer-syntax=*).", code="undecodable"
        ) from error
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()
