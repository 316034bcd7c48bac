"""Cases that phantoms do not give, for journeys of viewing: each scene is one study with what it shows best, made on the spot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Written:
    """A series whose objects are written already."""

    name: str
    series: Any
    datasets: list[Any]
    layers: dict[str, Any] = field(default_factory=dict)


def _header(person: str, study: str, date: str, description: str, number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "PatientID": f"scene-{person}", "PatientName": "Scene^Somebody", "PatientBirthDate": "19700101", "PatientSex": "O", "StudyDate": date,
        "StudyTime": "101500", "StudyID": "1", "AccessionNumber": f"A{study}", "SeriesDescription": description, "StudyDescription": "Spine",
        "BodyPartExamined": "LSPINE", "SeriesNumber": number, "ImageType": ["ORIGINAL", "PRIMARY"], "Manufacturer": "COLUMNA PHANTOM", **more,
    }  # fmt: skip


def trunk_ct() -> Iterator[Any]:
    """A CT of 512 × 512 × 64, with nothing proposed: large enough to open as a region."""
    from storage.dicom.synthesis import ImageSeries, stable_uid
    from storage.phantom_dicom.study import PhantomSeries
    from tests.storage.trunks import trunk, trunk_grid

    shape = (64, 512, 512)
    study = stable_uid("scene", "trunk")
    series = ImageSeries(
        pixels=trunk(shape),
        modality="CT",
        study_uid=study,
        series_uid=stable_uid(study, "ct"),
        geometry=trunk_grid(shape),
        header=_header("trunk", "1", "20210304", "CT trunk", ImageType=["ORIGINAL", "PRIMARY", "AXIAL"]),
    )
    yield PhantomSeries("trunk", series, {})


def _grained(shape: tuple[int, ...], seed: int) -> Any:
    """Return int16 values with soft structure, as no text looks."""
    from scipy import ndimage

    random = np.random.default_rng(seed)
    coarse = ndimage.zoom(random.normal(600, 250, tuple(max(2, side // 12) for side in shape)), 12, order=1)
    coarse = np.pad(coarse, [(0, max(0, side - have)) for side, have in zip(shape, coarse.shape, strict=True)], mode="edge")
    return np.clip(coarse[tuple(slice(side) for side in shape)] + random.normal(0, 15, shape), 1, 4000).astype(np.int16)


def _sagittal(slices: int, step: float, left: float, tilt: float = 0.0) -> Any:
    """Return a sagittal grid that begins `left` mm to the left and goes right, turned by `tilt` degrees about the long axis."""
    from storage.dicom.geometry import Geometry

    angle = np.deg2rad(tilt)
    row = (float(np.sin(angle)), float(np.cos(angle)), 0.0)
    return Geometry((left, -96.0, 96.0), row, (0.0, 0.0, -1.0), (step, 2.0, 2.0), (slices, 96, 96))


def thick_grid() -> Any:
    return _sagittal(9, 4.0, 16)


def thin_grid() -> Any:
    return _sagittal(21, 2.0, 21, tilt=8)


def _series(study: str, name: str, geometry: Any, *, person: str, date: str, number: int, frame: str, seed: int) -> Any:
    from storage.dicom.synthesis import ImageSeries, stable_uid
    from storage.phantom_dicom.study import PhantomSeries

    series = ImageSeries(
        pixels=_grained(geometry.shape, seed),
        modality="MR",
        study_uid=study,
        series_uid=stable_uid(study, name),
        geometry=geometry,
        frame_of_reference_uid=stable_uid(study, frame),
        bits_stored=16,
        header=_header(person, study[-4:], date, name, number),
    )
    return PhantomSeries(name, series, {})


def earlier_mr() -> Iterator[Any]:
    """The study of somebody 14 months before the next scene: a sagittal series, counted from the other side."""
    from storage.dicom.synthesis import stable_uid

    yield _series(
        stable_uid("scene", "then"), "T2 sag", _sagittal(7, 6.0, 20), person="linked", date="20200103", number=1, frame="one", seed=3
    )


def linked_mr() -> Iterator[Any]:
    """Two sagittal series of one frame of reference, one thick and one thin and turned; an axial one; and one of another frame."""
    from storage.dicom.geometry import Geometry
    from storage.dicom.synthesis import stable_uid

    study, more = stable_uid("scene", "now"), {"person": "linked", "date": "20210304"}
    yield _series(study, "T2 sag", thick_grid(), number=1, frame="one", seed=4, **more)
    yield _series(study, "T1 sag", thin_grid(), number=2, frame="one", seed=5, **more)
    axial = Geometry((-96.0, -96.0, -20.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (5.0, 2.0, 2.0), (9, 96, 96))
    yield _series(study, "T2 tra", axial, number=3, frame="other", seed=6, **more)


def gapped_ct() -> Iterator[Any]:
    """A CT whose slices do not lie at one distance."""
    from storage.dicom.geometry import Geometry
    from storage.dicom.synthesis import ImageSeries, series_datasets, stable_uid

    study = stable_uid("scene", "gapped")
    geometry = Geometry((-96.0, -96.0, -20.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (5.0, 2.0, 2.0), (10, 96, 96))
    series = ImageSeries(
        pixels=_grained(geometry.shape, 8) - 600, modality="CT", study_uid=study, series_uid=stable_uid(study, "ct"), geometry=geometry,
        header=_header("gapped", "7", "20210304", "CT gapped", ImageType=["ORIGINAL", "PRIMARY", "AXIAL"]),
    )  # fmt: skip

    yield Written("gapped", series, [dataset for number, dataset in enumerate(series_datasets(series)) if number not in (3, 7)])


def ultrasound_clip() -> Iterator[Any]:
    """A clip of 12 frames with one calibrated part: 0.5 mm a pixel in rows 40 to 199 and columns 30 to 229."""
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    from storage.dicom.synthesis import ImageSeries, series_datasets, stable_uid

    study = stable_uid("scene", "clip")
    pixels = np.clip(_grained((12, 240, 260), 9) / 5, 1, 250).astype(np.uint8)
    pixels[:, :40], pixels[:, 200:], pixels[:, :, :30], pixels[:, :, 230:] = 0, 0, 0, 0
    series = ImageSeries(
        pixels=pixels,
        modality="US",
        study_uid=study,
        series_uid=stable_uid(study, "clip"),
        header=_header("clip", "8", "20210304", "US clip"),
    )
    (clip,) = list(series_datasets(ImageSeries(**{**vars(series), "pixels": pixels[:1]})))
    clip.SOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    clip.NumberOfFrames, clip.PixelData, clip.FrameTime = len(pixels), pixels.tobytes(), 100
    clip.FrameIncrementPointer = 0x00181063
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0, region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 30, 40, 229, 199
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.05
    clip.SequenceOfUltrasoundRegions = Sequence([region])

    yield Written("clip", series, [clip])


def films() -> Iterator[Any]:
    """A frontal and a lateral film of one study, without millimetres."""
    from storage.dicom.synthesis import ImageSeries, stable_uid
    from storage.phantom_dicom.study import PhantomSeries

    study = stable_uid("scene", "films")
    for number, (name, sides) in enumerate({"Spine AP": ["L", "F"], "Spine lateral": ["A", "F"]}.items(), 1):
        header = _header("films", "9", "20210304", name, number, PatientOrientation=sides)
        pixels = _grained((1, 240, 120), 20 + number)
        yield PhantomSeries(
            name, ImageSeries(pixels=pixels, modality="CR", study_uid=study, series_uid=stable_uid(study, name), header=header), {}
        )


SCENES = {"films": films, "trunk": trunk_ct, "then": earlier_mr, "now": linked_mr, "gapped": gapped_ct, "clip": ultrasound_clip}
