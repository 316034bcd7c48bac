"""Frontal and lateral radiographs of a phantom: parallel projections of its attenuation, with the projected landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from storage.phantom.anatomy import anatomy_render
from storage.phantom.contrast import ct_table
from storage.phantom.spine import SpineSpec, spine_build

View = Literal["ap", "lateral"]
WATER = 0.019  # attenuation per mm at about 70 keV


@dataclass(frozen=True)
class Radiograph:
    """``pixels`` uint16 [row, column], bone bright; rows run to the feet.

    ``view`` ap: columns run to the patient's left, as one faces the patient; lateral: columns run to the back.
    ``endplates[level]["upper"|"lower"]`` is the plate's line as two (row, column) points: right and left, or front and back.
    """

    pixels: NDArray[np.uint16]
    spacing: float
    view: View
    endplates: dict[str, dict[str, tuple[tuple[float, float], tuple[float, float]]]]


def radiograph_render(
    spec: SpineSpec, view: View, *, top: float = 460.0, bottom: float = -90.0, width: float = 360.0, spacing: float = 0.7
) -> Radiograph:
    """Project the part of the spine from ``bottom`` to ``top`` mm above S1; ``width`` and ``spacing`` of the detector in mm."""
    spine = spine_build(spec)
    sample, ray = 2 * spacing, 4.0
    rows, columns, depth = int((top - bottom) / sample), int(width / sample), int((380 if view == "lateral" else 300) / ray)
    along, across = (np.array([0.0, 1, 0]), np.array([1.0, 0, 0])) if view == "ap" else (np.array([1.0, 0, 0]), np.array([0.0, 1, 0]))
    middle = np.mean([b.centre for b in spine.vertebrae if bottom < b.centre[2] < top], axis=0)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = along * ray, np.array([0, 0, -sample]), across * sample
    start = middle - along * ray * (depth - 1) / 2 - across * sample * (columns - 1) / 2
    affine[:3, 3] = [start[0], start[1], top]
    units = ct_table()[:, 0][anatomy_render(spec, affine, (depth, rows, columns), spine=spine).tissue]
    path = (np.clip(units + 1000, 0, None) / 1000).sum(axis=0) * np.float32(WATER * ray)
    path = zoom(path, 2, order=3, grid_mode=True, mode="nearest")
    scatter = gaussian_filter(path, 40)
    rng = np.random.default_rng([spec.seed, 300 + (view == "lateral")])
    picture = path - 0.6 * scatter + rng.normal(0, 0.02, path.shape) * np.exp(np.clip(path, 0, 8) / 5)
    low, high = np.percentile(picture, [0.5, 99.8])
    pixels = np.clip((picture - low) / (high - low) * 4095, 0, 4095).astype(np.uint16)
    rim = ("right", "left") if view == "ap" else ("anterior", "posterior")

    def seen(point: NDArray[np.float64]) -> tuple[float, float]:
        row = (top - point[2]) / spacing + 0.5
        column = float(np.dot(point - affine[:3, 3], across)) / spacing + 0.5
        return round(float(row), 2), round(column, 2)

    lines = {
        body.name: {
            side: (seen(getattr(plate, rim[0])), seen(getattr(plate, rim[1])))
            for side, plate in (("upper", body.plate(upper=True)), ("lower", body.plate(upper=False)))
        }
        for body in spine.vertebrae
        if bottom < body.centre[2] < top and body.name != "C1"
    }
    return Radiograph(pixels, spacing, view, lines)
