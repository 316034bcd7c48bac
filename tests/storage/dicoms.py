"""DICOM objects as a hospital sends them, for tests of the door. Nothing here comes from storage/."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
AXIAL = [1, 0, 0, 0, 1, 0]
SAGITTAL = [0, 1, 0, 0, 0, -1]


def slice_of(
    *,
    study: str,
    series: str,
    number: int = 1,
    position: tuple[float, float, float] | None = (0, 0, 0),
    orientation: list[float] | None = None,
    pixels: np.ndarray | None = None,
    sop_class: str = CT,
    patient: str = "MRN-4711-0815",
    syntax: str = ExplicitVRLittleEndian,
    **fields: Any,
) -> Dataset:
    """Return one image of ``KESSELRING^ADELHEID`` with the header of an ordinary scanner."""
    pixels = np.full((16, 12), number, np.int16) if pixels is None else pixels
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    uid = fields.pop("SOPInstanceUID", None) or generate_uid(entropy_srcs=[series, str(number)])
    dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.MediaStorageSOPInstanceUID = sop_class, uid
    dataset.file_meta.SourceApplicationEntityTitle = "SECRETSCANNER"
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
    dataset.FrameOfReferenceUID = study[:60] + ".9"
    dataset.Modality = "MR" if sop_class == MR else "CT"
    dataset.PatientName, dataset.PatientID = "Kesselring^Adelheid", patient
    dataset.PatientBirthDate, dataset.PatientSex, dataset.PatientAge = "19610403", "F", "058Y"
    dataset.StudyDate = dataset.SeriesDate = "20190722"
    dataset.StudyTime, dataset.AcquisitionTime = "101500", "101733.250000"
    dataset.AccessionNumber = "ACC7788123"
    dataset.StudyDescription = "MRT LWS Kesselring"
    dataset.SeriesDescription = "T2 TSE SAG L-SPINE"
    dataset.InstitutionName = "Klinikum Musterstadt"
    dataset.ReferringPhysicianName = "Obermoser^Quirin"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SeriesNumber, dataset.InstanceNumber = 3, number
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = pixels.dtype.itemsize * 8
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, int(pixels.dtype.kind == "i")
    dataset.PixelSpacing, dataset.SliceThickness = [0.5, 0.5], 3
    if position is not None:
        dataset.ImagePositionPatient = list(position)
        dataset.ImageOrientationPatient = orientation or AXIAL
    if pixels.ndim == 3:
        dataset.NumberOfFrames = len(pixels)
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
    for keyword, value in fields.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def to_bytes(dataset: Dataset) -> bytes:
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def series_of(count: int = 5, *, gap: float = 3.0, seed: str = "a", **fields: Any) -> list[bytes]:
    """Return an axial series with regular gaps, in an order that is not the spatial one."""
    study, series = generate_uid(entropy_srcs=[seed, "study"]), generate_uid(entropy_srcs=[seed, "series"])
    slices = [slice_of(study=study, series=series, number=n + 1, position=(0, 0, -gap * n), **fields) for n in range(count)]
    return [to_bytes(item) for item in slices[::2] + slices[1::2]]
