"""A phantom's study: which series, on which grids, with which headers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from storage.dicom.geometry import Geometry
from storage.dicom.synthesis import ImageSeries, ds, stable_uid
from storage.phantom.image import Scan, ct_render, mr_study
from storage.phantom.radiograph import Radiograph, radiograph_render
from storage.phantom.spine import SpineSpec, spine_build
from storage.phantom_dicom.identity import Identity, identity_header

Modality = Literal["MR", "CT", "DX"]
_MR: dict[str, dict[str, Any]] = {
    "t1": {"ScanningSequence": "SE", "RepetitionTime": ds(560), "EchoTime": ds(11), "EchoTrainLength": 3},
    "t2": {"ScanningSequence": "SE", "RepetitionTime": ds(3400), "EchoTime": ds(98), "EchoTrainLength": 17},
    "stir": {
        "ScanningSequence": ["SE", "IR"],
        "RepetitionTime": ds(4100),
        "EchoTime": ds(55),
        "EchoTrainLength": 11,
        "InversionTime": ds(160),
    },
}
_NAMES = {"t1": "T1 TSE SAG", "t2": "T2 TSE SAG", "stir": "STIR SAG"}


@dataclass(frozen=True)
class Grids:
    """How finely to image. ``fast`` is small enough for tests; ``clinical`` is what scanners make."""

    mr_slices: int = 15
    mr_side: int = 384
    ct_slices: int = 140
    ct_side: int = 256
    parts: int = 3

    @classmethod
    def fast(cls) -> Grids:
        return cls(mr_slices=9, mr_side=128, ct_slices=48, ct_side=96, parts=1)


@dataclass(frozen=True)
class PhantomSeries:
    """A series to be written, with what is known of it: masks per layer on its grid, or a radiograph's endplates."""

    name: str
    series: ImageSeries
    layers: dict[str, NDArray[np.uint8]]
    radiograph: Radiograph | None = None


def mr_grid(grids: Grids) -> Geometry:
    """Return the sagittal lumbar grid: 4 mm slices, 0.4 mm gap, 300 mm field of view round L3."""
    pixel = 300 / grids.mr_side
    half = 4.4 * (grids.mr_slices - 1) / 2
    return Geometry((half, -150.0, 215.0), (0, 1, 0), (0, 0, -1), (4.4, pixel, pixel), (grids.mr_slices, grids.mr_side, grids.mr_side))


def ct_grid(grids: Grids) -> Geometry:
    """Return the axial lumbar grid: 200 mm field of view, 290 mm from the sacrum to T11."""
    pixel, step = 200 / grids.ct_side, 290 / grids.ct_slices
    start = (-100.0 + pixel / 2, -110.0 + pixel / 2, -75.0)
    return Geometry(start, (1, 0, 0), (0, 1, 0), (step, pixel, pixel), (grids.ct_slices, grids.ct_side, grids.ct_side))


def study_series(
    spec: SpineSpec, who: Identity, *, modalities: Sequence[Modality] = ("MR", "CT", "DX"), grids: Grids | None = None
) -> Iterator[PhantomSeries]:
    """Yield the series of one person's visit. All of one modality's study share study and frame of reference."""
    grids = grids or Grids()
    for modality in modalities:
        study_uid = stable_uid("phantom", spec.seed, repr(spec), modality)
        header = identity_header(who, study_uid=study_uid, time=f"{9 + len(modality):02d}1500.000")
        make = {"MR": _mr_series, "CT": _ct_series, "DX": _dx_series}[modality]
        yield from make(spec, header, study_uid, grids)


def _series_uid(study_uid: str, name: str) -> str:
    return stable_uid(study_uid, name)


def _volume(name: str, scan: Scan, modality: str, geometry: Geometry, study_uid: str, header: dict[str, Any], **more: Any) -> PhantomSeries:
    series = ImageSeries(
        pixels=scan.pixels,
        modality=modality,
        study_uid=study_uid,
        series_uid=_series_uid(study_uid, name),
        geometry=geometry,
        frame_of_reference_uid=stable_uid(study_uid, "frame"),
        header=header,
        **more,
    )
    return PhantomSeries(name, series, scan.anatomy.layers)


def _mr_series(spec: SpineSpec, header: dict[str, Any], study_uid: str, grids: Grids) -> Iterator[PhantomSeries]:
    geometry = mr_grid(grids)
    scans = mr_study(spec, geometry.affine, geometry.shape, ("t1", "t2", "stir"), parts=grids.parts, spine=spine_build(spec))
    for number, (sequence, scan) in enumerate(scans.items(), 2):
        own = {
            "ImageType": ["ORIGINAL", "PRIMARY", "M"],
            "Manufacturer": "COLUMNA PHANTOM",
            "ManufacturerModelName": "Spine 1.5T",
            "MagneticFieldStrength": ds(1.5),
            "SequenceVariant": "SK",
            "MRAcquisitionType": "2D",
            "StudyDescription": "MRI Lumbar Spine",
            "SeriesDescription": _NAMES[sequence],
            "ProtocolName": _NAMES[sequence],
            "BodyPartExamined": "LSPINE",
            "SeriesNumber": number,
            "AcquisitionNumber": 1,
            **_MR[sequence],
        }
        yield _volume(f"MR-{sequence}", scan, "MR", geometry, study_uid, header | own, slice_thickness=4.0, bits_stored=12)


def _ct_series(spec: SpineSpec, header: dict[str, Any], study_uid: str, grids: Grids) -> Iterator[PhantomSeries]:
    geometry = ct_grid(grids)
    scan = ct_render(spec, geometry.affine, geometry.shape, parts=max(1, grids.parts - 1), spine=spine_build(spec))
    stored = Scan((scan.pixels.astype(np.int32) + 1024).astype(np.uint16), scan.anatomy)
    own = {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "Manufacturer": "COLUMNA PHANTOM",
        "ManufacturerModelName": "Spine CT",
        "KVP": ds(120),
        "ConvolutionKernel": "B40s",
        "StudyDescription": "CT Lumbar Spine",
        "SeriesDescription": "Spine 2.0 soft",
        "ProtocolName": "Lumbar spine",
        "BodyPartExamined": "LSPINE",
        "SeriesNumber": 3,
        "AcquisitionNumber": 1,
        "WindowCenter": [ds(50), ds(400)],
        "WindowWidth": [ds(400), ds(1800)],
    }
    yield _volume("CT-axial", stored, "CT", geometry, study_uid, header | own, intercept=-1024.0, bits_stored=12)


def _dx_series(spec: SpineSpec, header: dict[str, Any], study_uid: str, grids: Grids) -> Iterator[PhantomSeries]:
    views: tuple[Literal["ap", "lateral"], ...] = ("ap", "lateral")
    for number, view in enumerate(views, 1):
        picture = radiograph_render(spec, view, spacing=0.7 if grids.parts > 1 else 1.4)
        own = {
            "ImageType": ["ORIGINAL", "PRIMARY"],
            "Manufacturer": "COLUMNA PHANTOM",
            "ViewPosition": "AP" if view == "ap" else "LL",
            "PatientOrientation": ["L", "F"] if view == "ap" else ["P", "F"],
            "StudyDescription": "XR Whole Spine",
            "SeriesDescription": "Spine AP" if view == "ap" else "Spine lateral",
            "BodyPartExamined": "TLSPINE",
            "SeriesNumber": number,
        }
        series = ImageSeries(
            pixels=picture.pixels[None],
            modality="DX",
            study_uid=study_uid,
            series_uid=_series_uid(study_uid, view),
            pixel_spacing=(picture.spacing, picture.spacing),
            bits_stored=12,
            header=header | own,
        )
        yield PhantomSeries(f"DX-{view}", series, {}, picture)
