"""The tissues a phantom is made of."""

from __future__ import annotations

from enum import IntEnum


class Tissue(IntEnum):
    """Value of a voxel of the tissue volume; contrast gives each a brightness."""

    AIR = 0
    SKIN = 1
    FAT = 2
    DEEP_FAT = 3
    MUSCLE = 4
    VISCERA = 5
    BOWEL = 6
    GAS = 7
    VESSEL = 8
    LUNG = 9
    FLUID = 10
    CORTEX = 11
    MARROW = 12
    ENDPLATE = 13
    VEIN = 14
    ANNULUS = 15
    NUCLEUS = 16
    CSF = 17
    CORD = 18
    ROOTS = 19
    EPIDURAL_FAT = 20
    LIGAMENT = 21
    SACRAL_MARROW = 22
    ARCH_MARROW = 23
    METAL = 24
    RIB = 25


TISSUES = len(Tissue)
