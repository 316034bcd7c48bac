"""Cases that phantoms do not give, for journeys of viewing: each scene is one study with what it shows best, made on the spot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


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


SCENES = {"trunk": trunk_ct}
