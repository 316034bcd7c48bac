"""What turns stored values into grey: rescale (PS3.3 C.11.1), windows (C.11.2.1.2) and presets by modality."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

CT_PRESETS: tuple[tuple[float, float, str], ...] = (
    (400.0, 1800.0, "Bone"),
    (50.0, 400.0, "Soft tissue"),
    (-600.0, 1500.0, "Lung"),
)


@dataclass(frozen=True)
class Window:
    """Centre and width in rescaled units, with a label for the menu."""

    center: float
    width: float
    label: str

    def to_json(self) -> dict[str, Any]:
        return {"center": self.center, "width": self.width, "label": self.label}


def numbers(value: Any) -> list[float]:
    values = value if isinstance(value, MultiValue | list | tuple) else [value]
    found = []
    for item in values:
        try:
            number = float(item)
        except (TypeError, ValueError):
            continue
        if np.isfinite(number):
            found.append(number)
    return found


def frame_groups(dataset: Dataset, frame: int, name: str) -> Iterator[Dataset]:
    """Where an attribute of a frame may stand: its own functional group, the shared one, the data set (C.7.6.16.1.1)."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    if frame <= len(per_frame):
        yield from per_frame[frame - 1].get(name) or []
    for shared in dataset.get("SharedFunctionalGroupsSequence") or []:
        yield from shared.get(name) or []
    yield dataset


def rescale_of(dataset: Dataset, frame: int = 1) -> tuple[float, float]:
    """Return (slope, intercept) of a frame counted from 1: ``value = stored * slope + intercept``. (1, 0) when none is stated."""
    for group in frame_groups(dataset, frame, "PixelValueTransformationSequence"):
        slope, intercept = numbers(group.get("RescaleSlope")), numbers(group.get("RescaleIntercept"))
        if slope or intercept:
            return (slope[0] if slope and slope[0] else 1.0), (intercept[0] if intercept else 0.0)
    return 1.0, 0.0


def windows_of(dataset: Dataset, frame: int = 1) -> list[Window]:
    """Return the linear windows that the image itself states for a frame, widths of at least 1 only."""
    for group in frame_groups(dataset, frame, "FrameVOILUTSequence"):
        centers, widths = numbers(group.get("WindowCenter")), numbers(group.get("WindowWidth"))
        pairs = [(center, width) for center, width in zip(centers, widths, strict=False) if width >= 1]
        if pairs:
            return [
                Window(center, width, "Default" if number == 0 else f"Stored {number + 1}") for number, (center, width) in enumerate(pairs)
            ]
    return []


def percentile_window(values: NDArray[Any], label: str = "Auto") -> Window:
    """Return the window from the 1st to the 99.5th percentile of rescaled values; air-like zeros do not count when half is zero."""
    flat = values[np.isfinite(values)].ravel()
    inside = flat[flat != 0]
    if flat.size and 0 < inside.size < flat.size / 2:
        flat = inside
    if not flat.size:
        return Window(0.5, 1.0, label)
    low, high = (float(edge) for edge in np.percentile(flat, [1.0, 99.5]))
    return Window(round((low + high) / 2, 3), round(max(high - low, 1.0), 3), label)


def presets(modality: str, stated: list[Window], sample: NDArray[Any] | None) -> list[Window]:
    """Return the windows of a stack, the first is how it opens. ``sample`` holds rescaled values from across the stack."""
    found = list(stated)
    if modality == "CT":
        found += [Window(*preset) for preset in CT_PRESETS]
    elif sample is not None:
        found.append(percentile_window(sample))
    return found or [Window(127.5, 255.0, "Full range")]


def to_grey(values: NDArray[Any], window: Window, *, inverted: bool) -> NDArray[np.uint8]:
    """Return 0..255 for rescaled values under the LINEAR function of C.11.2.1.2; ``inverted`` for MONOCHROME1."""
    width = max(window.width - 1, 1e-6)
    grey = np.clip(((values.astype(np.float32) - (window.center - 0.5)) / width + 0.5) * 255.0, 0, 255)
    return np.rint(255 - grey if inverted else grey).astype(np.uint8)
