"""How bright each tissue is: CT in Hounsfield units, MR by sequence, and random contrasts for training.

A table is float32 [tissue, 2]: mean and spread of the texture. MR tables are relative, 1 being the brightest tissue.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from storage.phantom.tissue import TISSUES, Tissue

Table = NDArray[np.float32]
Sequence = Literal["t1", "t2", "stir"]

# tissue: (CT mean, CT spread, T1, T2, STIR)
_ROWS: dict[Tissue, tuple[float, float, float, float, float]] = {
    Tissue.AIR: (-1000, 0, 0, 0, 0),
    Tissue.SKIN: (20, 10, 0.35, 0.28, 0.3),
    Tissue.FAT: (-105, 8, 1.0, 0.85, 0.06),
    Tissue.DEEP_FAT: (-95, 12, 0.9, 0.72, 0.07),
    Tissue.MUSCLE: (55, 10, 0.33, 0.13, 0.24),
    Tissue.VISCERA: (60, 14, 0.36, 0.26, 0.42),
    Tissue.BOWEL: (30, 40, 0.3, 0.42, 0.5),
    Tissue.GAS: (-850, 60, 0.02, 0.02, 0.02),
    Tissue.VESSEL: (45, 8, 0.12, 0.06, 0.1),
    Tissue.LUNG: (-820, 50, 0.03, 0.04, 0.05),
    Tissue.FLUID: (8, 6, 0.15, 0.95, 1.0),
    Tissue.CORTEX: (720, 190, 0.08, 0.06, 0.06),
    Tissue.MARROW: (190, 55, 0.55, 0.34, 0.16),
    Tissue.ENDPLATE: (480, 90, 0.15, 0.1, 0.1),
    Tissue.VEIN: (90, 30, 0.35, 0.5, 0.5),
    Tissue.ANNULUS: (95, 12, 0.27, 0.1, 0.14),
    Tissue.NUCLEUS: (78, 10, 0.3, 0.5, 0.62),
    Tissue.CSF: (10, 6, 0.13, 1.0, 1.0),
    Tissue.CORD: (38, 6, 0.42, 0.36, 0.42),
    Tissue.ROOTS: (30, 6, 0.33, 0.4, 0.45),
    Tissue.EPIDURAL_FAT: (-80, 14, 0.92, 0.82, 0.08),
    Tissue.LIGAMENT: (85, 15, 0.14, 0.09, 0.09),
    Tissue.SACRAL_MARROW: (160, 55, 0.58, 0.34, 0.16),
    Tissue.ARCH_MARROW: (230, 70, 0.55, 0.36, 0.16),
    Tissue.METAL: (3000, 60, 0.0, 0.0, 0.0),
    Tissue.RIB: (260, 80, 0.5, 0.33, 0.15),
}


def ct_table() -> Table:
    """Return mean and spread in Hounsfield units."""
    return np.array([[_ROWS[t][0], _ROWS[t][1]] for t in Tissue], np.float32)


def mr_table(sequence: Sequence) -> Table:
    column = {"t1": 2, "t2": 3, "stir": 4}[sequence]
    mean = np.array([_ROWS[t][column] for t in Tissue], np.float32)
    rough = np.full(TISSUES, 0.07, np.float32)
    rough[[Tissue.MARROW, Tissue.SACRAL_MARROW, Tissue.ARCH_MARROW, Tissue.VISCERA]] = 0.10
    rough[[Tissue.BOWEL]] = 0.3
    return np.stack([mean, mean * rough], axis=1)


def random_table(rng: np.random.Generator) -> tuple[Table, str]:
    """Return a random contrast and its kind: ``t2``, ``t1``, ``stir``, ``ct`` or ``free`` (any tissue any brightness)."""
    kind = str(rng.choice(["t2", "t1", "stir", "ct", "free"], p=[0.50, 0.13, 0.09, 0.13, 0.15]))
    if kind == "ct":
        return _random_ct(rng), kind
    if kind == "free":
        mean = rng.uniform(0, 1, TISSUES).astype(np.float32)
        mean[[Tissue.SACRAL_MARROW, Tissue.ARCH_MARROW]] = mean[Tissue.MARROW] * rng.uniform(0.85, 1.15, 2)
        mean[Tissue.DEEP_FAT], mean[Tissue.EPIDURAL_FAT] = mean[Tissue.FAT] * rng.uniform(0.8, 1.2, 2)
        mean[Tissue.AIR] = mean[Tissue.GAS] = mean[Tissue.LUNG] = rng.uniform(0, 0.1)
        return np.stack([mean, np.full(TISSUES, rng.uniform(0.01, 0.1), np.float32)], axis=1).astype(np.float32), kind
    table = mr_table(kind)  # type: ignore[arg-type]  # the three MR kinds remain
    table[:, 0] *= np.exp(rng.normal(0, 0.22, TISSUES))
    marrow = np.exp(rng.normal(0, 0.3))
    for tissue, spread in ((Tissue.MARROW, 0.0), (Tissue.SACRAL_MARROW, 0.08), (Tissue.ARCH_MARROW, 0.15)):
        table[tissue, 0] = mr_table(kind)[tissue, 0] * marrow * np.exp(rng.normal(0, spread))  # type: ignore[arg-type]  # as above
    fat = np.exp(rng.normal(0, 0.2))
    for tissue in (Tissue.FAT, Tissue.DEEP_FAT, Tissue.EPIDURAL_FAT):
        table[tissue, 0] = mr_table(kind)[tissue, 0] * fat * np.exp(rng.normal(0, 0.1))  # type: ignore[arg-type]  # as above
    table[:, 1] *= np.exp(rng.normal(0, 0.5))
    return table.astype(np.float32), kind


def _random_ct(rng: np.random.Generator) -> Table:
    """Return CT under a random window, scaled to 0..1."""
    table = ct_table()
    table[:, 0] += rng.normal(0, 12, TISSUES).astype(np.float32)
    bone = np.exp(rng.normal(0, 0.35))
    for tissue in (Tissue.MARROW, Tissue.SACRAL_MARROW, Tissue.ARCH_MARROW, Tissue.CORTEX, Tissue.RIB):
        table[tissue] *= np.float32(bone * np.exp(rng.normal(0, 0.1)))
    if rng.random() < 0.35:
        table[Tissue.VESSEL, 0] = rng.uniform(120, 300)
    low, high = rng.uniform(-400, -120), rng.uniform(450, 1300)
    table[:, 0] = np.clip((table[:, 0] - low) / (high - low), 0, 1)
    table[:, 1] = table[:, 1] / np.float32(high - low)
    return table


def degenerate(table: Table, state: float) -> float:
    """Return the brightness of the nucleus of a disc whose degeneration is ``state`` (0 healthy .. 1 black)."""
    healthy, black = table[Tissue.NUCLEUS, 0], table[Tissue.ANNULUS, 0]
    return float(healthy + (black - healthy) * min(1.0, 1.25 * state))
