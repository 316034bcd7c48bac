"""Making DICOM objects of arrays: for imported volumes and for phantoms. Pure: the same input gives the same bytes.

Attributes follow the modules of the IODs (PS3.3 A.2 CR, A.3 CT, A.4 MR, A.8 SC, A.26 DX).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import DSfloat

from storage.dicom.geometry import Geometry

SOP_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "OT": "1.2.840.10008.5.1.4.1.1.7",
}
IMPLEMENTATION = UID("2.25.224905713349285386317153214561205117453")


def stable_uid(*parts: object) -> str:
    """Return ``2.25.`` and 122 bits of SHA-256 over the parts, in the form of a version 8 UUID (PS3.5 B.2): equal parts, equal UID."""
    raw = bytearray(hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()[:16])
    raw[6], raw[8] = (raw[6] & 0x0F) | 0x80, (raw[8] & 0x3F) | 0x80
    return f"2.25.{int.from_bytes(raw, 'big')}"


@dataclass(frozen=True)
class ImageSeries:
    """One series to be written.

    ``pixels`` are stored values [slice, row, column] of uint8, int16 or uint16; ``value = stored * slope + intercept``.
    ``geometry`` places them (None: the slices have no place in space); ``pixel_spacing`` is (between rows, between columns) in
    mm of what has no geometry. ``header`` holds further attributes by keyword, the same for every instance, and wins.
    """

    pixels: NDArray[Any]
    modality: str
    study_uid: str
    series_uid: str
    geometry: Geometry | None = None
    pixel_spacing: tuple[float, float] | None = None
    frame_of_reference_uid: str = ""
    slope: float = 1.0
    intercept: float = 0.0
    slice_thickness: float | None = None
    bits_stored: int | None = None
    header: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sop_class(self) -> str:
        """A digital X-ray without a spacing is not one by its IOD; computed radiography asks for none."""
        if self.modality == "DX" and self.pixel_spacing is None:
            return SOP_CLASSES["CR"]
        return SOP_CLASSES.get(self.modality, SOP_CLASSES["OT"])


def ds(value: float) -> DSfloat:
    """Return a decimal string of at most 16 characters, as exact as those allow."""
    return DSfloat(float(value), auto_format=True)


def series_datasets(series: ImageSeries) -> Iterator[Dataset]:
    """Yield one dataset per slice, in slice order; InstanceNumber counts from 1."""
    for index in range(len(series.pixels)):
        yield _dataset(series, index)


def dataset_bytes(dataset: Dataset) -> bytes:
    """Return the dataset as a file in Explicit VR Little Endian."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID, meta.ImplementationClassUID = ExplicitVRLittleEndian, IMPLEMENTATION
    meta.ImplementationVersionName = "COLUMNA"
    dataset.file_meta = meta
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _dataset(series: ImageSeries, index: int) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = series.sop_class
    dataset.SOPInstanceUID = stable_uid(series.series_uid, index + 1)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = series.study_uid, series.series_uid
    dataset.Modality = series.modality
    dataset.InstanceNumber = index + 1
    for keyword in _EMPTY:
        setattr(dataset, keyword, None)
    _pixels(dataset, series, index)
    if series.geometry is not None:
        _plane(dataset, series, series.geometry, index)
    else:
        _no_plane(dataset, series)
    for keyword, value in _MODALITY.get(series.modality, {}).items():
        setattr(dataset, keyword, value)
    if series.sop_class == SOP_CLASSES["DX"]:
        _digital_x_ray(dataset)
    for keyword, value in series.header.items():
        setattr(dataset, keyword, value)
    return dataset


_EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID",
    "AccessionNumber", "SeriesNumber", "Manufacturer",
)  # fmt: skip
"""Type 2 attributes that must be there, be it empty."""

_MODALITY: dict[str, dict[str, Any]] = {
    "CT": {"KVP": None, "AcquisitionNumber": None, "ImageType": ["DERIVED", "SECONDARY", "AXIAL"], "PatientPosition": "HFS"},
    "MR": {
        "ScanningSequence": "RM",
        "SequenceVariant": "NONE",
        "ScanOptions": None,
        "MRAcquisitionType": None,
        "RepetitionTime": None,
        "EchoTime": None,
        "EchoTrainLength": None,
        "ImageType": ["DERIVED", "SECONDARY", "OTHER"],
        "PatientPosition": "HFS",
    },
    "CR": {"BodyPartExamined": "SPINE", "ViewPosition": None, "PatientOrientation": None, "ImageType": ["DERIVED", "SECONDARY"]},
    "DX": {"BodyPartExamined": "SPINE", "ViewPosition": None, "PatientOrientation": None, "ImageType": ["DERIVED", "SECONDARY"]},
}


def _pixels(dataset: Dataset, series: ImageSeries, index: int) -> None:
    pixels = np.ascontiguousarray(series.pixels[index])
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated = 8 * pixels.dtype.itemsize
    dataset.BitsStored = series.bits_stored or dataset.BitsAllocated
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, int(pixels.dtype.kind == "i")
    if series.modality in ("CT", "DX") or (series.slope, series.intercept) != (1.0, 0.0):
        dataset.RescaleIntercept, dataset.RescaleSlope = ds(series.intercept), ds(series.slope)
        dataset.RescaleType = "HU" if series.modality == "CT" else "US"
    data = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OW" if pixels.dtype.itemsize == 2 else "OB"


def _plane(dataset: Dataset, series: ImageSeries, geometry: Geometry, index: int) -> None:
    between, rows, columns = geometry.spacing
    dataset.ImageOrientationPatient = [ds(value) for value in (*geometry.row_direction, *geometry.column_direction)]
    dataset.ImagePositionPatient = [ds(value) for value in geometry.to_world([index, 0, 0])]
    dataset.PixelSpacing = [ds(rows), ds(columns)]
    dataset.SliceThickness = ds(series.slice_thickness or between)
    dataset.SpacingBetweenSlices = ds(between)
    dataset.SliceLocation = ds(float(np.dot(geometry.to_world([index, 0, 0]), geometry.normal)))
    dataset.FrameOfReferenceUID = series.frame_of_reference_uid or stable_uid(series.study_uid, "frame of reference")
    dataset.PositionReferenceIndicator = None


def _no_plane(dataset: Dataset, series: ImageSeries) -> None:
    if series.pixel_spacing is None:
        return
    keyword = "ImagerPixelSpacing" if series.modality in ("CR", "DX") else "PixelSpacing"
    setattr(dataset, keyword, [ds(value) for value in series.pixel_spacing])


def _digital_x_ray(dataset: Dataset) -> None:
    region = Dataset()
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = "421060004", "SCT", "Spine"
    dataset.AnatomicRegionSequence = Sequence([region])
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.ImageLaterality = "U"
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LOG", 1
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.PositionerType, dataset.DetectorType = None, None
    dataset.AcquisitionContextSequence = Sequence()
    dataset.LossyImageCompression = "00"
    dataset.BurnedInAnnotation = "NO"
    levels = float(1 << dataset.BitsStored)
    dataset.WindowCenter, dataset.WindowWidth = ds(levels / 2), ds(levels)
