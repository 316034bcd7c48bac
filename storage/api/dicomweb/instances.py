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
        media = _choose(accepted(request))
        piece = _piece(row, media.syntax)
        return multipart([piece], kind=MEDIA_TYPE) if media.multipart or media.name == "*/*" else single_part(request, piece)


def _objects(request: HttpRequest, series: Iterable[Series]) -> HttpResponseBase:
    media = _choose(accepted(request))
    rows = Instance.objects.filter(series__in=series).select_related("blob", "series__study").order_by("series", "sop_instance_uid")
    return multipart(_pieces(list(rows), media.syntax), kind=MEDIA_TYPE, length_known=False)


def _choose(wanted: list[Media]) -> Media:
    for media in wanted:
        if media.name in (MEDIA_TYPE, "application/*", "*/*"):
            return media
    raise NotAcceptable('Objects can be had as multipart/related; type="application/dicom".')


def _pieces(rows: list[Instance], syntax: str) -> Iterator[Piece]:
    for row in rows:
        yield _piece(row, syntax)


def _piece(row: Instance, syntax: str) -> Piece:
    """Return the file in the transfer syntax that was asked for: ``*`` as it is stored, nothing or 1.2.840.10008.1.2.1 uncompressed."""
    stored = blob_syntax(row.blob_id, row.blob.size)
    location = instance_url(row.series.study.study_instance_uid, row.series.series_instance_uid, row.sop_instance_uid)
    if syntax in ("*", stored) or (not syntax and stored == ExplicitVRLittleEndian):
        return piece_of_blob(row.blob_id, f"{MEDIA_TYPE}; transfer-syntax={stored}", length=row.blob.size, whole=True, location=location)
    if syntax not in ("", ExplicitVRLittleEndian):
        raise NotAcceptable(
            f"This object can be had as {stored} or {ExplicitVRLittleEndian}.", state={"types": [stored, ExplicitVRLittleEndian]}
        )
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
