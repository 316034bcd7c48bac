"""The conformance statement of de-identification that PS3.15 E.1.3 asks for, written from the profile itself."""

from __future__ import annotations

from storage.dicom.actions import describe, edition
from storage.dicom.devices import DeviceRule, catalogue_version, device_rules
from storage.dicom.private import safe_private
from storage.dicom.profile import ENGINE_VERSION, Profile
from storage.dicom.services import services_statement
from storage.dicom.structured_content import content_rules

_ACTIONS = {
    "kept": "kept as it is",
    "removed": "removed",
    "emptied": "kept with no value",
    "replaced": "replaced by a dummy (`REMOVED`)",
    "uid": "replaced by a new UID, the same for the same original everywhere in the project",
    "date": "moved by the patient's days (dates); times are kept; what is not a valid date or time is emptied",
    "text": "reduced to the safe vocabulary",
    "device_text": "kept, without patterns of identity and without words known of the patient",
    "code_string": "kept when it is made of defined terms",
    "number_string": "kept when it is a number",
    "age": "kept, 90 years at most",
    "items": "kept, every item treated by the same rules",
    "code_item": "replaced by one dummy code",
    "special": "by a rule of its own, below",
}


_DOES = {"blank": "boxes are blanked in every frame", "read": "every frame is read for text", "hold": "held for a person"}


_DATES = {
    "modified": "move back by one whole number of days per patient (1 to 20,000), never zero; times and so all intervals are kept.",
    "full": "and times are kept as they came.",
    "removed": "and times are emptied or removed.",
}
_PRIVATE = (
    "kept only when group, creator and offset are in Table E.3.10-1; of creators only those of kept elements remain.\n"
    "   {} attributes are on the list."
)


def _of(rule: DeviceRule) -> str:
    """Say what a rule of the catalogue applies to."""
    parts = [", ".join(sorted(rule.modality))] if rule.modality else []
    parts += ["pictures of screens"] if rule.secondary else []
    parts += ["without regions"] if rule.without_regions else []
    parts += [f"conversion type {', '.join(sorted(rule.conversion))}"] if rule.conversion else []
    patterns = (("image type", rule.image_type), ("maker", rule.maker), ("model", rule.model), ("description", rule.description))
    parts += [f"{name} {pattern.pattern.replace('|', ' / ')}" for name, pattern in patterns if pattern is not None]
    return "; ".join(parts)


def conformance_statement(profile: Profile) -> str:
    """Return the statement as Markdown."""
    rows = describe(profile)
    lines = [
        "# De-identification conformance statement",
        "",
        "Written by `manage.py conformance` from the profile; a test fails when it has drifted.",
        "",
        f"Columna de-identifies by {edition()}, engine version {ENGINE_VERSION}, profile `{profile.name}` version {profile.version}, in memory and before",
        "anything is stored. The same engine serves the DICOM listener, uploads, folders and `manage.py deidentify`.",
        "",
        "## Profile and options",
        "",
        *(f"- {meaning} ({code}, DCM)" for code, meaning in profile.codes),
        "",
        "These codes are written to DeidentificationMethodCodeSequence (0012,0064).",
        "",
        "## Rules",
        "",
        "1. *Allow list.* An attribute that the DICOM data dictionary does not know is removed, at every depth. One that it knows but that",
        "   Table E.1-1 does not list is kept only as its value representation allows: numbers as they are, code strings when they are defined",
        "   terms, text by vocabulary; person names are emptied, application entity titles and URLs removed, bulk data kept only where it is image data",
        "   or a table or colour profile that belongs to it.",
        "2. *Known identity.* Names, identifiers, addresses and telephone numbers anywhere in the object are collected first, in all component",
        "   groups, folded to lower case without diacritics, and the words of the institution. Whole words of them are taken out of every text, also out of",
        "   those that devices write; a long one that is still found, in a text, a table or a colour profile, holds the object back.",
        "3. *Descriptors* of Table E.1-1 are removed. Text that the table does not name keeps words of a vocabulary (as it would descriptors), small numbers"
        if not profile.clean_descriptors
        else "3. *Descriptors* keep words of a vocabulary (the DICOM dictionary, code meanings of PS3.16, protocol words of radiology; no common family or"
        "\n   given name), small numbers",
        "   and units. Dates, telephone numbers, addresses, identifiers and names behind a cue such as “Dr.” go.",
        "4. *Pseudonyms* are HMAC-SHA-256 under a key of the project, the same for one patient for good: PatientID and PatientName `SP-` and ten characters;",
        "   UIDs are kept as they came."
        if profile.retain_uids
        else "   UIDs `2.25.` and 122 bits. SOP Class and other standard UIDs are kept."
        "\n   Referential integrity holds for the whole project, over any number of studies and days.",
        f"5. *Dates* {_DATES[profile.dates]} PatientBirthDate is emptied;",
        "   PatientAge is filled from it when it was missing, and is 090Y at most."
        if profile.retain_patient_characteristics
        else "   PatientAge is emptied.",
        f"6. *Private attributes* are {_PRIVATE.format(len(safe_private())) if profile.retain_safe_private else 'all removed.'}",
        "7. *Graphics.* Overlays (60xx), curves (50xx) and icons are removed; text of presentation states is treated as a descriptor.",
        "8. *Structured content* is kept concept by concept as Table E.3.4-1 says: "
        f"{sum(rule == 'remove' for rule in content_rules(profile).values())} concepts are removed, {sum(rule == 'dummy' for rule in content_rules(profile).values())} get a dummy",
        "   text; the text of all other items is treated as a descriptor, names are dummies, dates and UIDs as said above.",
        "9. *Pixels.* Outside the regions of an ultrasound image everything is blanked. Text is read for in every frame of kinds that carry it by nature",
        "   (US, XA, RF, CR, DX, SC and others), of pictures of screens and of pixels that were ever compressed with loss, and in every other frame at the",
        "   places where a filter finds ink: sharp strokes of one exact value. What is read is blanked in all frames of its film; a line that the ink alone",
        "   proves is blanked whether it can be read or not. A single character (a side marker) stays. Bits above BitsStored, bytes behind the last pixel,",
        "   comments and application segments of compressed frames are removed. Frames without text stay bit for bit. BurnedInAnnotation (0028,0301) is NO",
        "   afterwards, and was never believed before. It is set, and 113101 claimed, only where the search was made.",
        f"   Device rules are {f'followed: catalogue version {catalogue_version()}, {len(device_rules())} rules (below)' if profile.device_rules else 'switched off'}.",
        f"   Pictures of screens in which text is found are {'held until a person has seen them' if profile.captures == 'hold' else 'cleaned by the machine'}.",
        *(
            []
            if profile.clean_pixel_data
            else ["   *In this profile the search for text is switched off: text in pixels stays, and 113101 is not claimed.*"]
        ),
        "10. *File meta, preamble, padding*, OriginalAttributesSequence, digital signatures and encrypted attributes of others are removed or written anew.",
        "11. *Held back*, encrypted: encapsulated documents, unknown kinds of object, pixels that cannot be decoded, encodings that cannot be understood.",
        f"12. *Recognisable features*: head and neck coverage of CT, MR and PET is {'held back' if profile.visual_features == 'hold' else 'flagged'}; faces are not altered, so 113102 is not claimed.",
        "",
        "## Devices",
        "",
        "| rule | of | what is done | why |",
        "|---|---|---|---|",
        *(
            f"| {rule.name} | {_of(rule)} | {_DOES[rule.do]} | {rule.why}{f' Height: {rule.evidence}.' if rule.evidence else ''} |"
            for rule in device_rules()
        ),
        "",
        *services_statement(),
        "## Attributes of Table E.1-1",
        "",
        *(f"- *{name}*: {text}" for name, text in _ACTIONS.items()),
        "",
        "| attribute | | action |",
        "|---|---|---|",
        *(f"| {tag} | {keyword} | {action} |" for tag, keyword, action in rows),
        "",
    ]
    return "\n".join(lines)
