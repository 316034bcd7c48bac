"""The profile of de-identification: which options of PS3.15 Annex E are on, as data with a version."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

ENGINE_VERSION = 3
"""Grows whenever the same profile would give other bytes."""


CHOICES = {"dates": ("modified", "full", "removed"), "visual_features": ("flag", "hold"), "captures": ("clean", "hold")}
"""The options that are not yes or no, and what they can be."""
CODES = {
    "clean_pixel_data": "113101",
    "clean_graphics": "113103",
    "clean_structured_content": "113104",
    "clean_descriptors": "113105",
    "dates": "113107",
    "retain_patient_characteristics": "113108",
    "retain_device_identity": "113109",
    "retain_uids": "113110",
    "retain_safe_private": "113111",
    "retain_institution_identity": "113112",
}
"""The code of CID 7050 that an option stands for (of dates: modified)."""


@dataclass(frozen=True)
class Waiver:
    """What a person decided about an object that was held: reasons that no longer hold it, and boxes to blank in every frame.

    A box is (rows from, columns from, rows to, columns to), half open.
    """

    codes: frozenset[str] = frozenset()
    boxes: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True)
class Profile:
    """Basic Application Level Confidentiality Profile plus options; field by field what Annex E.3 names.

    ``visual_features`` says what happens when a face may be visible: ``flag`` it, ``hold`` it in quarantine.
    ``device_rules``: follow the catalogue of devices (:mod:`storage.dicom.devices`). ``captures``: pictures of screens in which text is
    found are cleaned by the machine (``clean``) or held until a person has seen them (``hold``).
    ``two_person_release``: what was held leaves quarantine only when a second person confirms.
    """

    name: str = "columna"
    version: int = 1
    clean_pixel_data: bool = True
    clean_graphics: bool = True
    clean_structured_content: bool = True
    clean_descriptors: bool = True
    dates: Literal["modified", "full", "removed"] = "modified"
    retain_patient_characteristics: bool = True
    retain_device_identity: bool = False
    retain_institution_identity: bool = False
    retain_uids: bool = False
    retain_safe_private: bool = True
    visual_features: Literal["flag", "hold"] = "flag"
    device_rules: bool = True
    captures: Literal["clean", "hold"] = "clean"
    two_person_release: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 over all options and the version of the engine."""
        text = json.dumps({"engine": ENGINE_VERSION, **asdict(self)}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def options(self) -> frozenset[str]:
        """The columns of Table E.1-1 that apply, by the names used in ``data/confidentiality.json``."""
        switches = {
            "graphics": self.clean_graphics,
            "structured_content": self.clean_structured_content,
            "descriptors": self.clean_descriptors,
            "full_dates": self.dates == "full",
            "modified_dates": self.dates == "modified",
            "patient": self.retain_patient_characteristics,
            "device": self.retain_device_identity,
            "institution": self.retain_institution_identity,
            "uids": self.retain_uids,
            "safe_private": self.retain_safe_private,
        }
        return frozenset(name for name, on in switches.items() if on)

    @property
    def codes(self) -> list[tuple[str, str]]:
        """Codes of PS3.16 CID 7050 for DeidentificationMethodCodeSequence (0012,0064)."""
        switches = [
            (True, "113100", "Basic Application Confidentiality Profile"),
            (self.clean_pixel_data, "113101", "Clean Pixel Data Option"),
            (self.clean_graphics, "113103", "Clean Graphics Option"),
            (self.clean_structured_content, "113104", "Clean Structured Content Option"),
            (self.clean_descriptors, "113105", "Clean Descriptors Option"),
            (self.dates == "full", "113106", "Retain Longitudinal Temporal Information Full Dates Option"),
            (self.dates == "modified", "113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
            (self.retain_patient_characteristics, "113108", "Retain Patient Characteristics Option"),
            (self.retain_device_identity, "113109", "Retain Device Identity Option"),
            (self.retain_uids, "113110", "Retain UIDs Option"),
            (self.retain_safe_private, "113111", "Retain Safe Private Option"),
            (self.retain_institution_identity, "113112", "Retain Institution Identity Option"),
        ]
        return [(code, meaning) for on, code, meaning in switches if on]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Profile:
        """Raises ``ValueError`` for an option that does not exist, or a value it cannot have."""
        known = {field.name: field for field in fields(cls)}
        if unknown := sorted(set(value) - set(known)):
            raise ValueError(f"A profile has no option {', '.join(unknown)}.")
        profile = cls(**value)
        for name, default in asdict(cls()).items():
            given = getattr(profile, name)
            if type(given) is not type(default):
                raise ValueError(f"The option {name} must be a {type(default).__name__}.")
        for name, allowed in CHOICES.items():
            if getattr(profile, name) not in allowed:
                raise ValueError(f"The option {name} is one of {', '.join(allowed)}.")
        return profile
