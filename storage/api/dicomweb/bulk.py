"""Bulk data: what metadata names by ``BulkDataURI``."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from pydicom.uid import ExplicitVRLittleEndian

from config.errors import Missing
from storage.api.dicomweb.accept import NotAcceptable, accepted
from storage.api.dicomweb.base import DicomwebView
from storage.api.dicomweb.parts import Piece, multipart, piece_of_blob, piece_of_bytes, single_part
from storage.dicom.dicom_json import bulk_value
from storage.models import Instance
from storage.services.instance_pixels import frame_values, instance_dataset, instance_place

_OCTETS = "application/octet-stream"
_KIND = f"{_OCTETS}; transfer-syntax={ExplicitVRLittleEndian}"


class BulkdataView(DicomwebView):
    """The value at ``{tag}`` or ``{tag}/{item}/{tag}``, items from 1. Pixels come uncompressed, all frames one after the other."""

    def get(self, request: HttpRequest, study: str, series: str, instance: str, path: str) -> HttpResponseBase:
        row = self.instance(study, series, instance)
        for media in accepted(request):
            if media.name in (_OCTETS, "application/*", "*/*"):
                piece = _pixels(row) if path.upper() == "7FE00010" else _value(row, path)
                return multipart([piece], kind=_OCTETS) if media.multipart else single_part(request, piece)
        raise NotAcceptable("Bulk data can be had as application/octet-stream.", state={"types": [_OCTETS]})


def _pixels(row: Instance) -> Piece:
    place = instance_place(instance=row)
    if place.offset:
        return piece_of_blob(row.blob_id, _KIND, offset=place.offset, length=place.frame_length * max(1, row.number_of_frames))
    dataset = instance_dataset(instance=row)
    frames = [frame_values(dataset=dataset, frame=number).tobytes() for number in range(1, max(1, row.number_of_frames) + 1)]
    return piece_of_bytes(b"".join(frames), _KIND)


def _value(row: Instance, path: str) -> Piece:
    value = bulk_value(instance_dataset(instance=row), path.split("/"))
    if value is None:
        raise Missing("This instance has no bulk data at that place.")
    return piece_of_bytes(value, _KIND)
