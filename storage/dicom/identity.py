"""Who an object is of, and which study, series and instance it is: read from the original, before anything is removed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID_dictionary

from storage.dicom.known_identity import KnownIdentity, known_of
from storage.dicom.parse import Parsed
from storage.dicom.reasons import Rejected


def _tags(keywords: str) -> frozenset[int]:
    return frozenset(tag for word in keywords.split() if (tag := tag_for_keyword(word)) is not None)


_IDENTIFIERS = _tags(
    "PatientID OtherPatientIDs AccessionNumber AdmissionID ServiceEpisodeID PlacerOrderNumberImagingServiceRequest InsurancePlanIdentification "
    "FillerOrderNumberImagingServiceRequest RequestedProcedureID ScheduledProcedureStepID PerformedProcedureStepID MedicalRecordLocator "
    "PatientTelephoneNumbers PlacerOrderNumberProcedure FillerOrderNumberProcedure StudyID IssueDateOfImagingServiceRequest "
    "ClinicalTrialSubjectID SpecimenIdentifier ContainerIdentifier PatientInsurancePlanCodeSequence"
)
_PLACES = _tags(
    "PatientAddress ReferringPhysicianAddress ReferringPhysicianTelephoneNumbers PersonAddress "
    "PersonTelephoneNumbers PatientTelecomInformation PersonTelecomInformation CountryOfResidence RegionOfResidence CurrentPatientLocation "
    "PatientInstitutionResidence OrderCallbackPhoneNumber ConsultingPhysicianAddress"
)
_DEVICE = _tags("StationName DeviceSerialNumber")
_INSTITUTION = _tags("InstitutionName InstitutionAddress")
_DATES = _tags("PatientBirthDate PatientDeathDateInAlternativeCalendar PatientBirthDateInAlternativeCalendar")
_DEPTH = 24
DEFAULT_ENCODINGS = ("iso8859",)
_REMEMBERED, _REMEMBERED_LENGTH = 500, 4096
_SAID: dict[tuple[object, ...], dict[tuple[str, str], None]] = {}
"""What sequences said that were read before, by their bytes."""
Elements = Mapping[int, RawDataElement | DataElement]
_DELIMITERS = {ord(character) for character in "\\^=\r\n\t\f"}
_CLASS_OF_MODALITY = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "XA": "1.2.840.10008.5.1.4.1.1.12.1",
    "RF": "1.2.840.10008.5.1.4.1.1.12.2",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
    "NM": "1.2.840.10008.5.1.4.1.1.20",
}


@dataclass(frozen=True)
class Identity:
    """The original identifiers. This is what the vault seals and nothing else ever keeps.

    ``patient_key_id`` is the PatientID, or a name for the study when there is none, so that patients without an id are never mixed up.
    """

    issuer: str
    patient_id: str
    patient_key_id: str
    patient_name: str
    birth_date: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class: str
    modality: str
    accession_number: str
    study_date: str
    age: str
    invented: bool
    known: KnownIdentity = field(repr=False, compare=False, default_factory=KnownIdentity)


def identity_of(parsed: Parsed, *, group: str = "", kept: frozenset[str] = frozenset()) -> Identity:
    """Return the identity of an object; empty UIDs are filled from the file meta, the frame of reference and ``group``, stably.

    ``kept`` names the options of the profile that are on: what *device* and *institution* retain is then not known identity.
    Raises :class:`Rejected` (``malformed``) when a UID is not one.
    """
    elements = parsed.elements
    encodings = encodings_of(elements, DEFAULT_ENCODINGS)
    said: dict[tuple[str, str], None] = {}
    _collect_received(parsed, said, encodings, _kinds("device" in kept, "institution" in kept))
    known = known_of(tuple(said))

    def text(tag: int) -> str:
        return _text(elements, tag, encodings).strip(" \0")

    modality = text(0x00080060).split("\\")[0][:16]
    sop_class = text(0x00080016) or parsed.media_sop_class.strip(" \0") or _CLASS_OF_MODALITY.get(modality, "")
    sop_instance = text(0x00080018) or parsed.media_sop_instance.strip(" \0")
    study, series, frame = text(0x0020000D), text(0x0020000E), text(0x00200052)
    invented = not (text(0x00080018) and study and series)
    if not sop_instance:
        sop_instance = "instance:" + parsed.digest.hex()
    anchor = f"{frame}|{group}" if frame or group else sop_instance
    study = study or f"study:{anchor}"
    series = series or f"series:{study}|{anchor}|{text(0x00200011)}|{modality}"
    for uid in (sop_class, sop_instance, study, series):
        if not uid.startswith(("instance:", "study:", "series:")) and not re.fullmatch(r"[0-9.]{1,128}", uid):
            raise Rejected("malformed")
    patient_id, issuer = text(0x00100020), text(0x00100021)
    return Identity(
        issuer=issuer,
        patient_id=patient_id,
        patient_key_id=patient_id or f"study:{study}",
        patient_name=text(0x00100010),
        birth_date=text(0x00100030),
        study_instance_uid=study,
        series_instance_uid=series,
        sop_instance_uid=sop_instance,
        sop_class=sop_class,
        modality=modality,
        accession_number=text(0x00080050),
        study_date=text(0x00080020),
        age=text(0x00101010) or _age(text(0x00100030), text(0x00080020)),
        invented=invented,
        known=known,
    )


def is_standard(uid: str) -> bool:
    return uid in UID_dictionary


def _age(birth: str, study: str) -> str:
    """Return the age at the study as an age string, from the birth date when the header has no age."""
    try:
        born = date(int(birth[:4]), int(birth[4:6]), int(birth[6:8]))
        seen = date(int(study[:4]), int(study[4:6]), int(study[6:8]))
    except ValueError:
        return ""
    years = seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))
    return f"{years:03}Y" if 0 < years < 140 else f"{(seen - born).days // 30:03}M" if years == 0 and seen >= born else ""


def encodings_of(elements: Elements, outer: tuple[str, ...]) -> tuple[str, ...]:
    """Return the encodings of a data set's text by its own character set, else those of the data set around it."""
    item = elements.get(0x00080005)
    if item is None or item.value is None:
        return outer
    value = item.value
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else "\\".join(value)
    return _encodings(text)


@lru_cache(maxsize=64)
def _encodings(character_set: str) -> tuple[str, ...]:
    return tuple(convert_encodings([part.strip(" \0") for part in character_set.split("\\")]))


def _text(elements: Elements, tag: int, encodings: tuple[str, ...]) -> str:
    item = elements.get(tag)
    value = item.value if item is not None else None
    if value is None:
        return ""
    if isinstance(value, memoryview):
        value = bytes(value)
    if isinstance(value, bytes):
        value = value.rstrip(b"\0 ")
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii")
        return str(decode_bytes(value, encodings, _DELIMITERS))
    return value if isinstance(value, str) else "\\".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


@lru_cache(maxsize=4)
def _kinds(device_kept: bool, institution_kept: bool) -> dict[int, str]:
    """Return tag → kind of what it says about the patient."""
    kinds = {
        "identifier": _IDENTIFIERS | (frozenset() if device_kept else _DEVICE),
        "place": _PLACES | (frozenset() if institution_kept else _INSTITUTION),
        "date": _DATES,
    }
    return {tag: kind for kind, tags in kinds.items() for tag in tags}


def _collect_received(parsed: Parsed, said: dict[tuple[str, str], None], encodings: tuple[str, ...], kinds: dict[int, str]) -> None:
    """Collect from a received object; what a sequence says is remembered, for the slices of a series repeat theirs."""
    for tag, item in parsed.elements.items():
        vr = _vr_of(tag, item)
        if vr == "SQ" and isinstance(item, RawDataElement) and item.value and len(item.value) <= _REMEMBERED_LENGTH:
            key = (tag, item.value, parsed.implicit, encodings, id(kinds))
            inside = _SAID.get(key)
            if inside is None:
                inside = {}
                _collect_one(tag, vr, item, parsed.elements, lambda: parsed.dataset, inside, 0, encodings, kinds)
                if len(_SAID) >= _REMEMBERED:
                    _SAID.clear()
                _SAID[key] = inside
            said.update(inside)
        elif vr in ("PN", "SQ") or tag in kinds:
            _collect_one(tag, vr, item, parsed.elements, lambda: parsed.dataset, said, 0, encodings, kinds)


def _collect(dataset: Dataset, said: dict[tuple[str, str], None], depth: int, outer: tuple[str, ...], kinds: dict[int, str]) -> None:
    """Walk an item for names, identifiers and places, at every depth, private elements included; each is noted once."""
    if depth > _DEPTH:
        raise Rejected("malformed")
    elements = {int(tag): item for tag, item in dataset.items()}  # iterating the data set itself converts every element
    encodings = encodings_of(elements, outer)
    for tag, item in elements.items():
        _collect_one(tag, _vr_of(tag, item), item, elements, lambda: dataset, said, depth, encodings, kinds)


def _collect_one(
    tag: int,
    vr: str,
    item: RawDataElement | DataElement,
    elements: Elements,
    read: Callable[[], Dataset],
    said: dict[tuple[str, str], None],
    depth: int,
    encodings: tuple[str, ...],
    kinds: dict[int, str],
) -> None:
    if vr == "PN":
        said["name", _text(elements, tag, encodings)] = None
    elif tag in kinds and vr != "SQ":
        said[kinds[tag], _text(elements, tag, encodings)] = None
    elif vr == "SQ" and item.value is not None and (not isinstance(item, RawDataElement) or item.value):
        value = read()[tag].value
        for child in value if isinstance(value, Sequence) else ():
            _collect(child, said, depth + 1, encodings, kinds)


def _vr_of(tag: int, item: RawDataElement | DataElement) -> str:
    vr = item.VR
    return vr if vr and (vr != "UN" or (tag >> 16) & 1) else _vr(tag)


@lru_cache(maxsize=8192)
def _vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"
