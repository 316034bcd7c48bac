"""Dice with its rules for what is empty, and the gate that rests on it."""

from __future__ import annotations

import numpy as np
import pytest

from ml_backend.learning.gate import bootstrap, gate_check, structure_means
from ml_backend.learning.metrics import dice, dice_by_class, mean


def test_dice_by_hand() -> None:
    found, reference = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    assert dice(found, reference) == pytest.approx(0.5)


def test_both_empty_measures_nothing_and_one_empty_is_zero() -> None:
    nothing, something = np.zeros(4, bool), np.ones(4, bool)
    assert dice(nothing, nothing) is None
    assert dice(nothing, something) == 0.0
    assert dice(something, nothing) == 0.0
    assert mean([None, 0.5]) == 0.5
    assert mean([None]) is None


def test_ignored_voxels_do_not_count() -> None:
    reference = np.array([1, 255, 0], np.uint8)
    assert dice_by_class(np.array([1, 1, 0], np.uint8), reference, (1,)) == {"vertebra": 1.0}


def patients(values: list[float]) -> dict[str, dict[str, float | None]]:
    return {f"SP-{i}": {"vertebra": v, "disc": v} for i, v in enumerate(values)}


def test_the_gate_passes_what_is_better() -> None:
    report = gate_check(patients([0.7] * 9), patients([0.8, 0.85, 0.9, 0.8, 0.75, 0.8, 0.9, 0.8, 0.85]))
    assert report.verdict == "pass"
    assert report.patients == 9
    assert report.interval is not None
    assert report.interval[0] > 0


def test_the_gate_refuses_what_is_worse_and_says_why() -> None:
    report = gate_check(patients([0.9] * 9), patients([0.6] + [0.87] * 8))
    assert report.verdict == "refuse"
    assert any("worse on disc" in reason for reason in report.reasons)
    assert any("SP-0" in reason for reason in report.reasons)


def test_with_few_patients_a_person_decides() -> None:
    report = gate_check(patients([0.7] * 3), patients([0.9] * 3))
    assert report.verdict == "insufficient"
    assert "person decides" in report.reasons[0]
    assert gate_check({}, {}).verdict == "insufficient"


def test_a_structure_that_was_never_measured_has_no_mean() -> None:
    assert structure_means({"a": {"disc": None}, "b": {"disc": None, "canal": 0.4}}) == {"canal": 0.4, "disc": None}


def test_the_interval_repeats() -> None:
    differences = np.linspace(-0.1, 0.2, 9)
    assert bootstrap(differences) == bootstrap(differences)
