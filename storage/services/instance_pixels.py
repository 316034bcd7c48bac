"""The frames of one instance as others want them: as they lie in the file, decoded, or as the display frames that are there already."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pydicom import dcmread
from pydicom.encaps import get_frame
from pydicom.uid import ExplicitVRLittleEndian

from config.errors import Invalid, Missing
from storage.dicom.pixels import PixelError, decode_frame, pixel_format
from storage.models import Instance, Stack
from storage.services.blob import blob_read
from storage.services.blob_file import blob_file

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

_HEAD = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pixels of a file lie. ``offset`` and ``frame_length`` are 0 when frames cannot be cut out of it as bytes."""

    syntax: str
    palette: bool
    offset: int
    frame_length: int


@dataclass(frozen=True, slots=True)
class DisplayFrame:
    """A display frame that is there: HTJ2K, ``length`` bytes."""

    digest: str
    length: int


@lru_cache(maxsize=4096)
def pixel_place(digest: str, size: int) -> Place:
    """Return where the pixels lie, from the header alone. Raises :class:`Missing` (``no_pixels``) for what is no image."""
    file = blob_file(digest=digest, size=size)
    dataset = dcmread(file, stop_before_pixels=True)
    if "Rows" not in dataset or "BitsAllocated" not in dataset:
        raise Missing("This instance holds no image.", code="no_pixels")
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    palette = str(dataset.get("PhotometricInterpretation", "")) == "PALETTE COLOR"
    bits = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("SamplesPerPixel", 1)) * int(dataset.BitsAllocated)
    if syntax != ExplicitVRLittleEndian or bits % 8:
        return Place(syntax, palette, 0, 0)
    group, element, _, _, length = struct.unpack("<HH2sHI", file.read(_HEAD))
    if (group, element) != (0x7FE0, 0x0010) or length < bits // 8:
        return Place(syntax, palette, 0, 0)
    return Place(syntax, palette, file.tell(), bits // 8)


def instance_place(*, instance: Instance) -> Place:
    return pixel_place(instance.blob_id, instance.blob.size)


def instance_dataset(*, instance: Instance) -> Dataset:
    """Return the whole object, checked against its digest."""
    return dcmread(BytesIO(blob_read(digest=instance.blob_id)))


def frame_values(*, dataset: Dataset, frame: int) -> NDArray[Any]:
    """Return the stored values of a frame counted from 1: [row, column], or [row, column, RGB] uint8. Raises :class:`Invalid`."""
    try:
        return decode_frame(dataset, frame, pixel_format(dataset))
    except PixelError as error:
        raise Invalid(f"This frame cannot be decoded. {error.message}", code=error.code) from error


def frame_encoded(*, dataset: Dataset, frame: int) -> bytes:
    """Return a compressed frame as it lies in the file."""
    return get_frame(dataset.PixelData, frame - 1, number_of_frames=int(dataset.get("NumberOfFrames", 1) or 1))


def display_frame(*, instance: Instance, frame: int) -> DisplayFrame | None:
    """Return the display frame of a frame counted from 1, or None while it is still to be made."""
    manifests = Stack.objects.filter(series=instance.series_id).exclude(manifest_digest="").order_by("-is_current", "ordinal")
    for digest in manifests.values_list("manifest_digest", flat=True):
        found = _frames_of(digest).get((str(instance.pk), frame))
        if found is not None:
            return found
    return None


@lru_cache(maxsize=32)
def _frames_of(manifest: str) -> dict[tuple[str, int], DisplayFrame]:
    """Kept per process: a manifest never changes."""
    slices = json.loads(blob_read(digest=manifest))["slices"]
    return {(item["instance"], item["frame"]): DisplayFrame(item["frameDigest"], item["length"]) for item in slices}
