"""Plates and measurements from masks, held against a phantom whose angles are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annotation.geometry.cobb import curve_name
from annotation.geometry.endplate import NoBody, disc_plates
from annotation.geometry.instances import bodies_and_discs
from annotation.geometry.ladder import ladder_from_segments
from annotation.geometry.measurement import measured
from annotation.geometry.plates import BodyPlates, body_plates, measurements_propose
from storage.dicom.geometry import Geometry
from storage.phantom.anatomy import anatomy_render
from storage.phantom.levels import NAMES
from storage.phantom.spine import Scoliosis, SpineSpec
from storage.phantom.truth import truth_of
from tests.annotation.lumbar import lumbar_masks

GRID = Geometry((-70.0, -75.0, -75.0), (1, 0, 0), (0, 1, 0), (2.0, 1.2, 1.2), (150, 110, 120))


def numbered(spec: SpineSpec) -> tuple[np.ndarray, list[dict[str, Any]], dict[str, BodyPlates]]:
    """Return the phantom's labels as segment ids, the ladder's bodies and the plates by level."""
    instances = anatomy_render(spec, GRID.affine, GRID.shape).instances
    labels, segments, categories, centres = np.zeros(instances.shape, np.uint8), [], {}, {}
    for number, value in enumerate((int(v) for v in np.unique(instances) if v), 1):
        name = NAMES[value % 100] if value > 100 else NAMES[value]
        code = f"IVD_{name}" if value > 100 else name
        where = instances == value
        if name != "SAC" and (where[0].any() or where[-1].any()):
            continue  # cut off by the edge of the picture
        labels[where] = number
        segments.append({"id": number, "layer": "instances", "structure": code, "status": "edited"})
        categories[code] = "disc" if value > 100 else "sacrum" if name == "SAC" else "vertebra"
        centres[number] = tuple(GRID.affine[:3, :3] @ np.argwhere(where).mean(axis=0) + GRID.affine[:3, 3])
    bodies = ladder_from_segments(segments, categories, centres)["bodies"]
    return labels, bodies, {str(body.name): body for body in body_plates(labels, GRID.affine, bodies)}


@pytest.fixture(scope="module")
def curved() -> tuple[SpineSpec, dict[str, BodyPlates]]:
    spec = SpineSpec(seed=5, curves=(Scoliosis("T11", "L4", 30.0),), listhesis={"L4": 8.0})
    return spec, numbered(spec)[2]


def proposed(plates: dict[str, BodyPlates], definition: str) -> list[dict[str, Any]]:
    ids = {body.id for body in plates.values()}
    items = [item for item in measurements_propose(list(plates.values())) if item["definition"] == definition]
    return [measured({"id": "m", **item}, bodies=ids) for item in items]


def test_the_cobb_angle_of_the_phantom_is_found(curved: tuple[SpineSpec, dict[str, BodyPlates]]) -> None:
    spec, plates = curved
    (largest,) = sorted(proposed(plates, "cobb"), key=lambda item: -item["values"]["angle"]["value"])[:1]
    assert largest["values"]["angle"]["value"] == pytest.approx(truth_of(spec).largest.cobb, abs=5)
    assert largest["values"]["convex"]["value"] == "left"
    assert largest["status"] == "proposed"


def test_the_slip_of_the_phantom_is_found_at_its_level(curved: tuple[SpineSpec, dict[str, BodyPlates]]) -> None:
    _, plates = curved
    slips = {tuple(item["bodies"]): item["values"] for item in proposed(plates, "listhesis")}
    found = slips[plates["L4"].id, plates["L5"].id]
    assert found["direction"]["value"] == "anterolisthesis"
    assert found["length"]["value"] == pytest.approx(8, abs=3)


def test_lordosis_of_the_phantom_is_found() -> None:
    spec = SpineSpec(seed=5)
    (found,) = proposed(numbered(spec)[2], "sagittal_angle")
    assert found["values"]["lordosis"]["value"] == pytest.approx(truth_of(spec).lordosis, abs=8)


def test_a_straight_spine_gives_no_curve_and_no_slip() -> None:
    plates = numbered(SpineSpec(seed=6))[2]
    assert proposed(plates, "cobb") == []
    assert proposed(plates, "listhesis") == []


@pytest.mark.parametrize(("apex", "name"), [("T4", "PT"), ("T8", "MT"), ("T12", "TL-L"), ("L2", "TL-L"), ("SAC", None), (None, None)])
def test_a_curve_is_called_by_its_apex(apex: str | None, name: str | None) -> None:
    assert curve_name(apex) == name


def tilt_of(plate: Any) -> float:
    (back, low), (front, high) = plate
    return float(np.degrees(np.arctan2(high - low, front - back)))


@pytest.mark.parametrize("tilt", [-60, -40, -15, 10])
def test_a_wedge_of_a_disc_is_measured_however_it_is_tilted(tilt: float) -> None:
    """38 mm long, 4 mm high behind and 12 mm before: its rims lie 6 degrees to either side of its axis."""
    up, forward = np.meshgrid(np.arange(-40, 40.0), np.arange(-40, 40.0), indexing="ij")
    turn = np.radians(tilt)
    along, across = forward * np.cos(turn) + up * np.sin(turn), up * np.cos(turn) - forward * np.sin(turn)
    shadow = (np.abs(along) < 19) & (np.abs(across) < 4 + 4 * along / 38)
    affine = np.array([[3.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    plates = disc_plates(np.broadcast_to(shadow, (5, 80, 80)), affine)
    assert tilt_of(plates.lower) == pytest.approx(tilt - 6, abs=4)
    assert tilt_of(plates.upper) == pytest.approx(tilt + 6, abs=4)


def test_what_is_not_long_and_low_is_no_disc() -> None:
    with pytest.raises(NoBody, match="long and low"):
        disc_plates(np.ones((10, 20, 20), dtype=bool), np.diag([1.0, 1.0, 1.0, 1.0]))


@pytest.mark.slow
def test_the_lowest_disc_of_every_real_lumbar_spine_dips_forward_further_than_the_one_above(test_data) -> None:
    for name, vertebrae, all_discs, affine in lumbar_masks(test_data):
        _, discs = bodies_and_discs(vertebrae, all_discs, affine)
        lowest, above = (tilt_of(disc_plates(discs == number, affine).lower) for number in (1, 3))
        assert -60 < lowest < above, name
