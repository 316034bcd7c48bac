"""A large CT of a trunk, cheap to make: grainy as scanners make it: skin, muscle, a curved column of bone with its canal, ribs, and a table below."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from storage.dicom.geometry import Geometry


def trunk_grid(shape: tuple[int, int, int] = (96, 512, 512), spacing: tuple[float, float, float] = (5.0, 0.8, 0.8)) -> Geometry:
    """Return an axial grid whose rows run to the left and whose columns run to the back."""
    return Geometry((-200.0, -220.0, -300.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), spacing, shape)


def spine_column(shape: tuple[int, int, int]) -> np.ndarray:
    """Return (row, column) of the middle of the vertebral body in each slice: it leans to one side and bends forwards."""
    turn = np.linspace(0, np.pi, shape[0])
    return np.stack([shape[1] * 0.60 + 20 * np.sin(turn), shape[2] * 0.5 + 30 * np.sin(2 * turn)], axis=1)


def trunk(shape: tuple[int, int, int] = (96, 512, 512)) -> np.ndarray:
    """Return HU [slice, row, column] int16."""
    rows, columns = np.mgrid[0 : shape[1], 0 : shape[2]].astype(np.float32)
    skin = ((rows - shape[1] * 0.5) / (shape[1] * 0.28)) ** 2 + ((columns - shape[2] * 0.5) / (shape[2] * 0.42)) ** 2
    ground = np.where(skin < 1, 40, -1000).astype(np.int16)
    ground[(skin < 0.93) & (skin > 0.90) & (rows < shape[1] * 0.45)] = 500
    ground[int(shape[1] * 0.82) : int(shape[1] * 0.84)] = 200
    volume = np.empty(shape, np.int16)
    grain = np.random.default_rng(7).normal(0, 14, shape[1:])
    for index, (row, column) in enumerate(spine_column(shape)):
        volume[index] = ground
        volume[index][(rows - row) ** 2 + (columns - column) ** 2 < 22**2] = 380 if index % 8 else 120
        arch = (rows - row - 34) ** 2 + (columns - column) ** 2
        volume[index][(arch < 17**2) & (arch > 10**2)] = 450
        volume[index][(np.abs(columns - column) < 4) & (rows > row + 48) & (rows < row + 70)] = 420
        soft = ndimage.gaussian_filter(volume[index].astype(np.float32), 1.2)
        volume[index] = soft + np.roll(grain, 31 * index, axis=1)
    return volume
