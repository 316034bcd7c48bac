"""Geometry: the cases that TypeScript runs too, and what must hold for every grid."""

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from storage.dicom.geometry import Geometry

CASES = json.loads((Path(__file__).parents[1] / "contract" / "geometry.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_geometry_agrees_with_the_contract(case):
    geometry = Geometry.from_json(case["geometry"])
    assert np.allclose(geometry.affine, case["affine"], atol=1e-6)
    assert np.allclose(geometry.nifti_affine(), case["niftiAffine"], atol=1e-6)
    assert np.allclose(geometry.normal, case["normal"], atol=1e-9)
    assert (geometry.plane, geometry.digest) == (case["plane"], case["digest"])
    for pair in case["points"]:
        assert np.allclose(geometry.to_world(pair["index"]), pair["world"], atol=1e-6)
        assert np.allclose(geometry.to_index(pair["world"]), pair["index"], atol=1e-6)
    assert Geometry.from_json(geometry.to_json()) == geometry


finite = st.floats(-500, 500)


@given(st.tuples(finite, finite, finite), st.tuples(*[st.floats(0.1, 10)] * 3), st.tuples(*[st.floats(-180, 180)] * 3))
def test_every_rotated_grid_is_right_handed_and_inverts(origin, spacing, angles):
    axes = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    geometry = Geometry(origin, tuple(axes[:, 0]), tuple(axes[:, 1]), spacing, (4, 5, 6))
    index = np.array([[0, 0, 0], [3, 4, 5], [1.5, 2.5, 0.25], [3, 0, 0], [0, 4, 0]])
    assert np.linalg.det(geometry.affine[:3, [2, 1, 0]]) > 0
    assert np.allclose(geometry.to_index(geometry.to_world(index)), index, atol=1e-6)


@given(st.tuples(*[st.floats(-180, 180)] * 3), st.booleans())
def test_nifti_grid_keeps_every_voxel_in_place(angles, mirrored):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * [0.7, 0.8, 3.0]
    matrix[:3, 3] = [10, -20, 30]
    if mirrored:
        matrix[:3, 0] *= -1
    geometry, reverse = Geometry.from_nifti(matrix, (7, 6, 5))
    voxel = np.array([2, 3, 1])
    ras = nibabel.affines.apply_affine(matrix, voxel)
    slice_index = 4 - voxel[2] if reverse else voxel[2]
    assert np.allclose(geometry.to_world([slice_index, voxel[1], voxel[0]]), ras * [-1, -1, 1], atol=1e-3)


def test_geometry_refuses_a_skewed_orientation():
    with pytest.raises(ValueError, match="orthonormal"):
        Geometry((0, 0, 0), (1, 0, 0), (0.5, 0.8, 0), (1, 1, 1), (2, 2, 2))
