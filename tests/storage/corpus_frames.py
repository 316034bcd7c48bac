"""Pictures with a name burned in, in every way that pixels are stored, and names in every way that text is. Imports nothing of the product.

One seed gives one person and their pictures; what is drawn is made of syllables that no list holds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless, generate_uid

_HEADS = ["KORV", "QUENT", "ZILD", "DRAEK", "WYMB", "JORV", "THEKL", "BRUND", "OSKEN", "ULFAN", "PRYND", "GAWEN", "HESTV"]
_TAILS = ["AMBACH", "ODOVIC", "ASTRINE", "OKWEND", "ELHUIS", "URZYNS", "EBOTTEN", "IVANTER", "ESKOYD"]
_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "SC": "1.2.840.10008.5.1.4.1.1.7",
}
NAMES_BY_CHARACTER_SET = {
    "ISO_IR 100": ("Größlmaier^Íñigo", "latin-1"),
    "ISO_IR 101": ("Žůrkovićová^Łukąsz", "iso8859-2"),
    "ISO_IR 144": ("Жуковлева^Радомила", "iso8859-5"),
    "ISO_IR 126": ("Παπαδουλης^Θρασυβουλος", "iso8859-7"),
    "ISO_IR 192": ("Nguyễnhoàng^Thịnhvượng", "utf-8"),
    "GB18030": ("王小东^欧阳", "gb18030"),
    "\\ISO 2022 IR 87": ("山本^花子", "iso2022_jp"),
    "\\ISO 2022 IR 149": ("김희중^동욱", "euc_kr"),
}


@dataclass(frozen=True)
class Shot:
    """One picture: ``before`` is what was drawn on, ``after`` with the name; ``data`` the object."""

    kind: str
    name: str
    before: NDArray[Any]
    after: NDArray[Any]
    data: bytes


def shots(seed: int) -> list[Shot]:
    """Return the pictures of one person."""
    rng = random.Random(seed)
    name = rng.choice(_HEADS) + rng.choice(_TAILS)
    return [
        _shot(rng, name, "CT", "CT", np.int16, syntax=ExplicitVRBigEndian),
        _shot(rng, name, "MR, grey on anatomy", "MR", np.uint16, level=0.6, on_anatomy=True),
        _shot(rng, name, "MR of 8 bits", "MR", np.uint8),
        _shot(rng, name, "DX, dark is high", "DX", np.uint16, photometric="MONOCHROME1"),
        _shot(rng, name, "US outside its region", "US", np.uint8, region=True),
        _shot(rng, name, "US without regions", "US", np.uint8, colour="RGB"),
        _shot(rng, name, "SC in YBR", "SC", np.uint8, colour="YBR_FULL"),
        _shot(rng, name, "SC in JPEG", "SC", np.uint8, syntax=JPEGBaseline8Bit),
        _shot(rng, name, "SC in RLE", "SC", np.uint8, syntax=RLELossless),
        _shot(rng, name, "SC, implicit", "SC", np.uint8, syntax=ImplicitVRLittleEndian),
    ]


def _shot(
    rng: random.Random,
    name: str,
    kind: str,
    modality: str,
    dtype: type,
    *,
    level: float = 1.0,
    on_anatomy: bool = False,
    photometric: str = "MONOCHROME2",
    colour: str = "",
    region: bool = False,
    syntax: str = ExplicitVRLittleEndian,
) -> Shot:
    noise = np.random.default_rng(rng.randint(0, 10**6))
    rows, columns = np.mgrid[:288, :320]
    top = 180 if dtype is np.uint8 else 1500
    body = top * np.exp(-(((rows - 170) / 80) ** 2 + ((columns - 160) / 90) ** 2)) + noise.normal(0, top / 60, (288, 320)) + top / 12
    before = np.clip(body, 0, 255 if dtype is np.uint8 else 4000).astype(dtype)
    page = Image.new("L", (320, 288))
    place = (60, 120) if on_anatomy else (12, 8)
    ImageDraw.Draw(page).text(place, f"{name} {rng.randint(1000000, 9999999)}", fill=255, font=ImageFont.load_default(18))
    ink = np.asarray(page) > 127
    after = before.copy()
    after[ink] = int(level * before.max()) if level < 1 else int(before.max())
    if photometric == "MONOCHROME1":
        before, after = before.max() - before, after.max() - after
    dataset = _dataset(name, modality, after, photometric, syntax)
    if region:
        where = Dataset()
        where.RegionLocationMinX0, where.RegionLocationMinY0, where.RegionLocationMaxX1, where.RegionLocationMaxY1 = 10, 60, 309, 279
        dataset.SequenceOfUltrasoundRegions = Sequence([where])
    if colour:
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, colour, 0
        grey = np.full_like(after, 128) if colour == "YBR_FULL" else after
        dataset.PixelData = np.stack([after, grey, grey], axis=2).tobytes()
    elif syntax == JPEGBaseline8Bit:
        out = BytesIO()
        Image.fromarray(after).save(out, "JPEG", quality=92)
        dataset.PixelData = encapsulate([out.getvalue()])
        dataset.LossyImageCompression = "01"
    elif syntax == ExplicitVRBigEndian:
        dataset.PixelData = after.astype(after.dtype.newbyteorder(">")).tobytes()
    elif syntax == RLELossless:
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.compress(RLELossless, encoding_plugin="pylibjpeg")
    if syntax in (JPEGBaseline8Bit, RLELossless):
        dataset["PixelData"].is_undefined_length = True
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return Shot(kind, name, before, after, out.getvalue())


def _dataset(name: str, modality: str, pixels: NDArray[Any], photometric: str, syntax: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = _CLASSES[modality]
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.Modality, dataset.PatientName, dataset.PatientID = "OT" if modality == "SC" else modality, name, "4711081"
    dataset.BurnedInAnnotation = "NO"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, photometric
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW" if pixels.dtype.itemsize == 2 else "OB"
    return dataset


def named(character_set: str) -> tuple[str, str, bytes]:
    """Return (name, encoding, object): a person's name in a character set, in the header and glued into descriptions."""
    name, encoding = NAMES_BY_CHARACTER_SET[character_set]
    dataset = _dataset("x", "CT", np.zeros((16, 16), np.int16), "MONOCHROME2", ExplicitVRLittleEndian)
    dataset.SpecificCharacterSet = character_set.split("\\")
    dataset.PatientName = f"Xylander^Q={name}" if "2022" in character_set else name
    family, given = name.split("^")
    dataset.StudyDescription = f"LUMBAR {family} MRT"
    dataset.ImageComments = f"T2 SAG {given} {family} SPINE"
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return name, encoding, out.getvalue()
