"""The DICOM JSON of a series: made once from the headers of its files, kept as one compressed blob."""

from __future__ import annotations

import gzip
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian

from config.errors import Missing
from storage.dicom.dicom_json import instance_json, json_bytes
from storage.dicom.parse import BROKEN
from storage.models import Instance, Series, SeriesMetadata
from storage.services.blob import blob_delete, blob_put, blob_read
from storage.services.blob_file import blob_file

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/vnd.columna.metadata+gzip"
HTJ2K = "1.2.840.10008.1.2.4.202"
_PER_FRAME = ("52009229", "52009230")


@dataclass(frozen=True, slots=True)
class Metadata:
    """``packed`` is the gzip of a JSON list of instances; ``digest`` names it; ``shared`` is what they have in common."""

    packed: bytes
    digest: str
    shared: dict[str, Any]

    @property
    def instances(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(gzip.decompress(self.packed))
        return found


def dicomweb_url(*parts: str) -> str:
    """Return an absolute address below ``/dicomweb`` of the configured public address, never of the ``Host`` that was asked."""
    return "/".join([settings.ENVIRONMENT.base_url.rstrip("/"), "dicomweb", *parts])


def instance_url(study: str, series: str, instance: str) -> str:
    return dicomweb_url("studies", study, "series", series, "instances", instance)


def series_metadata(*, series: Series) -> Metadata:
    """Return the metadata of a series, made now if it was never made, if instances came since, or if the public address changed.

    Ordered by InstanceNumber, then UID: the same for every asking. Reads headers only, never pixels.
    """
    row = SeriesMetadata.objects.filter(series=series).first()
    if row is not None and _is_current(row, series):
        try:
            return Metadata(blob_read(digest=row.blob_id), row.blob_id, row.shared)
        except Missing:
            pass  # the blob was lost; the files it was made from may be there
    return _make(series)


def series_shared(*, series: list[Series]) -> dict[Any, dict[str, Any]]:
    """Return what the instances of each series have in common, by series id, as far as it is kept; nothing is opened or made."""
    return dict(SeriesMetadata.objects.filter(series__in=series).values_list("series_id", "shared"))


def _is_current(row: SeriesMetadata, series: Series) -> bool:
    return row.base_url == dicomweb_url() and row.instances == Instance.objects.filter(series=series).count()


def _make(series: Series) -> Metadata:
    rows = list(
        Instance.objects.filter(series=series)
        .select_related("blob", "series__study")
        .only("sop_instance_uid", "sop_class_uid", "blob__size", "series__series_instance_uid", "series__study__study_instance_uid")
    )
    found = sorted((_instance(row) for row in rows), key=_order)
    packed = gzip.compress(json_bytes(found), compresslevel=6, mtime=0)
    blob = blob_put(data=packed, media_type=MEDIA_TYPE)
    shared = _shared(found)
    before = SeriesMetadata.objects.filter(series=series).values_list("blob_id", flat=True).first()
    SeriesMetadata.objects.update_or_create(
        series=series, defaults={"blob": blob, "instances": len(rows), "base_url": dicomweb_url(), "shared": shared}
    )
    if before not in (None, blob.digest):
        blob_delete(digests=[before])  # withdrawal looks for what the row names, so nothing that it does not name may stay
    return Metadata(packed, blob.digest, shared)


def _instance(row: Instance) -> dict[str, Any]:
    address = instance_url(row.series.study.study_instance_uid, row.series.series_instance_uid, row.sop_instance_uid)
    try:
        dataset = dcmread(blob_file(digest=row.blob_id, size=row.blob.size), stop_before_pixels=True)
        found = instance_json(dataset, bulk=f"{address}/bulkdata", pixels=has_pixels(dataset))
        syntax = str(dataset.file_meta.TransferSyntaxUID)
    except BROKEN as error:
        logger.warning("the header of instance %s cannot be read (%s)", row.pk, type(error).__name__)
        found, syntax = {}, ExplicitVRLittleEndian
    if "7FE00010" in found:
        _colour_as_served(found, syntax)
    found["00083002"] = {"vr": "UI", "Value": _syntaxes(found, syntax)}
    found["00080016"] = {"vr": "UI", "Value": [row.sop_class_uid]}
    found["00080018"] = {"vr": "UI", "Value": [row.sop_instance_uid]}
    found["0020000D"] = {"vr": "UI", "Value": [row.series.study.study_instance_uid]}
    found["0020000E"] = {"vr": "UI", "Value": [row.series.series_instance_uid]}
    return dict(sorted(found.items()))


def has_pixels(dataset: Dataset) -> bool:
    """Whether a header that was read up to the pixels belongs to an image with integer pixels."""
    return all(keyword in dataset for keyword in ("Rows", "Columns", "BitsAllocated"))


def _colour_as_served(found: dict[str, Any], syntax: str) -> None:
    """Compressed colour is decoded to RGB before it leaves as frames, so the metadata that describes the frames says RGB."""
    colour = found.get("00280002", {}).get("Value", [1])[0] == 3
    if colour and syntax != ExplicitVRLittleEndian:
        found["00280004"] = {"vr": "CS", "Value": ["RGB"]}
        found["00280006"] = {"vr": "US", "Value": [0]}


def _syntaxes(found: dict[str, Any], syntax: str) -> list[str]:
    if "7FE00010" not in found:
        return [syntax]
    palette = found.get("00280004", {}).get("Value", [""])[0] == "PALETTE COLOR"
    plain = str(ExplicitVRLittleEndian)
    listed = [plain] if palette else [HTJ2K, plain]
    return listed if syntax in listed else [*listed, syntax]


def _order(found: dict[str, Any]) -> tuple[float, str]:
    number = found.get("00200013", {}).get("Value", [None])[0]
    return (float("inf") if number is None else number, found["00080018"]["Value"][0])


def _shared(found: list[dict[str, Any]]) -> dict[str, Any]:
    if not found:
        return {}
    first = {key: value for key, value in found[0].items() if key not in _PER_FRAME and "BulkDataURI" not in value}
    return {key: value for key, value in first.items() if all(item.get(key) == value for item in found[1:])}
