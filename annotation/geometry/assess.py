"""Every grade that a proposal's masks and images measure on one volume. Pure: what each rule is stands in :mod:`annotation.geometry.gradings`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.geometry.banding import LEAST, Proposed
from annotation.geometry.canal import Canal, NoCanal
from annotation.geometry.disc import NotSeen, disc_look
from annotation.geometry.endplate import NoBody
from annotation.geometry.flags import border_flags
from annotation.geometry.gradings import canal_propose, genant_propose, meyerding_propose, pfirrmann_propose
from annotation.geometry.heights import Heights, body_heights, reductions
from annotation.geometry.numbering import NORMAL, sequence
from annotation.geometry.plates import body_plates
from annotation.geometry.slip import slip

SURE, SEEN = 0.12, 0.25
"""Mean entropy below which an outline is trusted for a shape, and for where it lies: the words ``sure`` and ``look`` of the model."""
_CHAIN = sequence({**NORMAL, "thoracic": 13, "lumbar": 6})
Cell = tuple[str, str, str]
"""Form, code of the vertebra, and what follows the body in the site."""


@dataclass(frozen=True)
class Volume:
    """One volume of a proposal: ``labels`` and ``canal`` [slice, row, column] on the grid of ``affine`` (4 × 4 → mm LPS), ``image`` on the same
    where it is MR; ``codes`` says what the labels are; ``entropy`` is the model's mean entropy by structure, ``doubted`` what breaks a rule."""

    labels: NDArray[np.uint8]
    canal: NDArray[np.bool_]
    affine: NDArray[np.float64]
    codes: Mapping[int, str]
    entropy: Mapping[str, float]
    doubted: frozenset[str]
    image: NDArray[np.floating[Any]] | None = None

    def trusted(self, limit: float) -> dict[str, int]:
        """Return code → label of what is drawn here, the model is sure enough of, no rule speaks against and no edge of the images cuts."""
        drawn = set(np.unique(self.labels).tolist()) - set(border_flags(self.labels))
        fine = {code: number for number, code in self.codes.items() if number in drawn and code not in self.doubted}
        return {code: number for code, number in fine.items() if self.entropy.get(code, 1.0) < limit}


def grades_measured(volume: Volume) -> dict[Cell, Proposed]:
    """Return what is proposed, by cell. The confidence is the chance by measurement times how sure the model is of the outlines."""
    found: dict[Cell, Proposed] = {}
    for cell, proposed, used in (*_heights(volume), *_slips(volume), *_canal(volume), *_discs(volume)):
        sure = proposed.confidence * (1 - max(volume.entropy.get(code, 1.0) for code in used))
        if sure >= LEAST:
            found[cell] = replace(proposed, confidence=round(sure, 2))
    return found


Measured = Iterator[tuple[Cell, Proposed, list[str]]]


def _heights(volume: Volume) -> Measured:
    bodies = {code: number for code, number in volume.trusted(SURE).items() if code in _CHAIN and code[0] in "TL"}
    chain = sorted(bodies, key=_CHAIN.index)
    heights: list[Heights | None] = []
    for code in chain:
        try:
            heights.append(body_heights(volume.labels == bodies[code], volume.affine))
        except NoBody:
            heights.append(None)
    for code, known, reduction in zip(chain, heights, reductions(heights), strict=True):
        if known is not None and reduction is not None and (proposed := genant_propose(known, reduction)):
            yield ("genant", code, ""), proposed, [code]


def _slips(volume: Volume) -> Measured:
    bodies = {code: number for code, number in volume.trusted(SURE).items() if code in _CHAIN}
    chain = sorted(bodies, key=_CHAIN.index)
    plates = body_plates(
        volume.labels, volume.affine, [{"id": code, "name": code, "segment": bodies[code], "disc": None} for code in chain]
    )
    slips = {}
    for upper, lower in pairwise(plates):
        if _CHAIN.index(lower.id) - _CHAIN.index(upper.id) == 1 and upper.id[0] in "TL" and lower.id[0] in "TL":
            back, front = lower.sagittal.upper
            slips[upper.id, lower.id] = slip(upper_posterior=upper.sagittal.lower[0], lower_posterior=back, lower_anterior=front).percent
    for pair, percent in slips.items():
        others = [other for name, other in slips.items() if name != pair]
        if proposed := meyerding_propose(percent, others):
            yield ("meyerding", pair[0], ""), proposed, list(pair)


def _canal(volume: Volume) -> Measured:
    if volume.entropy.get("CANAL", 1.0) >= SURE or "CANAL" in volume.doubted or not volume.canal.any():
        return
    canal, seen = Canal(volume.canal, volume.affine), volume.trusted(SEEN)
    middles = {code: _extent(volume, number) for code, number in seen.items()}
    for code in [code for code in seen if f"IVD_{code}" in seen]:
        low, high = middles[f"IVD_{code}"]
        below = _CHAIN[_CHAIN.index(code) + 1 :][:1]
        bodies = [sum(middles[body]) / 2 for body in (code, *below) if body in middles]
        try:
            narrowest = canal.narrowest((low + high) / 2 - 3, (low + high) / 2 + 3)
            beside = [canal.cut(height) for height in bodies]
        except NoCanal:
            continue
        if proposed := canal_propose(narrowest, beside):
            yield ("rsna_canal", code, "/disc"), proposed, ["CANAL", f"IVD_{code}"]


def _discs(volume: Volume) -> Measured:
    if volume.image is None:
        return
    seen = volume.trusted(SEEN)
    bone = np.isin(volume.labels, [number for number, code in volume.codes.items() if code in _CHAIN])
    looks = {}
    for code, number in seen.items():
        if code.startswith("IVD_"):
            try:
                looks[code[4:]] = disc_look(volume.image, volume.labels == number, bone, volume.canal, volume.affine)
            except NotSeen:
                continue
    for code, look in looks.items():
        if proposed := pfirrmann_propose(look, [other.height for name, other in looks.items() if name != code]):
            yield ("pfirrmann", code, "/disc"), proposed, [f"IVD_{code}"]


def _extent(volume: Volume, number: int) -> tuple[float, float]:
    """Return the heights (mm LPS) between which the middle four fifths of a structure lie."""
    up = np.argwhere(volume.labels == number) @ volume.affine[2, :3] + volume.affine[2, 3]
    low, high = np.percentile(up, (10, 90))
    return float(low), float(high)
