"""Stacks for tests of what comes after assembly: rows and blobs as intake would have left them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from accounts.models import Project
from storage.dicom.geometry import Geometry
from storage.models import Instance, Series, Stack, Study, Subject
from storage.services.blob import blob_put
from tests.factories import make_project

CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


def dicom_bytes(pixels: np.ndarray, uid: str, **fields: Any) -> bytes:
    """Return a small DICOM file: [row, column] grey, [frame, row, column] grey, or [row, column, RGB]."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.MediaStorageSOPInstanceUID = UID(CT_STORAGE), UID(uid)
    dataset.SOPClassUID, dataset.SOPInstanceUID = CT_STORAGE, uid
    colour = pixels.ndim == 3 and pixels.dtype == np.uint8 and pixels.shape[2] == 3
    dataset.Rows, dataset.Columns = pixels.shape[:2] if colour else pixels.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = (3, "RGB") if colour else (1, "MONOCHROME2")
    if colour:
        dataset.PlanarConfiguration = 0
    elif pixels.ndim == 3:
        dataset.NumberOfFrames = len(pixels)
    dataset.BitsAllocated = dataset.BitsStored = pixels.dtype.itemsize * 8
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    for keyword, value in fields.items():
        setattr(dataset, keyword, value)
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def grid(shape: tuple[int, int, int], spacing: tuple[float, float, float] = (4.0, 1.0, 1.0)) -> Geometry:
    """Return a sagittal grid."""
    return Geometry((-20.0, -100.0, 150.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0), spacing, shape)


def make_stack(
    slices: Sequence[np.ndarray],
    *,
    project: Project | None = None,
    modality: str = "CT",
    geometry: Geometry | None = None,
    kind: str = "volume",
    fields: Sequence[dict[str, Any]] = (),
) -> Stack:
    """Return a stack of the given slices [row, column], one instance each; a three-dimensional grey one is one multi-frame instance."""
    project = project or make_project()
    number = Subject.objects.count() + 1
    subject = Subject.objects.create(project=project, pseudonym=f"SP-{number:06d}", patient_key=f"{number:064d}", fold="train")
    study = Study.objects.create(project=project, subject=subject, study_instance_uid=f"2.25.1{number}", last_received_at=datetime.now(UTC))
    series = Series.objects.create(project=project, study=study, series_instance_uid=f"2.25.2{number}", modality=modality)
    listed: list[dict[str, Any]] = []
    for index, pixels in enumerate(slices):
        uid = f"2.25.3{number}{index:04d}"
        extra = fields[index] if index < len(fields) else {}
        blob = blob_put(data=dicom_bytes(pixels, uid, **extra), media_type="application/dicom")
        frames = len(pixels) if pixels.ndim == 3 and pixels.shape[2] != 3 else 1
        instance = Instance.objects.create(
            project=project,
            series=series,
            sop_instance_uid=uid,
            sop_class_uid=CT_STORAGE,
            blob=blob,
            number_of_frames=frames,
            source_key=f"{number}-{index}",
        )
        for frame in range(1, frames + 1):
            at = geometry.to_world([len(listed), 0, 0]).tolist() if geometry else None
            listed.append({"instance": str(instance.pk), "digest": blob.digest, "frame": frame, "position": at})
    rows, columns = slices[0].shape[:2] if slices[0].shape[-1] == 3 or slices[0].ndim == 2 else slices[0].shape[1:]
    return Stack.objects.create(
        project=project,
        series=series,
        ordinal=0,
        kind=kind,
        plane=geometry.plane if geometry else "unknown",
        rows=rows,
        columns=columns,
        slice_count=len(listed),
        slices=listed,
        slices_digest=hashlib.sha256(str(listed).encode()).hexdigest(),
        geometry=geometry.to_json() if geometry else None,
        geometry_digest=geometry.digest if geometry else "",
    )
