"""Reading a stack back: order, frames, voxels."""

from __future__ import annotations

import numpy as np
import pytest

from config.errors import Invalid
from storage.services.stack import stack_slices, stack_volume
from tests.storage.stacks import grid, make_stack

pytestmark = pytest.mark.django_db


def noise(*shape: int, dtype=np.int16) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 2000, shape).astype(dtype)


def test_slices_are_in_stack_order_and_named_by_instance_and_frame():
    geometry = grid((3, 8, 9))
    found = stack_slices(stack=make_stack(list(noise(3, 8, 9)), geometry=geometry))
    assert [ref.index for ref in found] == [0, 1, 2]
    assert all(ref.key == f"{ref.digest}:1" for ref in found)
    assert found[2].position == tuple(geometry.to_world([2, 0, 0]))


def test_the_volume_is_the_rescaled_values_on_the_grid():
    voxels, geometry = noise(4, 8, 9), grid((4, 8, 9))
    volume, found = stack_volume(
        stack=make_stack(list(voxels), geometry=geometry, fields=[{"RescaleSlope": 1, "RescaleIntercept": -1024}] * 4)
    )
    assert volume.dtype == np.int16
    assert np.array_equal(volume, voxels - 1024)
    assert found == geometry


def test_frames_of_a_multiframe_instance_come_in_stack_order():
    voxels = noise(5, 8, 9, dtype=np.uint16)
    stack = make_stack([voxels], geometry=grid((5, 8, 9)))
    stack.slices = stack.slices[::-1]
    volume, _ = stack_volume(stack=stack)
    assert np.array_equal(volume, voxels[::-1])


def test_a_rescale_of_its_own_per_slice_makes_exact_float32():
    voxels = noise(2, 4, 4)
    slopes = [{"RescaleSlope": 1, "RescaleIntercept": 0}, {"RescaleSlope": 0.5, "RescaleIntercept": 0.25}]
    volume, _ = stack_volume(stack=make_stack(list(voxels), geometry=grid((2, 4, 4)), fields=slopes))
    assert volume.dtype == np.float32
    assert np.array_equal(volume[0], voxels[0])
    assert np.array_equal(volume[1], voxels[1] * 0.5 + 0.25)


def test_values_beyond_int16_become_float32():
    volume, _ = stack_volume(stack=make_stack([np.full((2, 2), 60000, np.uint16)], kind="single"))
    assert volume.dtype == np.float32
    assert volume.max() == 60000


def test_colour_becomes_luminance():
    volume, geometry = stack_volume(stack=make_stack([np.full((4, 4, 3), 90, np.uint8)], kind="single", modality="US"))
    assert geometry is None
    assert volume.tolist() == [[[90] * 4] * 4]


def test_a_slice_that_cannot_be_decoded_says_which_and_why():
    stack = make_stack(list(noise(2, 4, 4)), fields=[{}, {"PixelData": b"\0\0"}])
    with pytest.raises(Invalid, match="Slice 2") as refused:
        stack_volume(stack=stack)
    assert refused.value.code == "truncated_pixel_data"
