"""Public volumes and pictures: which file is whose, on which grid, with which mask, and a name for everything that is wrong."""

from __future__ import annotations

from io import BytesIO

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from config.errors import Invalid
from storage.dicom.nifti import VolumeError
from storage.dicom.synthesis import dataset_bytes, series_datasets
from storage.dicom.volume import store_values
from storage.services.volume_mapping import VolumeFile, mapping_match, mapping_read
from storage.services.volume_reading import volume_read


def nifti(array: np.ndarray, affine: np.ndarray | None = None) -> bytes:
    return nib.Nifti1Image(array, np.eye(4) if affine is None else affine).to_bytes()


def png(array: np.ndarray, mode: str | None = None) -> bytes:
    out = BytesIO()
    picture = Image.fromarray(array)
    (picture.convert(mode) if mode else picture).save(out, "PNG")
    return out.getvalue()


def files(**named: bytes) -> list[VolumeFile]:
    return [VolumeFile(path, lambda data=data: data) for path, data in named.items()]


def read(mapping: dict, kind: str = "nifti", **named: bytes):
    checked = mapping_read(mapping, kind=kind)
    (item,), _ = mapping_match(checked, files(**named))
    return volume_read(item, checked)


MR = {"modality": "MR", "values": {"1": "vertebra", "2": "disc"}}
IMAGE = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
MASK = (IMAGE % 3).astype(np.uint8)


def test_image_and_mask_turn_together():
    found = read(MR, **{"sub-1_T2w.nii": nifti(IMAGE), "sub-1_seg.nii": nifti(MASK)})
    assert np.array_equal(found.mask, found.series.pixels % 3)
    assert found.values == {"1": "vertebra", "2": "disc"}


def test_a_mask_stored_in_another_orientation_lands_on_the_same_voxels():
    turned = nib.as_closest_canonical(nib.Nifti1Image(MASK, np.eye(4)))
    other = turned.as_reoriented(np.array([[2, -1], [0, 1], [1, -1]]))
    found = read(MR, **{"sub-1_T2w.nii": nifti(IMAGE), "sub-1_seg.nii": other.to_bytes()})
    assert np.array_equal(found.mask, found.series.pixels % 3)


SHIFTED = np.eye(4)
SHIFTED[0, 3] = 7.5
BAD_MASKS = {
    "mask_shape_mismatch": nifti(MASK[:2]),
    "mask_geometry_mismatch": nifti(MASK, SHIFTED),
    "mask_values_not_whole": nifti(MASK.astype(np.float32) / 2),
    "mask_unknown_values": nifti(MASK * 4),
    "mask_empty": nifti(MASK * 0),
    "not_nifti": b"nothing of the sort",
}


@pytest.mark.parametrize("code", BAD_MASKS)
def test_a_bad_mask_is_named_and_the_image_goes_in_without_it(code):
    found = read(MR, **{"sub-1_T2w.nii": nifti(IMAGE), "sub-1_seg.nii": BAD_MASKS[code]})
    assert found.mask is None
    assert found.mask_fault is not None
    assert found.mask_fault[0] == code


def test_a_value_mapped_to_nothing_is_background_and_large_values_are_numbered_anew():
    found = read(
        {"modality": "MR", "values": {"1": None, "300": "L5"}},
        **{"sub-1_T2w.nii": nifti(IMAGE), "sub-1_seg.nii": nifti(np.where(MASK == 2, 300, MASK.astype(np.int16)))},
    )
    assert found.values == {"1": "L5"}
    assert np.array_equal(found.mask == 1, found.series.pixels % 3 == 2)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32])
def test_whole_numbers_are_kept_exactly(dtype):
    values = np.array([[[0, 1, 200]]], dtype)
    stored = store_values(values)
    assert stored.exact
    assert np.array_equal(stored.pixels, values)
    assert stored.pixels.dtype.itemsize == 2


def test_real_numbers_keep_half_a_step_of_65536():
    values = np.random.default_rng(5).normal(0.3, 0.1, (4, 9, 9))
    stored = store_values(values)
    step = np.ptp(values) / 65535
    assert not stored.exact
    assert len(f"{stored.slope:.10g}") <= 16
    assert np.abs(stored.pixels * stored.slope + stored.intercept - values).max() <= step * 0.51


def test_not_a_number_becomes_the_lowest_value():
    stored = store_values(np.array([[[np.nan, 2.0, 7.0]]]))
    assert stored.pixels.ravel().tolist() == [2, 2, 7]


def test_a_volume_of_nothing_is_refused():
    with pytest.raises(VolumeError) as refused:
        store_values(np.full((1, 1, 2), np.nan))
    assert refused.value.code == "no_values"


PNGS = {
    "modality": "MR",
    "image": r"images/(?P<subject>\d+)_slice(?P<slice>\d+)\.png",
    "mask": r"masks/(?P<subject>\d+)_slice(?P<slice>\d+)\.png",
    "values": {"76": "vertebra"},
}


def picture(level: int) -> np.ndarray:
    return np.full((6, 4), level, np.uint8)


def test_pictures_of_all_kinds_stack_in_natural_order():
    named = {
        "images/7_slice10.png": png(picture(30)),
        "images/7_slice9.png": png(picture(20), "RGBA"),
        "images/7_slice1.png": png(picture(10), "RGB"),
        **{f"masks/7_slice{n}.png": png(picture(76 if n == 9 else 0)) for n in (1, 9, 10)},
    }
    found = read({**PNGS, "spacing": [0.9, 0.47, 0.47]}, "png", **named)
    assert found.series.pixels[:, 0, 0].tolist() == [10, 20, 30]
    assert found.mask is not None
    assert found.mask[:, 0, 0].tolist() == [0, 76, 0]
    assert found.series.geometry is not None
    assert found.series.geometry.spacing == (0.9, 0.47, 0.47)


def test_pictures_without_spacing_have_no_place_in_space():
    found = read(PNGS, "png", **{"images/7_slice1.png": png(picture(1)), "images/7_slice2.png": png(picture(2))})
    assert found.series.geometry is None
    assert "ImagePositionPatient" not in next(series_datasets(found.series))


def test_pictures_of_different_sizes_are_no_stack():
    with pytest.raises(VolumeError) as refused:
        read(PNGS, "png", **{"images/7_slice1.png": png(picture(1)), "images/7_slice2.png": png(picture(2)[:3])})
    assert refused.value.code == "mixed_sizes"


def test_what_is_no_picture_is_named():
    with pytest.raises(VolumeError) as refused:
        read({"modality": "DX"}, "png", **{"film_1.png": b"\x89PNG but no more"})
    assert refused.value.code == "not_a_picture"


def test_the_same_import_makes_the_same_bytes_and_other_pixels_another_series():
    one, again, other = (read(MR | {"values": None}, **{"sub-1_T2w.nii": nifti(array)}) for array in (IMAGE, IMAGE, IMAGE + 1))
    first, second, third = ([dataset_bytes(dataset) for dataset in series_datasets(found.series)] for found in (one, again, other))
    assert first == second
    assert one.series.series_uid != other.series.series_uid
    assert first != third


BAD_MAPPINGS = [
    ({}, "modality"),
    ({"modality": "PET"}, "modality"),
    ({"modality": "MR", "image": "("}, "image"),
    ({"modality": "MR", "image": ".*"}, "image"),
    ({"modality": "MR", "mask": "(?P<subject>x)"}, "values"),
    ({"modality": "MR", "values": "nonsense"}, "values"),
    ({"modality": "MR", "values": {"0": "L1"}}, "values"),
    ({"modality": "MR", "spacing": [1, 1, 1]}, "spacing"),
    ({"modality": "MR", "plane": "sideways"}, "plane"),
    ({"modality": "MR", "instances": "yes"}, "instances"),
    ({"modality": "MR", "colour": "red"}, "colour"),
    ({"modality": "MR", "issuer": "x" * 65}, "issuer"),
]


@pytest.mark.parametrize(("content", "field"), BAD_MAPPINGS)
def test_a_mapping_that_is_not_right_says_what_is_wrong(content, field):
    with pytest.raises(Invalid) as refused:
        mapping_read(content, kind="nifti")
    assert refused.value.code == "bad_mapping"
    assert field in refused.value.state


def test_two_files_for_one_subject_must_be_told_apart():
    with pytest.raises(VolumeError) as refused:
        read(MR | {"values": None}, **{"sub-1_T1w.nii": nifti(IMAGE), "sub-1_T2w.nii": nifti(IMAGE)})
    assert refused.value.code == "ambiguous_image"
    content = {"modality": "MR", "image": r"(?P<subject>sub-1)_(?P<series>T\dw)\.nii"}
    checked = mapping_read(content, kind="nifti")
    items, strangers = mapping_match(checked, files(**{"sub-1_T1w.nii": b"", "sub-1_T2w.nii": b"", "README": b""}))
    assert [item.series for item in items] == ["T1w", "T2w"]
    assert [file.path for file in strangers] == ["README"]
