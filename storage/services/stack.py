"""Reading a stack: its slices in order, its frames one at a time, its voxels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from config.errors import Invalid
from storage.services.blob import blob_read

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from storage.dicom.geometry import Geometry
    from storage.dicom.pixels import PixelFormat
    from storage.models import Stack


@dataclass(frozen=True, slots=True)
class SliceRef:
    """One slice of a stack. ``key`` names it everywhere; ``frame`` counts from 1; ``position`` is (x, y, z) in mm LPS or None."""

    key: str
    index: int
    instance_id: str
    digest: str
    frame: int
    position: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class StackFrame:
    """A decoded slice: stored values [row, column] (or [row, column, RGB] uint8) and what makes values of them."""

    ref: SliceRef
    pixels: NDArray[Any]
    slope: float
    intercept: float
    format: PixelFormat
    dataset: Dataset


def stack_slices(*, stack: Stack) -> list[SliceRef]:
    """Return the slices in stack order, from the row alone: nothing is read from the object store."""
    found = []
    for index, item in enumerate(stack.slices):
        position = item.get("position")
        point = None if position is None else (float(position[0]), float(position[1]), float(position[2]))
        key = f"{item['digest']}:{item['frame']}"
        found.append(SliceRef(key, index, str(item["instance"]), item["digest"], int(item["frame"]), point))
    return found


def stack_frames(*, stack: Stack) -> Iterator[StackFrame]:
    """Yield the decoded frames in stack order. One instance and one frame are in memory at a time.

    Raises :class:`config.errors.Invalid` with the code of the :class:`storage.dicom.pixels.PixelError` when one cannot be decoded.
    """
    from pydicom import dcmread

    from storage.dicom.display import rescale_of
    from storage.dicom.pixels import PixelError, decode_frame, pixel_format

    loaded: tuple[str, Dataset, PixelFormat] | None = None
    for ref in stack_slices(stack=stack):
        try:
            if loaded is None or loaded[0] != ref.digest:
                read = dcmread(BytesIO(blob_read(digest=ref.digest)))
                loaded = (ref.digest, read, pixel_format(read))
            _, dataset, found = loaded
            pixels = decode_frame(dataset, ref.frame, found)
        except PixelError as error:
            raise Invalid(f"Slice {ref.index + 1} cannot be shown. {error.message}", code=error.code) from error
        slope, intercept = rescale_of(dataset, ref.frame)
        yield StackFrame(ref, pixels, slope, intercept, found, dataset)


def stack_geometry(*, stack: Stack) -> Geometry | None:
    from storage.dicom.geometry import Geometry

    return Geometry.from_json(stack.geometry) if stack.geometry else None


def stack_volume(*, stack: Stack) -> tuple[NDArray[Any], Geometry | None]:
    """Return the rescaled values [slice, row, column] and the grid, or None for the grid of what is not a volume.

    int16 when every value is a whole number that fits, else float32; colour becomes its luminance (int16). Takes the volume
    plus one slice of memory, and the volume once more in the rare case that a later slice turns out to need float32.
    """
    import numpy as np

    volume: NDArray[Any] | None = None
    for frame in stack_frames(stack=stack):
        values = _values(frame)
        if volume is None:
            volume = np.empty((stack.slice_count, *values.shape), values.dtype)
        if values.dtype != volume.dtype:
            volume = volume.astype(np.float32, copy=False)
        volume[frame.ref.index] = values
    if volume is None:
        raise Invalid("The stack has no slices.", code="empty_stack")
    return volume, stack_geometry(stack=stack)


def _values(frame: StackFrame) -> NDArray[np.int16] | NDArray[np.float32]:
    import numpy as np

    pixels = frame.pixels
    if pixels.ndim == 3:
        return np.rint(pixels @ np.array([0.299, 0.587, 0.114])).astype(np.int16)
    if frame.slope == int(frame.slope) and frame.intercept == int(frame.intercept):
        whole = pixels.astype(np.int64) * int(frame.slope) + int(frame.intercept)
        if whole.min() >= -32768 and whole.max() <= 32767:
            return whole.astype(np.int16)
    return (pixels * frame.slope + frame.intercept).astype(np.float32)
