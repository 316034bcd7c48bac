"""Which kinds of object are known: what each SOP class needs and whether it may go in."""

from __future__ import annotations

import re
from functools import lru_cache

from pydicom.uid import UID_dictionary

_REFUSED_NAMES = re.compile(
    r"Encapsulated|Raw Data|Directory|Video|Photographic|Endoscopic|Ophthalmic|Dermoscopic|Slit-?Lamp|Audio|Waveform|Electromyogram|Polysomno|EEG|"
    r"Respiratory|Body Position|Color Palette|Hanging Protocol|Implant|Protocol Storage|Inventory|Stereometric|Lensometry|Refraction|Keratometry|"
    r"Visual Acuity|Spectacle|Intraocular|Macular|Optical|Tomography Storage|Microscop|Whole Slide|Standalone|Substance|Procedure Log|Patient|Print",
    re.IGNORECASE,
)
_ALLOWED_AGAIN = re.compile(r"X-Ray 3D|Breast Tomosynthesis|Intravascular Optical|Grayscale Softcopy|Blending")
_IMAGE = re.compile(r"Image Storage|Segmentation Storage|RT Dose|Parametric Map|Breast Tomosynthesis")
_NO_PIXELS = re.compile(r"Surface Segmentation")
_DOCUMENT = re.compile(r"Encapsulated")
_SECONDARY = re.compile(r"Secondary Capture")


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {
        uid: entry[0]
        for uid, entry in UID_dictionary.items()
        if (entry[1] == "SOP Class" and uid.startswith("1.2.840.10008.5.1.4.1.1"))
        or (entry[0].endswith("Storage") and entry[1] == "SOP Class")
    }


def storage_classes() -> list[str]:
    """Every storage SOP class of the standard: what the listener negotiates, so that the door can name what it refuses."""
    return sorted(
        uid for uid, name in _names().items() if "Storage" in name and "Commitment" not in name and uid.startswith("1.2.840.10008.5.1.4")
    )


def is_known(uid: str) -> bool:
    name = _names().get(uid, "")
    return bool(name) and "Storage" in name and (not _REFUSED_NAMES.search(name) or bool(_ALLOWED_AGAIN.search(name)))


def is_document(uid: str) -> bool:
    return bool(_DOCUMENT.search(_names().get(uid, "")))


def needs_pixels(uid: str) -> bool:
    name = _names().get(uid, "")
    return bool(_IMAGE.search(name)) and not _NO_PIXELS.search(name)


def is_secondary_capture(uid: str) -> bool:
    return bool(_SECONDARY.search(_names().get(uid, "")))


def is_directory(uid: str) -> bool:
    return uid == "1.2.840.10008.1.3.10"


def name_of(uid: str) -> str:
    return _names().get(uid, "")
