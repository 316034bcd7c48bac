"""Classes become numbered vertebrae and discs: the phantom says which is which."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ml_backend.learning.postprocess import Instances, Run, clean, runs_along, split
from storage.phantom.anatomy import Anatomy, anatomy_render
from storage.phantom.levels import NAMES
from storage.phantom.slab import classes_of
from storage.phantom.spine import Scoliosis, SpineSpec

SPACING = (4.0, 1.9, 1.9)


def lumbar(seed: int, **fixed: object) -> Anatomy:
    """Return a lumbar phantom on a sagittal work grid of half resolution."""
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = [SPACING[0], 0, 0], [0, 0, -SPACING[1]], [0, SPACING[2], 0]
    affine[:3, 3] = [-16, -80, 195]
    return anatomy_render(SpineSpec.draw(seed, **fixed), affine, (9, 150, 80))


def true_codes(anatomy: Anatomy) -> dict[str, NDArray[np.bool_]]:
    codes = {}
    for value in np.unique(anatomy.instances):
        if value:
            name = NAMES[int(value) - 100 if value > 100 else int(value)]
            codes[f"IVD_{name}" if value > 100 else name] = anatomy.instances == value
    return codes


def found_codes(instances: Instances) -> dict[str, NDArray[np.bool_]]:
    return {e.structure: instances.labels[e.layer] == e.id for e in instances.table if e.layer == "instances"}


@pytest.mark.parametrize("seed", range(8))
def test_levels_are_counted_up_from_the_sacrum(seed: int) -> None:
    anatomy = lumbar(seed, variant="normal")
    found, true = found_codes(split(classes_of(anatomy.instances, anatomy.canal), SPACING)), true_codes(anatomy)
    for code in ("SAC", "L5", "L4", "L3", "L2", "IVD_L5", "IVD_L4", "IVD_L3", "IVD_L2"):
        overlap = 2 * (found[code] & true[code]).sum() / (found[code].sum() + true[code].sum())
        assert overlap > 0.85, f"{code}: {overlap:.2f}"


def test_a_curved_spine_is_counted_too() -> None:
    anatomy = lumbar(3, variant="normal", curves=(Scoliosis("T11", "L4", 25.0),))
    found = found_codes(split(classes_of(anatomy.instances, anatomy.canal), SPACING))
    assert {"L5", "L4", "L3", "IVD_L5", "IVD_L4", "SAC"} <= set(found)


def test_the_numbering_says_that_it_is_a_guess() -> None:
    anatomy = lumbar(1)
    classes = classes_of(anatomy.instances, anatomy.canal)
    assert "L5" in split(classes, SPACING).unsure
    classes[classes == 4] = 0
    assert "sacrum is not in view" in split(classes, SPACING).unsure


def test_nothing_becomes_nothing() -> None:
    empty = split(np.zeros((5, 60, 50), np.uint8), SPACING)
    assert empty.table == ()
    assert not empty.labels["instances"].any()


def test_specks_and_what_lies_far_off_are_dropped() -> None:
    anatomy = lumbar(2)
    classes = classes_of(anatomy.instances, anatomy.canal)
    dirty = classes.copy()
    dirty[4, 5, 5] = 1
    dirty[3:6, 100:112, 2:10] = 2 * (dirty[3:6, 100:112, 2:10] == 0)
    cleaned = clean(dirty, SPACING)
    assert cleaned[4, 5, 5] == 0
    assert not (cleaned[3:6, 100:112, 2:6] == 2).any()


def test_a_disc_that_was_missed_still_counts() -> None:
    bodies = np.zeros(400)
    for start in (10, 80, 220, 290):
        bodies[start : start + 60] = 30
    bodies[150:220] = 30
    bodies[80:215] = 30  # the disc between the second and the third body was not seen
    discs = np.zeros(400)
    discs[70:80], discs[282:289] = 20, 20
    runs = runs_along(bodies, discs)
    assert sum(not run.is_disc for run in runs) >= 4
    assert all(isinstance(run, Run) and run.stop > run.start for run in runs)
