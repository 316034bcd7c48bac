"""Series of one frame of reference get one numbering, wherever each of them went wrong by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ml_backend.learning.agreement import Numbered, agree, irregularity
from ml_backend.learning.postprocess import DISC, SACRUM, UPWARD, VERTEBRA, split
from storage.phantom.levels import NAMES
from storage.phantom.slab import classes_of
from tests.ml_backend.test_postprocess import SPACING, lumbar


def affine() -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = [SPACING[0], 0, 0], [0, 0, -SPACING[1]], [0, SPACING[2], 0]
    matrix[:3, 3] = [-16, -80, 195]
    return matrix


def true_numbering(seed: int = 3) -> Numbered:
    """Return a series as a perfect reader would number it."""
    instances = lumbar(seed, variant="normal").instances
    labels, structures, kinds = np.zeros(instances.shape, np.uint8), {}, {}
    for number, value in enumerate((int(v) for v in np.unique(instances) if v), 1):
        name = NAMES[value - 100 if value > 100 else value]
        labels[instances == value] = number
        structures[number] = f"IVD_{name}" if value > 100 else name
        kinds[number] = DISC if value > 100 else SACRUM if name == "SAC" else VERTEBRA
    return Numbered(labels, affine(), structures, kinds, 0.1)


def called(numbered: Numbered) -> dict[str, int]:
    """Return code → voxels."""
    return {code: int((numbered.labels == k).sum()) for k, code in numbered.structures.items()}


def one_off(numbered: Numbered, by: int) -> Numbered:
    def moved(code: str) -> str:
        stem, name = ("IVD_", code[4:]) if code.startswith("IVD_") else ("", code)
        return stem + UPWARD[UPWARD.index(name) + by] if name in UPWARD else code

    return replace(numbered, structures={k: moved(code) for k, code in numbered.structures.items()}, doubt=0.3)


@pytest.mark.parametrize("by", [1, 2, 4])
def test_a_series_that_counted_wrong_takes_the_names_of_the_place(by: int) -> None:
    true = true_numbering()
    _, followed = agree([true, one_off(true, by)])
    assert called(followed) == called(true)


def test_a_body_cut_in_two_is_one_again() -> None:
    true = true_numbering()
    labels, number = true.labels.copy(), next(k for k, code in true.structures.items() if code == "L3")
    rows = np.argwhere(labels == number)[:, 1]
    lower = (labels == number) & (np.arange(labels.shape[1])[None, :, None] > np.median(rows))
    labels[lower] = 90
    cut = replace(true, labels=labels, structures={**true.structures, 90: "T8"}, kinds={**true.kinds, 90: VERTEBRA}, doubt=0.3)
    assert irregularity(cut) > irregularity(true)
    followed, _ = agree([cut, true])
    assert called(followed) == called(true)


def test_a_patient_who_moved_a_little_keeps_the_numbers() -> None:
    true = true_numbering()
    moved = one_off(true, 1)
    moved.affine[2, 3] += 5.0
    _, followed = agree([true, moved])
    bodies = {code for code in followed.structures.values() if code in UPWARD}
    assert bodies == {code for code in true.structures.values() if code in UPWARD}
    assert called(followed)["L3"] == pytest.approx(called(true)["L3"], rel=0.3)


def test_what_goes_on_above_is_counted_on() -> None:
    true = true_numbering()
    low = replace(
        true, structures={k: c for k, c in true.structures.items() if c in ("SAC", "L5", "L4", "L3", "L2", "IVD_L5", "IVD_L4", "IVD_L3")}
    )
    low = replace(low, labels=np.where(np.isin(true.labels, list(low.structures)), true.labels, 0).astype(np.uint8), doubt=0.0)
    _, followed = agree([replace(low, doubt=-1.0), one_off(true, 3)])
    assert {"L1", "T12", "IVD_L1", "L2", "L5"} <= set(followed.structures.values())
    for code in ("L1", "L3", "L5"):
        assert called(followed)[code] == pytest.approx(called(true)[code], rel=0.1)


def test_a_series_alone_stays_as_it_is() -> None:
    alone = one_off(true_numbering(), 2)
    assert agree([alone])[0] is alone


def test_scraps_in_the_wings_of_the_sacrum_are_no_levels() -> None:
    anatomy = lumbar(1, variant="normal")
    classes = classes_of(anatomy.instances, anatomy.canal)
    where = np.argwhere(classes == SACRUM)
    for slice_at in (2, 3, 5, 6):
        for share, kind in ((0.35, VERTEBRA), (0.5, DISC), (0.65, VERTEBRA)):
            row = int(np.quantile(where[:, 1], share))
            here = classes[slice_at, row - 4 : row + 4]
            here[here == SACRUM] = kind
    found = split(classes, SPACING)
    (l5,) = [entry.id for entry in found.table if entry.structure == "L5"]
    true = anatomy.instances == next(v for v, name in NAMES.items() if name == "L5")
    assert 2 * ((found.labels["instances"] == l5) & true).sum() / ((found.labels["instances"] == l5).sum() + true.sum()) > 0.8
