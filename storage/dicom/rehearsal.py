"""One invented image through the door, so that a process has imported and compiled what the first real one would wait for."""

from __future__ import annotations

import secrets

import numpy as np

from storage.dicom.door import pass_door
from storage.dicom.geometry import Geometry
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import Pseudonyms
from storage.dicom.synthesis import ImageSeries, dataset_bytes, series_datasets, stable_uid

_SIDE = 256


def rehearse() -> None:
    """Pass a CT slice of nobody under keys that nobody keeps; nothing of it stays but what the interpreter remembers."""
    series = ImageSeries(
        pixels=np.arange(_SIDE * _SIDE, dtype=np.uint16).reshape(1, _SIDE, _SIDE) % 4096,
        modality="CT",
        study_uid=stable_uid("rehearsal", 1),
        series_uid=stable_uid("rehearsal", 2),
        geometry=Geometry((0.0, 0.0, 0.0), (1, 0, 0), (0, 1, 0), (2.0, 1.0, 1.0), (1, _SIDE, _SIDE)),
        header={"PatientName": "Rehearsal^Nobody", "PatientID": "REHEARSAL-1", "SeriesDescription": "Lumbar spine"},
    )
    pseudonyms = Pseudonyms(project_key=secrets.token_bytes(32), site_key=secrets.token_bytes(32))
    pass_door(dataset_bytes(next(series_datasets(series))), profile=Profile(), pseudonyms=pseudonyms)
