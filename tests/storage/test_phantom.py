"""The synthetic spine: its truth is what its spec says, and its masks are what its truth says."""

from __future__ import annotations

import numpy as np
import pytest

from storage.phantom.anatomy import Anatomy, anatomy_render
from storage.phantom.image import ct_render, mr_study
from storage.phantom.levels import CANAL, CORD, SACRUM, VALUES, disc_value, levels_of
from storage.phantom.radiograph import radiograph_render
from storage.phantom.slab import slab_stream
from storage.phantom.spine import Scoliosis, SpineSpec, spine_build
from storage.phantom.tissue import Tissue
from storage.phantom.truth import truth_of

SAGITTAL = (9, 150, 90)


def sagittal(pitch: float = 4.0, spacing: float = 1.6) -> np.ndarray:
    """Return an affine whose slices run to the left, rows to the feet, columns to the back, round a lumbar spine."""
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = [pitch, 0, 0], [0, 0, -spacing], [0, spacing, 0]
    affine[:3, 3] = [-pitch * 4, -70, 190]
    return affine


def axial() -> np.ndarray:
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = [0, 0, 3], [0, 1.6, 0], [1.6, 0, 0]
    affine[:3, 3] = [-60, -70, -20]
    return affine


def seen_at(anatomy: Anatomy, affine: np.ndarray, point: list[float]) -> int | None:
    """Return the instance at a world point, None outside the grid."""
    index = np.rint(np.linalg.solve(affine, [*point, 1.0])[:3]).astype(int)
    inside = np.all(index >= 0) and np.all(index < anatomy.instances.shape)
    return int(anatomy.instances[tuple(index)]) if inside else None


def test_the_same_spec_gives_the_same_voxels() -> None:
    first, second = (anatomy_render(SpineSpec.draw(5), sagittal(), SAGITTAL) for _ in range(2))
    assert np.array_equal(first.tissue, second.tissue)
    assert np.array_equal(first.instances, second.instances)


@pytest.mark.parametrize("lordosis", [25.0, 52.0, 70.0])
def test_lordosis_and_sacral_slope_are_the_specs(lordosis: float) -> None:
    truth = truth_of(SpineSpec(lordosis=lordosis, sacral_slope=40.0))
    assert truth.lordosis == pytest.approx(lordosis, abs=0.8)
    assert truth.sacral_slope == pytest.approx(40.0, abs=0.1)
    assert truth.kyphosis == pytest.approx(35.0, abs=0.5), "without the disc below T12, which has its share of the spec's 38"


@pytest.mark.parametrize("cobb", [-45.0, -12.0, 20.0, 60.0])
def test_a_curve_has_the_cobb_angle_it_was_given_and_is_the_largest(cobb: float) -> None:
    truth = truth_of(SpineSpec(curves=(Scoliosis("T8", "L2", cobb),)))
    assert truth.curves[0].cobb == pytest.approx(cobb, abs=0.1 * abs(cobb) + 0.5)
    assert abs(truth.largest.cobb) >= abs(truth.curves[0].cobb) - 1e-6
    apex = truth.centroids["T11"][0] - (truth.centroids["T8"][0] + truth.centroids["L2"][0]) / 2
    assert np.sign(apex) == np.sign(cobb), "a positive angle is convex to the left"


def test_a_straight_spine_has_no_cobb_angle() -> None:
    assert abs(truth_of(SpineSpec(size_noise=0.0)).largest.cobb) < 1.5


def test_a_curve_between_levels_that_are_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="T12"):
        spine_build(SpineSpec(variant="T11", curves=(Scoliosis("T8", "T12", 20.0),)))


def test_variants_change_the_count() -> None:
    assert levels_of("L6")[-1] == "L6"
    assert "T12" not in levels_of("T11")
    assert levels_of("T13")[levels_of("T13").index("T13") + 1] == "L1"
    assert len(levels_of("sacralised")) == len(levels_of("normal")) == 24


@pytest.mark.parametrize(("affine", "shape"), [(sagittal(), SAGITTAL), (axial(), (70, 90, 76))], ids=["sagittal", "axial"])
def test_on_any_grid_a_level_lies_at_its_centroid(affine: np.ndarray, shape: tuple[int, int, int]) -> None:
    spec = SpineSpec(seed=2, size_noise=0.0)
    anatomy, truth = anatomy_render(spec, affine, shape), truth_of(spec)
    seen = {name: seen_at(anatomy, affine, point) for name, point in truth.centroids.items()}
    inside = {name: value for name, value in seen.items() if value is not None}
    assert len(inside) >= 5
    assert inside == {name: VALUES[name] for name in inside}


def test_discs_lie_between_the_right_bodies() -> None:
    spec = SpineSpec(seed=3, size_noise=0.0)
    anatomy, spine = anatomy_render(spec, sagittal(), SAGITTAL), spine_build(spec)
    for upper, lower in (("L3", "L4"), ("L4", "L5"), ("L5", "SAC")):
        middle = (spine.body(upper).plate(upper=False).centre + spine.body(lower).plate(upper=True).centre) / 2
        assert seen_at(anatomy, sagittal(), middle.tolist()) == disc_value(upper)


def test_layers_do_not_overlap_where_they_must_not() -> None:
    anatomy = anatomy_render(SpineSpec.draw(4, screws=("L4", "L5"), cages=("L4",)), sagittal(), SAGITTAL)
    assert set(np.unique(anatomy.canal)) <= {0, CORD, CANAL}
    assert not ((anatomy.canal > 0) & (anatomy.instances > 0)).any()
    assert anatomy.implants.any()
    assert (anatomy.tissue[anatomy.implants > 0] == Tissue.METAL).all()
    assert (anatomy.instances == SACRUM).any()


def test_contrast_is_what_each_sequence_shows() -> None:
    scans = mr_study(SpineSpec.draw(6, fat=30.0), sagittal(), SAGITTAL, ("t1", "t2", "stir"), noise=0.005)
    tissue = scans["t2"].anatomy.tissue
    canal = np.isin(tissue, [Tissue.CSF])
    marrow, fat = tissue == Tissue.MARROW, tissue == Tissue.EPIDURAL_FAT
    means = {name: [float(scan.pixels[m].mean()) for m in (canal, marrow, fat)] for name, scan in scans.items()}
    assert means["t2"][0] > means["t2"][1]
    assert means["t1"][0] < means["t1"][1] < means["t1"][2]
    assert means["stir"][2] < means["stir"][0]


def test_ct_is_in_hounsfield_units() -> None:
    scan = ct_render(SpineSpec.draw(7), axial(), (20, 90, 76))
    marrow = scan.pixels[np.isin(scan.anatomy.tissue, [Tissue.MARROW, Tissue.SACRAL_MARROW])]
    assert scan.pixels.dtype == np.int16
    assert 90 < float(np.median(marrow)) < 300
    assert scan.pixels[scan.anatomy.tissue == Tissue.CORTEX].mean() > 300


def test_the_radiograph_knows_where_its_endplates_are() -> None:
    spec = SpineSpec(curves=(Scoliosis("T11", "L4", 30.0),))
    picture = radiograph_render(spec, "ap", top=260, width=260, spacing=1.2)
    rows, columns = picture.pixels.shape
    (row, column), (other_row, other_column) = picture.endplates["L3"]["upper"]
    assert 0 < row < rows
    assert 0 < column < other_column < columns
    truth = truth_of(spec).endplates["L3"]["upper"]
    assert (other_column - column) * picture.spacing == pytest.approx(truth["left"][0] - truth["right"][0], abs=0.1)
    assert (row - other_row) * picture.spacing == pytest.approx(truth["left"][2] - truth["right"][2], abs=0.1)


def test_a_sample_depends_on_its_number_alone() -> None:
    stream = slab_stream(3, people=2)
    first, second, third = (next(stream) for _ in range(3))
    again = next(slab_stream(3, people=2, start=2))
    assert np.array_equal(third[0], again[0])
    assert np.array_equal(third[1], again[1])
    assert first[0].shape == (3, *first[1].shape)
    assert not np.array_equal(first[0], second[0])
