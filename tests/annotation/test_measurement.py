"""Angles, distances and plates against hand-worked numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.geometry.cobb import Body, cobb_angle, convexity, curves
from annotation.geometry.endplate import NoBody, endplates
from annotation.geometry.lines import angle_at, area, circle_through, tilt, to_plane
from annotation.geometry.measurement import measured, measurements_apply
from annotation.geometry.refusal import Refused
from annotation.geometry.sagittal import kyphosis, lordosis, pelvis, t1_pelvic_angle, vertical_axis
from annotation.geometry.slip import genant, meyerding, slip

CONTRACT = json.loads((Path(__file__).parents[1] / "contract" / "measurement.json").read_text())

coordinate = st.floats(-200, 200, allow_nan=False)
point = st.tuples(coordinate, coordinate)


def plate(centre, degrees, half=15.0):
    """Return a line through a point, tilted above the horizontal, from its left or posterior end."""
    x, y = half * math.cos(math.radians(degrees)), half * math.sin(math.radians(degrees))
    return (centre[0] - x, centre[1] - y), (centre[0] + x, centre[1] + y)


def test_the_pelvis_of_a_textbook():
    """S1 falls 40 degrees to the front; the hip axis lies 12 degrees in front of the plate's middle: PI 52."""
    posterior, anterior = plate((0, 0), -40)
    hip = (80 * math.sin(math.radians(12)), -80 * math.cos(math.radians(12)))
    found = pelvis(s1_posterior=posterior, s1_anterior=anterior, hip_one=(hip[0] - 3, hip[1]), hip_two=(hip[0] + 3, hip[1]))
    assert (found.slope, found.tilt, found.incidence) == pytest.approx((40, 12, 52))


@given(centre=point, slope=st.floats(-60, 80), tilted=st.floats(-40, 60), far=st.floats(20, 150))
def test_incidence_is_tilt_plus_slope(centre, slope, tilted, far):
    posterior, anterior = plate(centre, -slope)
    hip = (centre[0] + far * math.sin(math.radians(tilted)), centre[1] - far * math.cos(math.radians(tilted)))
    found = pelvis(s1_posterior=posterior, s1_anterior=anterior, hip_one=hip, hip_two=hip)
    assert found.is_consistent
    assert found.incidence == pytest.approx(slope + tilted, abs=1e-6)


def test_a_pelvis_without_extent_is_refused():
    with pytest.raises(ValueError, match="length"):
        pelvis(s1_posterior=(0, 0), s1_anterior=(0, 0), hip_one=(1, -1), hip_two=(1, -1))


def test_lordosis_and_kyphosis_have_the_signs_of_a_standing_spine():
    assert lordosis(l1=plate((0, 150), 15), s1=plate((0, 0), -40)) == pytest.approx(55)
    assert kyphosis(upper=plate((0, 400), -20), lower=plate((0, 200), 18)) == pytest.approx(38)


def test_the_vertical_axis_is_positive_to_the_front():
    assert vertical_axis(c7=(30, 500), s1_posterior=(-5, 0)) == 35


def test_the_t1_pelvic_angle_is_at_the_hips():
    assert t1_pelvic_angle(t1=(0, 500), s1_posterior=(-50, 0), s1_anterior=(-50, 0), hip_one=(0, -50), hip_two=(0, -50)) == pytest.approx(
        45
    )


def test_a_cobb_angle_is_the_same_whichever_end_comes_first():
    upper, lower = plate((0, 100), 12), plate((0, 0), -18)
    assert cobb_angle(upper, lower) == cobb_angle(upper[::-1], lower) == pytest.approx(30)


def test_convexity_follows_the_tilt():
    """The upper end vertebra leans to the left (its left side is low), the lower to the right: the spine bends to the right."""
    assert convexity(plate((0, 100), -15), plate((0, 0), 15)) == "right"
    assert convexity(plate((0, 100), 15), plate((0, 0), -15)) == "left"


def bodies(tilts: list[float]) -> list[Body]:
    return [Body(f"b{n}", plate((0, -30 * n + 10), degrees), plate((0, -30 * n - 10), degrees)) for n, degrees in enumerate(tilts)]


def test_two_curves_share_an_end_vertebra():
    found = curves(bodies([-2, -10, -20, -8, 5, 18, 25, 12, -4, -15, -3]))
    assert [(curve.upper, curve.lower, round(curve.angle), curve.convex) for curve in found] == [
        ("b0", "b2", 18, "left"),
        ("b2", "b6", 45, "right"),
        ("b6", "b9", 40, "left"),
        ("b9", "b10", 12, "right"),
    ]
    assert found[1].apex == "b4"


def test_the_first_curve_begins_at_its_most_tilted_body():
    assert [(curve.upper, curve.lower) for curve in curves(bodies([1, -1.5, 12, 20, 18]))] == [("b1", "b3")]


def test_a_straight_spine_has_no_curve():
    assert curves(bodies([1, -1, 2, 0, 1])) == []
    assert curves(bodies([4])) == []


def test_a_slip_is_measured_along_the_lower_endplate():
    found = slip(upper_posterior=(12, 1), lower_posterior=(0, 0), lower_anterior=(40, 0))
    assert (found.length, found.percent, found.grade, found.direction) == (12, 30, "II", "anterolisthesis")
    assert slip(upper_posterior=(-6, 1), lower_posterior=(0, 0), lower_anterior=(40, 0)).direction == "retrolisthesis"


@pytest.mark.parametrize(("percent", "grade"), [(0, "0"), (5, "0"), (6, "I"), (25, "I"), (26, "II"), (75, "III"), (100, "IV"), (120, "V")])
def test_meyerding_goes_by_quarters(percent: float, grade: str):
    assert meyerding(percent) == meyerding(-percent) == grade


@pytest.mark.parametrize(
    ("heights", "grade", "shape"),
    [
        ((25, 25, 25), 0, "none"),
        ((19, 24, 25), 1, "wedge"),
        ((25, 17, 25), 2, "biconcave"),
        ((14, 14, 14), 3, "crush"),
        ((14, 20, 25), 3, "wedge"),
    ],
)
def test_genant_grades_the_greatest_loss(heights, grade: int, shape: str):
    found = genant(anterior=heights[0], middle=heights[1], posterior=heights[2], reference=25)
    assert (found.grade, found.shape) == (grade, shape)


def test_lines_and_areas():
    assert angle_at((1, 0), (0, 0), (0, 5)) == pytest.approx(90)
    assert area([(0, 0), (4, 0), (4, 3), (0, 3)]) == 12
    assert tilt((0, 0), (-1, -1)) == pytest.approx(45)
    assert to_plane([10, -20, 30], {"kind": "patient"}, "sagittal") == (20, 30)
    assert to_plane([10, 20], {"kind": "image", "spacing": [0.5, 0.25], "forward": -1}, "sagittal") == (-2.5, -10)


def tilted_box(degrees: float, shape=(9, 120, 120), spacing=(4.0, 0.7, 0.7), arch: bool = True):
    """Return a body 34 mm deep and 26 mm high, tilted in the sagittal plane, with an arch behind it, and its affine."""
    affine = np.eye(4)
    affine[:3, :3] = np.array([[spacing[0], 0, 0], [0, 0, spacing[2]], [0, -spacing[1], 0]])
    index = np.moveaxis(np.indices(shape), 0, -1)
    points = index @ affine[:3, :3].T
    centre = points.reshape(-1, 3).mean(axis=0)
    forward, up = -(points[..., 1] - centre[1]), points[..., 2] - centre[2]
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    along, across = c * forward + s * up, -s * forward + c * up
    body = (np.abs(along) <= 17) & (np.abs(across) <= 13)
    process = (along < -17) & (along > -38) & (across < 0) & (across > -9)
    return body | (process & arch), affine


@pytest.mark.parametrize("degrees", [-25, -8, 0, 5, 17, 30])
def test_endplates_of_a_tilted_body_have_its_tilt(degrees: float):
    mask, affine = tilted_box(degrees)
    plates = endplates(mask, affine)
    assert tilt(*plates.upper) == pytest.approx(degrees, abs=1.0)
    assert tilt(*plates.lower) == pytest.approx(degrees, abs=1.0)
    height = (plates.upper[0][1] + plates.upper[1][1] - plates.lower[0][1] - plates.lower[1][1]) / 2
    assert height == pytest.approx(26 * math.cos(math.radians(degrees)), abs=1.0)


def test_a_speck_has_no_endplates():
    mask, affine = tilted_box(0)
    mask[:] = False
    mask[4, 60, 60:65] = True
    with pytest.raises(NoBody):
        endplates(mask, affine)


PATIENT = {"kind": "patient"}
FILM = {"kind": "image", "spacing": None}


def balance(frame, source=None, **points):
    base = {"s1_posterior": [0, 0], "s1_anterior": [30, 20], "c7": [40, -500]}
    item = {"id": "m", "definition": "sagittal_balance", "frame": frame, "points": {**base, **points}}
    return measured({**item, **({"calibration": {"source": source}} if source else {})}, bodies=set())["values"]


def test_millimetres_need_a_calibration_and_angles_do_not():
    assert balance(FILM)["SVA"] == {"value": None, "unit": "mm", "reason": "uncalibrated"}
    assert balance({**FILM, "spacing": [0.2, 0.2]}, "imager_pixel_spacing")["SVA"]["reason"] == "no_magnification"
    assert balance({**FILM, "spacing": [0.2, 0.2]}, "magnification")["SVA"] == {"value": 8.0, "unit": "mm"}
    hips = {"hip_one": [40, 80], "hip_two": [44, 80]}
    angles = balance(FILM, **hips)
    assert angles["PI"]["value"] == pytest.approx(angles["PT"]["value"] + angles["SS"]["value"], abs=0.01)


def test_a_length_is_measured_in_space():
    item = {"id": "m", "definition": "length", "frame": PATIENT, "points": {"a": [0, 0, 0], "b": [3, 4, 12]}}
    assert measured(item, bodies=set())["values"] == {"length": {"value": 13.0, "unit": "mm"}}


def test_setting_and_removing_are_taken_back_by_their_inverse():
    points = {"a": [1, 0], "vertex": [0, 0], "b": [0, 1]}
    item: dict[str, Any] = {"id": "m", "definition": "angle", "frame": FILM, "points": points, "bodies": ["b1"]}
    moved = {**item, "points": {**points, "b": [1, 1]}}
    who: dict[str, Any] = {"bodies": {"b1"}, "author": "someone", "at": "2026-01-01T00:00:00Z"}
    first, was_first = measurements_apply([], {"set": [item]}, **who)
    second, was_second = measurements_apply(first, {"set": [moved]}, **who)
    third, was_third = measurements_apply(second, {"remove": ["m"]}, **who)
    assert [entry["values"]["angle"]["value"] for entry in (*first, *second)] == [90.0, 45.0]
    assert third == []
    assert measurements_apply(third, was_third, **who)[0] == second
    assert measurements_apply(second, was_second, **who)[0] == first
    assert measurements_apply(first, was_first, **who)[0] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"definition": "volume"}, "bad_operation"),
        ({"id": "a b"}, "bad_operation"),
        ({"points": {"a": [0, 0]}}, "bad_operation"),
        ({"points": {"a": [0, 0], "b": [0, float("inf")]}}, "bad_operation"),
        ({"points": {"a": [0, 0], "b": [1, 1], "c": [2, 2]}}, "bad_operation"),
        ({"frame": {"kind": "moon"}}, "bad_operation"),
        ({"frame": {"kind": "image", "spacing": [0, 1]}}, "bad_operation"),
        ({"calibration": {"source": "guess"}}, "bad_operation"),
        ({"bodies": ["nobody"]}, "unknown_body"),
    ],
)
def test_what_is_no_measurement_is_refused(change: dict, code: str):
    item = {"id": "m", "definition": "length", "frame": FILM, "points": {"a": [0, 0], "b": [1, 1]}}
    with pytest.raises(Refused) as caught:
        measured({**item, **change}, bodies={"b1"})
    assert caught.value.code == code


def test_a_degenerate_angle_is_refused_as_it_stands_now():
    with pytest.raises(Refused) as caught:
        measured({"id": "m", "definition": "angle", "frame": FILM, "points": {"a": [0, 0], "vertex": [0, 0], "b": [1, 1]}}, bodies=set())
    assert (caught.value.code, caught.value.bad) == ("degenerate", False)


@pytest.mark.parametrize("case", CONTRACT["measured"], ids=lambda case: case["name"])
def test_a_measurement_comes_to_what_the_browser_shows(case):
    assert measured(case["item"], bodies=set())["values"] == case["values"]


@pytest.mark.parametrize("case", CONTRACT["mustFail"], ids=lambda case: case["name"])
def test_what_the_browser_refuses_is_refused_here(case):
    with pytest.raises(Refused) as caught:
        measured(case["item"], bodies={"b1"})
    assert caught.value.code == case["code"]


@pytest.mark.parametrize("case", CONTRACT["curves"], ids=lambda case: case["name"])
def test_curves_are_found_alike_on_both_sides(case):
    table = [Body(entry["id"], *(tuple(map(tuple, entry[side])) for side in ("upper", "lower"))) for entry in case["bodies"]]
    found = [{"upper": c.upper, "lower": c.lower, "apex": c.apex, "angle": round(c.angle, 3), "convex": c.convex} for c in curves(table)]
    assert found == case["curves"]


def test_a_femoral_head_is_the_circle_of_its_rim():
    centre, radius = circle_through((5, 0), (0, 5), (-5, 0))
    assert (centre, radius) == ((0, 0), 5)
    rim = {f"hip_{name}_{k}": [40 + x, 80 + y] for name in ("one", "two") for k, (x, y) in enumerate(((5, 0), (0, 5), (-5, 0)), 1)}
    assert balance(FILM, **rim)["PI"] == balance(FILM, hip_one=[40, 80], hip_two=[40, 80])["PI"]
