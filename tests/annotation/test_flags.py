"""Rules that a proposed mask may break, and heights of bodies."""

from __future__ import annotations

import json

import numpy as np
import pytest

from annotation.geometry.doubts import doubts_of
from annotation.geometry.flags import border_flags, island_flags, order_flags, volume_flags
from annotation.geometry.heights import body_heights, reductions
from annotation.services.uncertainty import uncertainty_read
from storage.services.blob import blob_read
from tests.annotation.cases import make_case

AFFINE = np.array([[4.0, 0, 0, 0], [0, 0, 1.0, 0], [0, -1.0, 0, 100], [0, 0, 0, 1]])
"""Sagittal: slices 4 mm apart to the left, rows to the feet, columns to the back, 1 mm."""


def test_a_second_island_is_told_with_its_size_and_a_crumb_is_not():
    mask = np.zeros((3, 30, 30), dtype=np.uint8)
    mask[:, 2:12, 2:12], mask[1, 20:24, 20:24], mask[:, 2:12, 15:25], mask[0, 29, 29] = 1, 1, 2, 2
    assert island_flags(mask, (4, 1, 1)) == {1: "two islands, the smallest 64 mm³"}


def test_a_volume_that_stands_out_is_named_and_its_neighbours_are_not():
    volumes = [(1, 20e3), (2, 21e3), (3, 11e3), (4, 23e3), (5, 24e3)]
    found = volume_flags(volumes)
    assert list(found) == [3]
    assert "below" in found[3]
    assert volume_flags([(number, 20e3 + 900 * number) for number in range(1, 8)]) == {}
    assert volume_flags(volumes, skip={3}) == {}


def test_a_body_on_the_wrong_side_of_the_next_is_named():
    assert order_flags([(1, "L3"), (2, "L4"), (3, "L5")], {1: 50.0, 2: 10.0, 3: 30.0}) == {2: "lies below L5", 3: "lies above L4"}


def test_a_body_cut_by_the_edge_is_named():
    mask = np.zeros((3, 20, 20), dtype=np.uint8)
    mask[0, 5:9, 5:9], mask[1, 0:4, 5:9] = 1, 2
    assert border_flags(mask) == {2: "touches the image border"}


def body(front: int, back: int, middle: int | None = None) -> np.ndarray:
    mask = np.zeros((5, 60, 60), dtype=bool)
    for column in range(30):
        share = column / 29
        height = front + (back - front) * share
        if middle is not None:
            height = min(height, middle + abs(share - 0.5) * 2 * (height - middle))
        top = 30 - height / 2
        mask[:, round(top) : round(top + height), 10 + column] = True
    return mask


@pytest.mark.parametrize(("front", "back", "ratio"), [(28, 28, 1.0), (20, 28, 0.74)])
def test_a_wedge_is_lower_at_its_front(front: int, back: int, ratio: float):
    found = body_heights(body(front, back), AFFINE)
    assert found.ratio == pytest.approx(ratio, abs=0.07)
    assert (found.front < found.back) == (front < back)


def test_a_body_that_is_hollow_in_the_middle_is_found_too():
    found = body_heights(body(28, 28, middle=18), AFFINE)
    assert found.middle < 0.8 * found.front


def test_an_even_crush_shows_against_the_neighbours():
    heights = [body_heights(body(height, height), AFFINE) for height in (28, 28, 17, 29, 29)]
    found = reductions(heights)
    assert [value < 0.85 for value in found if value is not None] == [False, False, True, False, False]


@pytest.mark.django_db
def test_a_proposals_flags_lie_beside_its_entropy():
    import uuid

    from annotation.services.proposal import proposal_create

    case = make_case(shape=(4, 40, 40))
    stack = case.stacks.get()
    mask = np.zeros((4, 40, 40), dtype=np.uint8)
    mask[:, 4:14, 4:20], mask[1:3, 30:36, 30:36] = 1, 1
    sure = {"stacks": {str(stack.pk): {"layers": {"instances": {"1": {"mean": 0.05, "level": "sure", "slices": {}}}}}}}
    grades = [{"form": "pfirrmann", "structure": "L5", "part": "/disc", "value": "3", "confidence": 0.7, "reason": "grey", "figures": {}}]
    entry = {"id": 1, "layer": "instances", "structure": "L5"}
    proposed = proposal_create(
        case=case, model_version=uuid.uuid4(), masks={str(stack.pk): {"instances": mask}}, segments=[entry], uncertainty=sure, grades=grades
    )
    told = json.loads(blob_read(digest=proposed.uncertainty))["stacks"][str(stack.pk)]["layers"]["instances"]["1"]
    assert told["mean"] == 0.05
    assert told["flags"][0].startswith("two islands")
    cell = proposed.content["grades"]["pfirrmann"]["b1/disc"]
    assert (cell["value"], cell["status"], cell["by"]) == ("3", "proposed", None)
    read = uncertainty_read(revision=proposed)
    assert read["grades"]["pfirrmann"]["b1/disc"]["reason"] == "grey"
    assert [(doubt["structure"], doubt["flags"]) for doubt in read["doubts"]] == [("L5", told["flags"])]


def test_one_list_says_what_is_doubtful_by_the_models_word_or_by_a_rule_each_structure_once_worst_first():
    segments = [{"layer": "instances", "id": number, "structure": name} for number, name in ((1, "L5"), (2, "L4"), (3, "L3"))]
    first = {
        "1": {"mean": 0.3, "level": "doubtful", "slices": {"a:1": 0.2, "b:1": 0.4}},
        "2": {"mean": 0.1, "level": "sure", "flags": ["two islands"]},
    }
    second = {
        "1": {"mean": 0.2, "level": "look", "flags": ["lies below L4"]},
        "3": {"mean": 0.1, "level": "sure"},
        "9": {"mean": 0.9, "level": "doubtful"},
    }
    told = {"stacks": {"s": {"layers": {"instances": first}}, "t": {"layers": {"instances": second}}}}
    found = doubts_of(told, segments)
    assert [(doubt["structure"], doubt["stack"], doubt["slice"], doubt["flags"]) for doubt in found] == [
        ("L5", "s", "b:1", ["lies below L4"]),
        ("L4", "s", None, ["two islands"]),
    ]
    assert doubts_of({}, segments) == []


def test_a_rule_that_three_series_break_is_said_once_in_the_words_of_the_one_that_is_shown():
    segments = [{"layer": "instances", "id": 1, "structure": "L5"}]
    series = [
        (0.3, ["two islands, the smallest 451 mm³"]),
        (0.4, ["3 islands, the smallest 40 mm³"]),
        (0.2, ["two islands, the smallest 9 mm³", "lies below L4"]),
    ]
    stacks = {
        str(at): {"layers": {"instances": {"1": {"mean": mean, "level": "doubtful", "flags": flags}}}}
        for at, (mean, flags) in enumerate(series)
    }
    (doubt,) = doubts_of({"stacks": stacks}, segments)
    assert doubt["stack"] == "1"
    assert sorted(doubt["flags"]) == ["3 islands, the smallest 40 mm³", "lies below L4"]
