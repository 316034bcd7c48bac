"""NIfTI in any orientation ends where it was: same voxel, same place, nothing interpolated."""

from __future__ import annotations

import gzip

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from storage.dicom.nifti import PLANES, VolumeError, acquisition_plane, nifti_array, nifti_bytes, nifti_load, orient
from storage.dicom.synthesis import ImageSeries, series_datasets
from tests.storage.stacks import grid

FLIP = np.diag([-1.0, -1.0, 1.0])


@st.composite
def affines(draw):
    """A rotated, permuted and mirrored grid with its own spacing per axis, anywhere within a metre."""
    seed = draw(st.integers(0, 2**31))
    rng = np.random.default_rng(seed)
    turn = Rotation.random(random_state=rng).as_matrix() if draw(st.booleans()) else np.eye(3)
    axes = np.eye(3)[:, rng.permutation(3)] * rng.choice([-1, 1], 3)
    affine = np.eye(4)
    affine[:3, :3] = turn @ axes @ np.diag(rng.uniform(0.2, 6, 3))
    affine[:3, 3] = rng.uniform(-1000, 1000, 3)
    return affine


@given(affines(), st.sampled_from(PLANES), st.integers(0, 2**31))
@settings(max_examples=150, deadline=None)
def test_every_voxel_stays_where_it_was(affine, plane, seed):
    rng = np.random.default_rng(seed)
    shape = tuple(int(side) for side in rng.integers(2, 9, 3))
    array = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    turn, geometry = orient(affine, shape, plane)
    turned = turn.apply(array)
    assert turned.shape == geometry.shape
    for _ in range(5):
        index = tuple(int(rng.integers(side)) for side in turned.shape)
        (i, j, k) = np.argwhere(array == turned[index])[0]
        lps = FLIP @ (affine @ [i, j, k, 1])[:3]
        assert np.abs(geometry.to_world(index) - lps).max() < 1e-3


@given(affines(), st.sampled_from(PLANES))
@settings(max_examples=60, deadline=None)
def test_the_place_survives_being_written_as_dicom(affine, plane):
    shape = (4, 5, 6)
    turn, geometry = orient(affine, shape, plane)
    pixels = turn.apply(np.zeros(shape, np.int16))
    for index, dataset in enumerate(series_datasets(ImageSeries(pixels, "MR", "1.2", "1.3", geometry))):
        row, column = np.split(np.array(dataset.ImageOrientationPatient, float), 2)
        down, across = (float(value) for value in dataset.PixelSpacing)
        last = np.array(dataset.ImagePositionPatient, float) + row * across * (pixels.shape[2] - 1) + column * down * (pixels.shape[1] - 1)
        assert np.abs(last - geometry.to_world([index, pixels.shape[1] - 1, pixels.shape[2] - 1])).max() < 1e-3


@pytest.mark.parametrize("plane", PLANES)
def test_slices_lie_in_the_plane_asked_for_and_stand_upright(plane):
    _, geometry = orient(np.diag([1, 2, 3, 1.0]), (4, 4, 4), plane)
    assert geometry.plane == plane
    if plane != "axial":
        assert geometry.column_direction == pytest.approx((0, 0, -1))


@pytest.mark.parametrize(
    ("spacing", "shape", "modality", "plane"),
    [
        ((0.9, 0.94, 0.94), (18, 256, 320), "MR", "sagittal"),
        ((1, 1, 2), (186, 186, 40), "CT", "axial"),
        ((1, 1, 1), (131, 141, 16), "MR", "axial"),
        ((3, 3, 3), (122, 101, 112), "CT", "axial"),
        ((1, 1, 1), (60, 55, 52), "MR", "sagittal"),
    ],
)
def test_the_plane_of_acquisition_is_recognised(spacing, shape, modality, plane):
    assert acquisition_plane(np.diag([*spacing, 1.0]), shape, modality) == plane


def test_sheared_and_singular_affines_are_named():
    sheared = np.eye(4)
    sheared[0, 1] = 0.2
    for affine, code in [(sheared, "sheared_affine"), (np.zeros((4, 4)), "bad_affine"), (np.full((4, 4), np.nan), "bad_affine")]:
        with pytest.raises(VolumeError) as refused:
            orient(affine, (3, 3, 3), "axial")
        assert refused.value.code == code


def packed(array) -> bytes:
    return gzip.compress(nib.Nifti1Image(array, np.eye(4)).to_bytes())


NO_VOLUMES = {
    "not_nifti": [b"", b"this is no NIfTI file at all" * 40, b"\x1f\x8b\x08nonsense", packed(np.zeros((3, 3, 3), np.int16))[:40]],
    "not_3d": [packed(np.zeros((3, 3, 3, 2), np.int16)), packed(np.zeros((3, 3), np.int16))],
    "unsupported_voxels": [packed(np.zeros((3, 3, 3), np.complex64))],
    "truncated": [nib.Nifti1Image(np.zeros((9, 9, 9), np.int16), np.eye(4)).to_bytes()[:700]],
}


@pytest.mark.parametrize("code", NO_VOLUMES)
def test_what_is_no_volume_is_named(code):
    for data in NO_VOLUMES[code]:
        with pytest.raises(VolumeError) as refused:
            nifti_array(nifti_load(data))
        assert refused.value.code == code


def test_a_bomb_is_unpacked_only_as_far_as_its_header_says():
    image = nib.Nifti1Image(np.zeros((3, 3, 3), np.int16), np.eye(4)).to_bytes()
    assert nifti_array(nifti_load(gzip.compress(image + bytes(200 * 1024**2)))).shape == (3, 3, 3)
    header = bytearray(image)
    header[42:48] = np.array([32000, 32000, 32000], "<i2").tobytes()
    with pytest.raises(VolumeError) as refused:
        nifti_load(gzip.compress(bytes(header)))
    assert refused.value.code == "too_large"


def test_written_files_are_the_same_every_time_and_come_back():
    geometry = grid((3, 4, 5))
    volume = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    data = nifti_bytes(volume, geometry)
    assert data == nifti_bytes(volume, geometry)
    image = nifti_load(data)
    turn, found = orient(image.affine, image.shape, "sagittal")
    assert np.array_equal(turn.apply(nifti_array(image)), volume)
    assert found.digest == geometry.digest
    assert int(image.header["qform_code"]) == int(image.header["sform_code"]) == 1
