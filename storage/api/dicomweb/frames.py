"""WADO-RS frames: raw by default, the stored HTJ2K when it is wanted, the file's own encoding when it is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from pydicom.uid import ExplicitVRLittleEndian

from config.errors import Invalid, Missing
from storage.api.dicomweb.accept import Media, NotAcceptable, accepted
from storage.api.dicomweb.base import DicomwebView
from storage.api.dicomweb.parts import Piece, multipart, piece_of_blob, piece_of_bytes, single_part
from storage.models import Instance
from storage.services.instance_pixels import Place, display_frame, frame_encoded, frame_values, instance_dataset, instance_place
from storage.services.series_metadata import HTJ2K

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

RAW, HIGH_THROUGHPUT, AS_STORED = "raw", "htj2k", "as stored"
_OCTETS = "application/octet-stream"
_ANY = ("*/*", "application/*")
_HTJ2K_UIDS = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203")
_STORED_TYPES = {
    "1.2.840.10008.1.2.4.50": "image/jpeg", "1.2.840.10008.1.2.4.51": "image/jpeg", "1.2.840.10008.1.2.4.57": "image/jpeg",
    "1.2.840.10008.1.2.4.70": "image/jpeg", "1.2.840.10008.1.2.4.80": "image/jls", "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2", "1.2.840.10008.1.2.4.91": "image/jp2", "1.2.840.10008.1.2.5": "image/dicom-rle",
    **dict.fromkeys(_HTJ2K_UIDS, "image/jphc"),
}  # fmt: skip


class FramesView(DicomwebView):
    def get(self, request: HttpRequest, study: str, series: str, instance: str, frames: str) -> HttpResponseBase:
        row = self.instance(study, series, instance)
        numbers = frame_numbers(frames, row)
        place = instance_place(instance=row)
        form, media = _choose(accepted(request), place)
        pieces = list(_pieces(row, place, form, numbers))
        if len(pieces) == 1 and not media.multipart and media.name not in _ANY:
            return single_part(request, pieces[0])
        return multipart(pieces, kind=pieces[0].media_type.split(";")[0])


def frame_numbers(text: str, instance: Instance) -> list[int]:
    """Return frames counted from 1. Raises :class:`Invalid` for what is no list of numbers, :class:`Missing` for one that is not there."""
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and len(part) < 9 for part in parts):
        raise Invalid("Frames are numbers from 1, with commas between them.", code="bad_frames")
    numbers = [int(part) for part in parts]
    if any(not 1 <= number <= max(1, instance.number_of_frames) for number in numbers):
        raise Missing(f"This instance has {instance.number_of_frames} frames, counted from 1.", code="no_such_frame")
    return numbers


def _choose(wanted: list[Media], place: Place) -> tuple[str, Media]:
    """Return the first form that the client takes and this image has."""
    for media in wanted:
        if (form := _form(media, place)) is not None:
            return form, media
    kinds = ["application/octet-stream", *([] if place.palette else ["image/jphc"]), *filter(None, [_STORED_TYPES.get(place.syntax)])]
    raise NotAcceptable(f"The frames of this instance can be had as {', '.join(dict.fromkeys(kinds))}.", state={"types": kinds})


def _form(media: Media, place: Place) -> str | None:
    syntax, stored = media.syntax, _STORED_TYPES.get(place.syntax, "")
    fast = None if place.palette else HIGH_THROUGHPUT
    if media.name in (_OCTETS, *_ANY):
        if syntax in ("", ExplicitVRLittleEndian):
            return RAW
        if syntax == "*" or syntax in _HTJ2K_UIDS:
            return fast or (RAW if syntax == "*" else None)
        return AS_STORED if syntax == place.syntax else None
    if media.name in ("image/jphc", "image/*"):
        return fast if syntax in ("", "*", *_HTJ2K_UIDS) else None
    names = {media.name, media.name.replace("x-dicom-rle", "dicom-rle")}
    return AS_STORED if stored in names and syntax in ("", "*", place.syntax) else None


def _pieces(row: Instance, place: Place, form: str, numbers: list[int]) -> Iterator[Piece]:
    dataset: Dataset | None = None
    for number in numbers:
        if form == RAW and place.offset:
            offset = place.offset + (number - 1) * place.frame_length
            kind = f"{_OCTETS}; transfer-syntax={ExplicitVRLittleEndian}"
            yield piece_of_blob(row.blob_id, kind, offset=offset, length=place.frame_length)
            continue
        ready = display_frame(instance=row, frame=number) if form == HIGH_THROUGHPUT else None
        if ready is not None:
            yield piece_of_blob(ready.digest, f"image/jphc; transfer-syntax={HTJ2K}", length=ready.length, whole=True)
            continue
        dataset = dataset or instance_dataset(instance=row)
        yield _made(dataset, place, form, number)


def _made(dataset: Dataset, place: Place, form: str, number: int) -> Piece:
    """Return a frame that has to be decoded, or encoded because its display frame is still to be made."""
    from storage.dicom.htj2k import encode_frame

    if form == AS_STORED:
        return piece_of_bytes(
            frame_encoded(dataset=dataset, frame=number), f"{_STORED_TYPES[place.syntax]}; transfer-syntax={place.syntax}"
        )
    values = frame_values(dataset=dataset, frame=number)
    if form == HIGH_THROUGHPUT:
        return piece_of_bytes(encode_frame(values).data, f"image/jphc; transfer-syntax={HTJ2K}")
    return piece_of_bytes(values.tobytes(), f"{_OCTETS}; transfer-syntax={ExplicitVRLittleEndian}")
