"""NIfTI files: the same bytes for the same voxels, and every voxel where it is."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.nifti import nifti_bytes
from storage.dicom.geometry import Geometry


def turned(angles: tuple[float, float, float], shape: tuple[int, int, int] = (5, 7, 6)) -> Geometry:
    """Return a grid turned by three angles (radians)."""
    a, b, c = angles
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    matrix = x @ y @ z
    row, column = (tuple(float(value) for value in matrix[:, axis]) for axis in (0, 1))
    return Geometry((-31.5, 12.25, 740.0), row, column, (4.4, 0.7, 0.6), shape)  # type: ignore[arg-type]


def test_the_same_voxels_give_the_same_bytes_without_a_time_or_a_name():
    volume = np.arange(5 * 7 * 6, dtype=np.int16).reshape(5, 7, 6)
    data = nifti_bytes(volume, turned((0, 0, 0)))
    assert data == nifti_bytes(volume.copy(), turned((0, 0, 0)))
    assert data[3] == 0, "no flags: no name, no comment"
    assert data[4:8] == b"\0\0\0\0", "no time"


@given(st.tuples(*[st.floats(-3.1, 3.1)] * 3))
def test_two_readers_find_every_voxel_where_the_grid_says(angles: tuple[float, float, float]):
    grid = turned(angles)
    volume = np.arange(5 * 7 * 6, dtype=np.int16).reshape(5, 7, 6)
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(nifti_bytes(volume, grid)))
    assert image.header["sform_code"] == image.header["qform_code"] == 1
    np.testing.assert_allclose(image.get_qform(), image.get_sform(), atol=1e-3)
    for index in [(0, 0, 0), (4, 6, 5), (2, 3, 1)]:
        ras = image.affine @ [index[2], index[1], index[0], 1]
        np.testing.assert_allclose(ras[:3] * [-1, -1, 1], grid.to_world(index), atol=1e-3)
    assert np.array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), volume)


def test_simpleitk_reads_the_same_places(tmp_path):
    grid = turned((0.3, -0.2, 0.1))
    path = tmp_path / "image.nii.gz"
    path.write_bytes(nifti_bytes(np.zeros((5, 7, 6), np.float32), grid))
    image = SimpleITK.ReadImage(str(path))
    point = image.TransformIndexToPhysicalPoint((5, 6, 4))
    np.testing.assert_allclose(point, grid.to_world([4, 6, 5]), atol=1e-3)


def test_a_radiograph_claims_no_place_in_the_patient():
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(nifti_bytes(np.zeros((1, 30, 20), np.int16), None, (0.15, 0.2))))
    assert image.header["sform_code"] == image.header["qform_code"] == 0
    assert image.shape == (20, 30, 1)
    np.testing.assert_allclose(image.header.get_zooms(), (0.2, 0.15, 1.0), rtol=1e-6)


def test_an_array_that_is_not_its_grid_is_refused():
    with pytest.raises(ValueError, match="grid"):
        nifti_bytes(np.zeros((5, 7, 7), np.int16), turned((0, 0, 0)))
    with pytest.raises(ValueError, match="float64"):
        nifti_bytes(np.zeros((5, 7, 6)), turned((0, 0, 0)))
