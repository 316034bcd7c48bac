"""Code strings: defined terms, body parts and short codes stay; a word that no vocabulary explains, or a name, empties the value."""

from __future__ import annotations

import re

from storage.dicom.descriptor import DEFINED_TERMS, VOCABULARY
from storage.dicom.known_identity import KnownIdentity, fold

_BODY_PART_EXAMINED = 0x00180015
_CS = re.compile(r"^[A-Z0-9 _./+\-]{0,32}$")
_BODY_PARTS = frozenset(
    [
        "ABDOMEN",
        "ABDOMENPELVIS",
        "ANKLE",
        "ARM",
        "BACK",
        "BREAST",
        "CERVICALSPINE",
        "CERVICAL",
        "CHEST",
        "CSPINE",
        "CTSPINE",
        "ELBOW",
        "EXTREMITY",
        "FACE",
        "FINGER",
        "FOOT",
        "FOREARM",
        "HAND",
        "HEAD",
        "HEADNECK",
        "HEART",
        "HIP",
        "KNEE",
        "LEG",
        "LEGS",
        "LSPINE",
        "LSSPINE",
        "LUMBARSPINE",
        "LUMBAR",
        "NECK",
        "PELVIS",
        "SHOULDER",
        "SKULL",
        "SPINE",
        "SSPINE",
        "TSPINE",
        "TLSPINE",
        "THIGH",
        "THORACICSPINE",
        "TOE",
        "WHOLEBODY",
        "WHOLESPINE",
        "WRIST",
        "JAW",
        "NOSE",
        "EAR",
        "EYE",
        "RIB",
        "COCCYX",
        "SIJOINT",
        "SACRUM",
        "SCLERA",
    ]
)


def code_string(value: str, tag: int, known: KnownIdentity) -> str:
    """Return one value of a CS element in capitals, or nothing when a word of it is the patient's or unknown."""
    value = value.upper() if value.isascii() else ""
    if not value or not _CS.match(value):
        return ""
    if tag == _BODY_PART_EXAMINED and value in _BODY_PARTS:
        return value
    words = [word for word in re.split(r"[ _./+\-]+", value) if word]
    if any(known.has(word) for word in words) and not all(fold(word) in VOCABULARY for word in words):
        return ""
    if known.found_in(value) and len(words) > 1:
        return ""
    return value if all(_code_word(word) for word in words) else _joined(value)


def _code_word(word: str) -> bool:
    letters = word.rstrip("0123456789")
    return len(letters) <= 3 or letters in DEFINED_TERMS or word in DEFINED_TERMS or fold(letters) in VOCABULARY or word in _BODY_PARTS


def _joined(value: str) -> str:
    """Defined terms are often two words written as one (``LUMBARSPINE``): allow a split into two vocabulary words, drop the rest."""
    for word in re.split(r"[ _./+\-]+", value):
        low = fold(word)
        if not _code_word(word) and not any(low[:cut] in VOCABULARY and low[cut:] in VOCABULARY for cut in range(3, len(low) - 2)):
            return ""
    return value
