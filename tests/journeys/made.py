"""Series that no person could have: each is made so that what the screen shows can be held against what was drawn, to the voxel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from storage.dicom.geometry import Geometry
from storage.dicom.synthesis import ImageSeries, stable_uid
from storage.phantom_dicom.identity import identity_draw, identity_header
from storage.phantom_dicom.study import PhantomSeries

LANDMARK = np.array([18.0, -9.0, 41.0])
"""Where the landmark lies, mm LPS: on the patient's left, in front, above the middle."""
SHADES = 25
"""A slice of :func:`numbered_series` is its number modulo this at its left edge, and what is left of it at its right; 60 units apart."""


def oblique_grid() -> Geometry:
    """Return axial slices tilted about two axes, read from left to right, with three different spacings; the landmark is voxel (7, 30, 26)."""
    tilt, turn = np.deg2rad(24), np.deg2rad(13)
    row = np.array([-np.cos(turn), np.sin(turn), 0])  # towards the patient's right: flipped against the custom
    down = np.array([np.sin(turn) * np.cos(tilt), np.cos(turn) * np.cos(tilt), -np.sin(tilt)])
    return _through(row, down, (4.0, 1.1, 1.7), (15, 72, 56), (7, 30, 26))


def upright_grid() -> Geometry:
    """Return plain sagittal slices of the same space; the landmark is voxel (5, 22, 33)."""
    return _through(np.array([0, 1.0, 0]), np.array([0, 0, -1.0]), (3.0, 1.5, 1.5), (11, 64, 64), (5, 22, 33))


def _through(
    row: NDArray[np.float64],
    down: NDArray[np.float64],
    spacing: tuple[float, float, float],
    shape: tuple[int, int, int],
    voxel: tuple[int, int, int],
) -> Geometry:
    steps = np.stack([np.cross(row, down) * spacing[0], down * spacing[1], row * spacing[2]])
    origin = LANDMARK - np.array(voxel) @ steps
    return Geometry(tuple(origin), tuple(row), tuple(down), spacing, shape)


def landmark_series() -> Iterator[PhantomSeries]:
    """Yield one person's two series of one frame of reference, dark but for a bright ball of 5 mm round the landmark."""
    study = stable_uid("journeys", "landmark")
    header = identity_header(identity_draw(901), study_uid=study, time="101500.000") | {
        "Manufacturer": "COLUMNA PHANTOM", "StudyDescription": "MRI Lumbar Spine", "BodyPartExamined": "LSPINE",
    }  # fmt: skip
    for number, (name, words, grid) in enumerate((("oblique", "T2 TSE TRA", oblique_grid()), ("upright", "T2 TSE SAG", upright_grid())), 1):
        points = np.stack(np.meshgrid(*(np.arange(size) for size in grid.shape), indexing="ij"), axis=-1)
        away = np.linalg.norm(points @ grid.affine[:3, :3].T + grid.affine[:3, 3] - LANDMARK, axis=-1)
        pixels = (60 + 900 * np.exp(-((away / 2.5) ** 2))).astype(np.uint16)
        series = ImageSeries(
            pixels=pixels, modality="MR", study_uid=study, series_uid=stable_uid(study, name), geometry=grid, bits_stored=12,
            frame_of_reference_uid=stable_uid(study, "frame"), header=header | {"SeriesDescription": words, "SeriesNumber": number},
        )  # fmt: skip
        yield PhantomSeries(name, series, {})


def numbered_series(count: int = 600) -> Iterator[PhantomSeries]:
    """Yield a long CT of small slices; the shades at both edges spell a slice's number, so that none passes for another."""
    study = stable_uid("journeys", "numbered", count)
    low, high = np.divmod(np.arange(count), SHADES)[::-1]
    share = np.clip((np.arange(64) - 16) / 32, 0, 1)
    line = 500 + 60 * (low[:, None] * (1 - share) + high[:, None] * share)
    pixels = np.broadcast_to(line[:, None, :], (count, 64, 64)).astype(np.uint16)
    header = identity_header(identity_draw(902), study_uid=study, time="111500.000") | {
        "Manufacturer": "COLUMNA PHANTOM", "StudyDescription": "CT Spine", "SeriesDescription": "Spine 1.0", "BodyPartExamined": "SPINE",
        "SeriesNumber": 1, "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    }  # fmt: skip
    grid = Geometry((-95.0, -95.0, -300.0), (1, 0, 0), (0, 1, 0), (1.0, 3.0, 3.0), (count, 64, 64))
    series = ImageSeries(
        pixels=pixels, modality="CT", study_uid=study, series_uid=stable_uid(study, "axial"), geometry=grid, intercept=-1024.0,
        bits_stored=12, frame_of_reference_uid=stable_uid(study, "frame"), header=header,
    )  # fmt: skip
    yield PhantomSeries("numbered", series, {})


MADE = {"landmark": landmark_series, "numbered": numbered_series}
