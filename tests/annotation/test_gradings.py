"""Grades that masks and images measure: proposed with a reason where the figures are clear, and nothing where they are not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from annotation.geometry.assess import Volume, grades_measured
from annotation.geometry.banding import band_of
from annotation.geometry.canal import Canal, NoCanal

AFFINE = np.array([[2.0, 0, 0, -16], [0, 0, 1.0, 0], [0, -1.0, 0, 200], [0, 0, 0, 1]])
"""Sagittal: 2 mm to the left, rows to the feet, columns to the back, 1 mm."""
LEVELS = ("T12", "L1", "L2", "L3", "L4", "L5")
SHAPE = (16, 230, 90)
DISC, BODY = 9, 26


def spine(*, crushed: str = "", slipped: str = "", by: int = 0, narrow: str = "", sac: int = 16, entropy: float = 0.04) -> Volume:
    """Return a stack of square bodies with discs and a canal behind: one level crushed at its front, slipped, or with a narrow canal."""
    labels, canal = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, dtype=bool)
    image = np.full(SHAPE, 60.0, np.float32)
    codes: dict[int, str] = {}
    canal[3:13, 5:225, 62 : 62 + sac] = True
    image[canal] = 220
    for index, name in enumerate(LEVELS):
        top, moved = 12 + index * (BODY + DISC), -by if LEVELS.index(name) <= LEVELS.index(slipped or name) and slipped else 0
        codes |= {2 * index + 1: name, 2 * index + 2: f"IVD_{name}"}
        for column in range(20, 56):
            lost = round(14 * (56 - column) / 36) if name == crushed else 0
            labels[1:15, top + lost : top + BODY, column + moved] = 2 * index + 1
            image[1:15, top + lost : top + BODY, column + moved] = 100
        if index + 1 < len(LEVELS):
            rows = slice(top + BODY, top + BODY + DISC)
            labels[1:15, rows, 20 + moved : 56 + moved] = 2 * index + 2
            image[1:15, rows, 20 + moved : 56 + moved] = 30
            if name != "L4":
                image[1:15, top + BODY + 2 : top + BODY + DISC - 2, 27 + moved : 49 + moved] = 150
            if name == narrow:
                canal[:, rows.start - 4 : rows.stop + 4, :] = False
                canal[5:10, rows.start - 4 : rows.stop + 4, 66:72] = True
    return Volume(labels, canal, AFFINE, codes, {**dict.fromkeys(codes.values(), entropy), "CANAL": entropy}, frozenset(), image)


def answers(volume: Volume, form: str) -> dict[str, str]:
    return {code: proposed.value for (name, code, _), proposed in grades_measured(volume).items() if name == form}


def test_a_band_is_as_likely_as_the_error_of_the_figure_leaves_it():
    bands = ((20.0, "0"), (25.0, "1"), (math.inf, "2"))
    assert band_of(20.0, 7.0, bands)[1] == pytest.approx(0.5)
    assert band_of(0.0, 7.0, bands) == ("0", pytest.approx(0.9979, abs=1e-3))
    assert band_of(22.0, 7.0, bands)[1] < 0.5


def test_a_body_that_is_low_at_its_front_is_a_wedge_and_the_others_are_normal():
    found = grades_measured(spine(crushed="L2"))
    crushed = found["genant", "L2", ""]
    assert (crushed.value, crushed.modifiers) == ("2", {"shape": "wedge"})
    assert "mm at front, middle and back" in crushed.reason
    assert {found["genant", level, ""].value for level in ("L1", "L3", "L4")} == {"0"}


def test_a_slip_is_graded_against_the_other_levels_and_none_is_never_proposed():
    found = grades_measured(spine(slipped="L4", by=13))
    assert {code for form, code, _ in found if form == "meyerding"} == {"L4"}
    assert (found["meyerding", "L4", ""].value, found["meyerding", "L4", ""].modifiers) == ("2", {"direction": "anterolisthesis"})
    assert answers(spine(), "meyerding") == {}


def test_a_canal_is_graded_by_its_area_where_area_and_narrowing_say_the_same():
    found = grades_measured(spine(narrow="L3"))
    assert found["rsna_canal", "L3", "/disc"].value == "severe"
    assert found["rsna_canal", "L3", "/disc"].figures["area_mm2"] == pytest.approx(60, abs=8)
    assert found["rsna_canal", "L1", "/disc"].value == "normal_mild"
    # small all along is no narrowing: the figures do not say the same
    assert answers(spine(sac=4), "rsna_canal") == {}


def test_a_canal_whose_sides_lie_outside_the_images_has_no_area():
    volume = spine()
    wide = np.repeat(volume.canal.any(axis=0)[None], SHAPE[0], axis=0)
    with pytest.raises(NoCanal, match="edge"):
        Canal(wide, AFFINE).cut(100.0)


def test_a_disc_whose_nucleus_is_lost_is_four_and_a_bright_one_is_left_to_the_eye():
    assert answers(spine(), "pfirrmann") == {"L4": "4"}


def test_nothing_is_graded_on_images_that_are_not_t2_weighted_nor_without_any():
    volume = spine()
    assert volume.image is not None
    dark = replace(volume, image=np.where(volume.canal, 40, volume.image).astype(np.float32))
    assert answers(dark, "pfirrmann") == answers(replace(volume, image=None), "pfirrmann") == {}


def test_what_the_model_doubts_or_a_rule_speaks_against_is_not_graded():
    assert grades_measured(spine(crushed="L2", narrow="L3", entropy=0.3)) == {}
    doubted = replace(spine(crushed="L2"), doubted=frozenset({"L2"}))
    assert ("genant", "L2", "") not in grades_measured(doubted)
    surer, less = (grades_measured(spine(entropy=entropy))["genant", "L2", ""].confidence for entropy in (0.02, 0.1))
    assert surer > less
