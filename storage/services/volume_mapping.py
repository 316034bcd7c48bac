"""What an importer states about a folder of volumes or pictures: which file is whose, what it shows, what its mask means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from config.errors import Invalid
from storage.dicom.nifti import PLANES, Plane
from storage.dicom.pictures import natural_key

Kind = Literal["nifti", "png"]
MODALITIES = ("CT", "MR", "CR", "DX", "OT")
_DEFAULT_MASK = {
    "nifti": r"(?P<subject>sub-[^_/]+)[^/]*_(?:[^/]*-)?(?:seg|msk|mask|dseg|label)[^/]*\.nii(?:\.gz)?$",
    "png": r"masks?/(?P<subject>[^/_]+)[^/]*\.png$",
}
_DEFAULT_IMAGE = {
    "nifti": r"(?P<subject>sub-[^_/]+)[^/]*\.nii(?:\.gz)?$",
    "png": r"(?P<subject>[^/]+)\.(?:png|jpe?g|bmp|tiff?)$",
}
_VERTEBRAE = [*(f"C{n}" for n in range(1, 8)), *(f"T{n}" for n in range(1, 13)), *(f"L{n}" for n in range(1, 7))]
PRESETS: dict[str, dict[str, str | None]] = {
    "verse": {**{str(number): name for number, name in enumerate(_VERTEBRAE, 1)}, "26": "SAC", "27": "COC", "28": "T13"},
    "vertebra-disc-canal": {"1": "vertebra", "2": "disc", "3": "canal"},
}
"""Value maps with a name. ``verse``: the numbers of VerSe. ``vertebra-disc-canal``: classes without instances."""


@dataclass(frozen=True)
class VolumeMapping:
    """``image`` and ``mask`` are searched in the path of each file below the folder; the group ``subject`` names the patient.

    A group ``slice`` orders the pictures of a stack, a group ``series`` tells several images of one subject apart. ``values``
    maps mask values to a structure's code, or to a category (``vertebra``) whose ``instances`` are told apart later, or to None
    for background. ``spacing`` is (between slices, rows, columns) in mm, for pictures; None: they have no place in space.
    ``issuer`` keeps equal subject names of different data sets apart.
    """

    kind: Kind
    modality: str
    image: re.Pattern[str]
    mask: re.Pattern[str] | None
    values: dict[str, str | None] = field(default_factory=dict)
    instances: bool = False
    spacing: tuple[float, float, float] | None = None
    plane: Plane | None = None
    issuer: str = ""
    body_part: str = "SPINE"
    description: str = ""


@dataclass(frozen=True)
class VolumeFile:
    """A file by its path below the folder, and how to get its bytes. The path is never stored."""

    path: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class VolumeItem:
    """One image to import: a volume, a stack of pictures or a single picture, with its mask files. ``ordinal`` counts from 1."""

    ordinal: int
    subject: str
    series: str
    images: tuple[VolumeFile, ...]
    masks: tuple[VolumeFile, ...]


def mapping_read(content: Mapping[str, Any], *, kind: Kind) -> VolumeMapping:
    """Return the checked mapping. Raises :class:`config.errors.Invalid` (``bad_mapping``) that names every field that is not right."""
    faults: dict[str, str] = {}
    unknown = set(content) - {item for item in VolumeMapping.__dataclass_fields__ if item != "kind"}
    for name in sorted(unknown):
        faults[name] = "There is no such field."
    modality = content.get("modality")
    if modality not in MODALITIES:
        faults["modality"] = f"State what was imaged: one of {', '.join(MODALITIES)}."
    image = _pattern(content.get("image") or _DEFAULT_IMAGE[kind], "image", faults)
    mask = _pattern(content["mask"], "mask", faults) if content.get("mask") else None
    if mask is None and content.get("values") and "mask" not in faults:
        mask = _pattern(_DEFAULT_MASK[kind], "mask", faults)
    values = _values(content.get("values"), faults)
    if mask is not None and not values and "values" not in faults:
        faults["values"] = f"Say what the mask's values mean, or name a preset: {', '.join(PRESETS)}."
    spacing = _spacing(content.get("spacing"), kind, faults)
    plane = content.get("plane")
    if plane is not None and plane not in PLANES:
        faults["plane"] = f"One of {', '.join(PLANES)}."
    texts = {
        name: _text(content.get(name, default), name, faults)
        for name, default in (("issuer", ""), ("body_part", "SPINE"), ("description", ""))
    }
    if not isinstance(content.get("instances", False), bool):
        faults["instances"] = "true or false."
    if faults or image is None:
        raise Invalid(
            "The mapping is not right: " + "; ".join(f"{name}: {why}" for name, why in faults.items()), code="bad_mapping", state=faults
        )
    return VolumeMapping(
        kind=kind, modality=str(modality), image=image, mask=mask, values=values, instances=content.get("instances", False), spacing=spacing,
        plane=plane, issuer=texts["issuer"], body_part=texts["body_part"].upper()[:16], description=texts["description"],
    )  # fmt: skip


def _pattern(text: Any, name: str, faults: dict[str, str]) -> re.Pattern[str] | None:
    try:
        found = re.compile(str(text))
    except re.error as error:
        faults[name] = f"Not a regular expression: {error}."
        return None
    if "subject" not in found.groupindex:
        faults[name] = "The expression needs a group (?P<subject>…) that names the patient."
        return None
    return found


def _values(given: Any, faults: dict[str, str]) -> dict[str, str | None]:
    if given is None:
        return {}
    if isinstance(given, str):
        if given not in PRESETS:
            faults["values"] = f"There is no preset of this name; there are {', '.join(PRESETS)}."
        return PRESETS.get(given, {})
    shape = isinstance(given, Mapping) and all(
        str(value).isdigit() and int(value) > 0 and (name is None or (isinstance(name, str) and name)) for value, name in given.items()
    )
    if not shape:
        faults["values"] = 'An object from whole numbers to structures, such as {"1": "vertebra", "7": null}.'
        return {}
    return {str(int(value)): name for value, name in given.items()}


def _spacing(given: Any, kind: Kind, faults: dict[str, str]) -> tuple[float, float, float] | None:
    if given is None:
        return None
    if kind == "nifti":
        faults["spacing"] = "A NIfTI file states its own spacing."
        return None
    numbers = (
        isinstance(given, list | tuple) and len(given) == 3 and all(isinstance(value, int | float) and 0 < value < 1000 for value in given)
    )
    if not numbers:
        faults["spacing"] = "Three numbers in mm: between slices, between rows, between columns."
        return None
    return float(given[0]), float(given[1]), float(given[2])


def _text(given: Any, name: str, faults: dict[str, str]) -> str:
    if not isinstance(given, str) or len(given) > 64:
        faults[name] = "A text of at most 64 characters."
        return ""
    return given.strip()


def mapping_match(mapping: VolumeMapping, files: Iterable[VolumeFile]) -> tuple[list[VolumeItem], list[VolumeFile]]:
    """Return the images with their masks, in natural order, and the files that matched nothing.

    A file that the mask pattern finds is a mask, even when the image pattern would find it too.
    """
    images: dict[tuple[str, str], list[tuple[Any, VolumeFile]]] = {}
    masks: dict[str, list[tuple[Any, str, VolumeFile]]] = {}
    strangers = []
    for file in files:
        as_mask = mapping.mask.search(file.path) if mapping.mask else None
        as_image = None if as_mask else mapping.image.search(file.path)
        if as_mask:
            masks.setdefault(as_mask["subject"], []).append((_order(as_mask, file), _group(as_mask, "series"), file))
        elif as_image:
            images.setdefault((as_image["subject"], _group(as_image, "series")), []).append((_order(as_image, file), file))
        else:
            strangers.append(file)
    items = []
    for ordinal, key in enumerate(sorted(images, key=lambda key: (natural_key(key[0]), natural_key(key[1]))), 1):
        subject, series = key
        own = sorted((entry for entry in masks.get(subject, []) if entry[1] in ("", series)), key=lambda entry: entry[0])
        ordered = tuple(file for _, file in sorted(images[key], key=lambda entry: entry[0]))
        items.append(VolumeItem(ordinal, subject, series, ordered, tuple(file for *_, file in own)))
    return items, strangers


def _group(match: re.Match[str], name: str) -> str:
    return (match.groupdict().get(name) or "") if name in match.re.groupindex else ""


def _order(match: re.Match[str], file: VolumeFile) -> list[tuple[int, str]]:
    return natural_key(_group(match, "slice") or file.path)
