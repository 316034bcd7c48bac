"""The engine: one received object in, the same object with nothing of the patient left out. It touches no disk and no database.

PS3.15 Annex E; ``profile`` says which options are on, :mod:`storage.dicom.actions` what that means for each attribute.
Output is explicit VR little endian (or the encapsulated syntax it came in), UTF-8, and depends on nothing but the input, the
profile and the keys: the same object gives the same bytes on every day and node.
"""

from __future__ import annotations

import re
import struct
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import UID_dictionary

from storage.dicom import encoding
from storage.dicom.actions import Action, Plan, plan_of
from storage.dicom.descriptor import DEFINED_TERMS, UID_IN_TEXT, VOCABULARY, clean, clean_loose
from storage.dicom.identity import Identity, identity_of
from storage.dicom.known_identity import KnownIdentity, fold
from storage.dicom.parse import BROKEN, Parsed
from storage.dicom.private import safe_private
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import Pseudonyms
from storage.dicom.reasons import Rejected
from storage.dicom.structured_content import CONTENT_SEQUENCE, TEXT_VALUE, concept_of, content_rules

_DEPTH = 24
_TEXT_DELIMITERS = {ord(character) for character in "\\\r\n\t\f"}
_NAME_DELIMITERS = _TEXT_DELIMITERS | {ord("^"), ord("=")}
_MULTI = frozenset({"SH", "LO", "CS", "DA", "TM", "DT", "DS", "IS", "AS", "UI", "AE", "PN", "UC"})
_DA = re.compile(r"^\d{8}$")
_DT = re.compile(r"^(\d{8})(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?([+-]\d{4})?$")
_TM = re.compile(r"^\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?$")
_CS = re.compile(r"^[A-Z0-9 _./+\-]{0,32}$")
_NUMBER = re.compile(rb"^[0-9eE+\-. \\]*\0*$")
_AGE = re.compile(r"^(\d{3})([DWMY])$")
_SAFE_CLASS = re.compile(
    r"^(?:1\.2\.840\.10008\.|1\.3\.12\.2\.1107\.5\.9\.|1\.2\.840\.113619\.4\.|1\.3\.46\.670589\.(?:2|5|11)\.)[0-9.]{1,30}$"
)
_CODING_SCHEMES = frozenset(
    [
        "2.16.840.1.113883.6.96",
        "2.16.840.1.113883.6.1",
        "2.16.840.1.113883.6.8",
        "2.16.840.1.113883.6.256",
        "2.16.840.1.113883.6.119",
        "2.16.840.1.113883.6.86",
        "2.16.840.1.113883.3.26.1.1",
        "1.2.840.10008.2.16.4",
    ]
)
_CLASS_UIDS = frozenset({0x00080016, 0x0008010C, 0x00080117, 0x00080118})
_DUMMY = "REMOVED"
_REPORTS = "1.2.840.10008.5.1.4.1.1.88."
_NEVER_EMPTY = frozenset({0x00080100, 0x00080102, 0x00080104, 0x0040A160, 0x00700006, 0x00620005, 0x00700080})
"""Text of Type 1: codes and their meanings, report text, annotations, labels. What cleaning leaves empty becomes a dummy."""
_SIZES = {"US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "OF": 4, "OL": 4, "FD": 8, "SV": 8, "UV": 8, "OD": 8, "OV": 8, "AT": 2}
_PACKED = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "SV": "q", "UV": "Q"}
_REMEMBERED, _REMEMBERED_LENGTH = 2000, 200
_TABLE = 1 << 24
_DERIVED_UIDS = {0x00080018, 0x0020000D, 0x0020000E}


@dataclass
class Cleaned:
    """The main data set after cleaning, before the pixels: ``elements`` maps tag to (VR, value bytes)."""

    elements: dict[int, tuple[str, bytes]]
    identity: Identity
    known: KnownIdentity
    counts: Counter[str]
    notes: set[str] = field(default_factory=set)
    uids: dict[str, str] = field(default_factory=dict)
    actions: list[list[str]] = field(default_factory=list)

    def text(self, tag: int) -> str:
        _vr, value = self.elements.get(tag, ("", b""))
        return value.decode("utf-8").strip(" \0")


def deidentify_header(parsed: Parsed, *, profile: Profile, pseudonyms: Pseudonyms, group: str = "", residue: bool = True) -> Cleaned:
    """Return the cleaned main data set of an object; its pixel data is left out, see :mod:`storage.dicom.pixel_cleaning`.

    ``group`` tells objects apart whose UIDs are empty (the folder they lay in). Raises :class:`Rejected` (``malformed``,
    ``truncated``, ``residual_identity``).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            identity = identity_of(parsed, group=group, kept=profile.options)
            return _Engine(parsed, profile, pseudonyms, identity).run(residue=residue)
        except BROKEN:
            raise Rejected("malformed") from None


class _Engine:
    def __init__(self, parsed: Parsed, profile: Profile, pseudonyms: Pseudonyms, identity: Identity) -> None:
        self.parsed, self.profile, self.pseudonyms, self.identity = parsed, profile, pseudonyms, identity
        self.plan: Plan = plan_of(profile)
        self.known = identity.known
        self.patient_key = pseudonyms.patient_key(identity.issuer, identity.patient_key_id)
        self.shift = timedelta(days=pseudonyms.days(self.patient_key))
        self.counts: Counter[str] = Counter()
        self.notes: set[str] = set()
        self.uids: dict[str, str] = {}
        self.actions: list[list[str]] = []
        self.signed = bool(_first_int(parsed.dataset, 0x00280103))

    def run(self, *, residue: bool) -> Cleaned:
        elements = self._clean(self.parsed.dataset, 0, "")
        self._mandatory(elements)
        if residue:
            self._refuse_residue(elements)
        return Cleaned(elements, self.identity, self.known, self.counts, self.notes, self.uids, self.actions)

    # one data set

    def _clean(self, dataset: Dataset, depth: int, parent: str) -> dict[int, tuple[str, bytes]]:
        if depth > _DEPTH:
            raise Rejected("malformed")
        encodings = self._encodings(dataset)
        out: dict[int, tuple[str, bytes]] = {}
        creators = _creators(dataset)
        kept_blocks: set[int] = set()
        items = {int(tag): item for tag, item in dataset.items()}  # iterating the data set itself converts every element
        for tag in sorted(items):
            item = items[tag]
            if isinstance(item, RawDataElement) and item.value is not None and item.length != 0xFFFFFFFF and len(item.value) < item.length:
                raise Rejected("truncated")
            if (tag >> 16) & 1:
                result = self._private(dataset, tag, item, creators, depth, encodings)
                if result is not None:
                    kept_blocks.add((tag & 0xFFFF0000) | ((tag >> 8) & 0xFF))
            else:
                result = self._standard(dataset, tag, item, depth, encodings)
            if result is None:
                self.counts[Action.REMOVE.value] += 1
            else:
                out[tag] = result
            if not depth:
                self.actions.append([f"{tag:08X}", result[0] if result else "", self._done_to(tag, result)])
        for block in kept_blocks:
            out[block] = ("LO", creators[block].encode())
        return dict(sorted(out.items()))

    def _done_to(self, tag: int, result: tuple[str, bytes] | None) -> str:
        if result is None:
            return Action.REMOVE.value
        planned = self.plan.actions.get(tag)
        return planned[0].value if planned else "private_kept"

    def _encodings(self, dataset: Dataset) -> list[str]:
        item = dataset.get_item(0x00080005) if 0x00080005 in dataset else None
        value = item.value if item is not None else None
        if value is None:
            return getattr(self, "_outer", ["iso8859"])
        text = value.decode("ascii", "replace") if isinstance(value, bytes) else "\\".join(value) if not isinstance(value, str) else value
        found = convert_encodings([part.strip() for part in text.split("\\")])
        if not hasattr(self, "_outer"):
            self._outer = found
        return found

    def _standard(
        self, dataset: Dataset, tag: int, item: RawDataElement | DataElement, depth: int, encodings: list[str]
    ) -> tuple[str, bytes] | None:
        planned = self.plan.actions.get(tag)
        if planned is None:
            return None
        action, vr = planned
        if action is Action.SPECIAL:
            return self._special(tag, vr, item, depth, encodings)
        result = self._apply(action, dataset, tag, vr, item, depth, encodings)
        if result is not None and action is not Action.KEEP:
            self.counts[action.value] += 1
        return result

    def _apply(
        self, action: Action, dataset: Dataset, tag: int, vr: str, item: RawDataElement | DataElement, depth: int, encodings: list[str]
    ) -> tuple[str, bytes] | None:
        if action is Action.ITEMS:
            return self._items(dataset, tag, item, depth)
        if action is Action.KEEP:
            vr = _numeric_vr(vr, item, self.signed)
            self.counts["kept"] += 1
            return vr, self._binary(vr, item)
        if action is Action.EMPTY:
            return vr, b""
        if action is Action.DUMMY:
            return vr, _DUMMY.encode()
        if action is Action.CODE_ITEM:
            return "SQ", encoding.sequence([_dummy_code()])
        if action is Action.NUMBER_STRING:
            return vr, _number_string(_bytes(item), vr)
        text = self._text(item, vr, encodings)
        if text is None:
            return vr, b""
        cleaned = self._clean_text(action, tag, vr, text).encode()
        return vr, cleaned or (_DUMMY.encode() if tag in _NEVER_EMPTY and text.strip() else b"")

    def _clean_text(self, action: Action, tag: int, vr: str, text: str) -> str:
        parts = text.split("\\") if vr in _MULTI else [text]
        match action:
            case Action.UID:
                cleaned = [self._uid(part.strip(" \0"), tag) for part in parts]
            case Action.DATE:
                cleaned = [self._date(part.strip(), vr) for part in parts]
                if self.profile.dates == "removed":
                    cleaned = [""]
            case Action.AGE:
                cleaned = [_capped_age(part.strip()) for part in parts]
            case Action.CODE_STRING:
                cleaned = [self._remembered(self._code_string, part.strip(), tag) for part in parts]
                if len(parts) > 1 and not any(cleaned):
                    cleaned = [""]
            case Action.DEVICE_TEXT:
                cleaned = [self._remembered(self._loose, part, 0) for part in parts]
            case _:
                cleaned = [self._remembered(self._words, part, 1) for part in parts]
        return "\\".join(cleaned)

    def _remembered(self, how: Callable[[str, int], str], text: str, tag: int) -> str:
        """Return ``how(text, tag)``, which depends on nothing but the text, the tag and what is known of the patient."""
        if len(text) > _REMEMBERED_LENGTH or UID_IN_TEXT.search(text):
            return how(text, tag)
        memory, key = self.known.cleaned, (how.__name__, tag, text)
        found = memory.get(key)
        if found is None:
            if len(memory) >= _REMEMBERED:
                memory.clear()
            found = memory[key] = how(text, tag)
        return found

    def _loose(self, text: str, tag: int) -> str:
        return clean_loose(text, self.known)

    def _words(self, text: str, tag: int) -> str:
        return clean(text, self.known, self._uid_in_text)

    # kinds of value

    def _text(self, item: RawDataElement | DataElement, vr: str, encodings: list[str]) -> str | None:
        value = item.value
        if value is None or len(str(value) if not isinstance(value, bytes) else value) == 0:
            return None
        if isinstance(value, bytes):
            value = value.rstrip(b"\0 ")
            if value.isascii() and b"\x1b" not in value:
                return value.decode("ascii")
            return decode_bytes(value, encodings, _NAME_DELIMITERS if vr == "PN" else _TEXT_DELIMITERS)
        if isinstance(value, str):
            return value
        if isinstance(value, (list, tuple)) or hasattr(value, "__iter__"):
            return "\\".join(str(part) for part in value)
        return str(value)

    def _binary(self, vr: str, item: RawDataElement | DataElement) -> bytes:
        if isinstance(item, DataElement) and vr in _PACKED and not isinstance(item.value, bytes):
            values = [] if item.value is None else list(item.value) if isinstance(item.value, (list, tuple, MultiValue)) else [item.value]
            return struct.pack(f"<{len(values)}{_PACKED[vr]}", *values)
        data = _bytes(item)
        size = _SIZES.get(vr, 1)
        if size > 1 and not self._is_little(item):
            data = data[: len(data) // size * size]
            data = np.frombuffer(data, f">u{size}").astype(f"<u{size}").tobytes()
        return data

    def _is_little(self, item: RawDataElement | DataElement) -> bool:
        return bool(getattr(item, "is_little_endian", self.parsed.little_endian))

    def _items(self, dataset: Dataset, tag: int, item: RawDataElement | DataElement, depth: int) -> tuple[str, bytes] | None:
        if item.value is None or (isinstance(item.value, bytes) and not item.value):
            return "SQ", b""
        element = dataset[tag]
        if element.VR != "SQ":
            return None
        cleaned = []
        rules = content_rules(self.profile) if tag == CONTENT_SEQUENCE else {}
        for child in element.value:
            rule = rules.get(concept_of(child) or ("", ""), "clean") if rules else "clean"
            if rule == "remove":
                self.counts["content_removed"] += 1
                continue
            parts = self._clean(child, depth + 1, keyword_for_tag(tag))
            if rule == "dummy" and TEXT_VALUE in parts:
                parts[TEXT_VALUE] = ("UT", _DUMMY.encode())
            if parts:
                cleaned.append(b"".join(encoding.element(number, vr, value) for number, (vr, value) in parts.items()))
        return "SQ", encoding.sequence(cleaned)

    def _uid(self, value: str, tag: int) -> str:
        if not value or value in UID_dictionary or self.profile.retain_uids:
            return value
        if (tag in _CLASS_UIDS or keyword_for_tag(tag).endswith("ClassUID")) and (value in _CODING_SCHEMES or _SAFE_CLASS.match(value)):
            return value
        return self._new_uid(value)

    def _new_uid(self, value: str) -> str:
        found = self.uids.get(value)
        if found is None:
            found = self.uids[value] = self.pseudonyms.uid(value)
        return found

    def _uid_in_text(self, value: str) -> str:
        return value if value in UID_dictionary or self.profile.retain_uids else self._new_uid(value)

    def _date(self, value: str, vr: str) -> str:
        """Move a DA or DT by the patient's days; keep a valid TM; empty what is not valid (PS3.5 6.2)."""
        if not value:
            return ""
        if vr == "TM":
            value = value.replace(":", "") if re.fullmatch(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", value) else value
            return value if _TM.match(value) and int(value[:2]) < 24 else ""
        if vr == "DA":
            value = value.replace(".", "") if re.fullmatch(r"\d{4}\.\d{2}\.\d{2}", value) else value
            return self._moved(value) if _DA.match(value) else ""
        found = _DT.match(value)
        return f"{moved}{found[2] or ''}{found[3] or ''}" if found and (moved := self._moved(found[1])) else ""

    def _moved(self, digits: str) -> str:
        if self.profile.dates == "full":
            return digits
        try:
            day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) + self.shift
        except (ValueError, OverflowError):
            return ""
        return f"{day.year:04}{day.month:02}{day.day:02}" if day.year >= 1000 else ""

    def _code_string(self, value: str, tag: int) -> str:
        value = value.upper() if value.isascii() else ""
        if not value or not _CS.match(value):
            return ""
        if tag == 0x00180015 and value in _BODY_PARTS:
            return value
        words = [word for word in re.split(r"[ _./+\-]+", value) if word]
        if any(self.known.has(word) for word in words) and not all(fold(word) in VOCABULARY for word in words):
            return ""
        if self.known.found_in(value) and len(words) > 1:
            return ""
        return value if all(_code_word(word) for word in words) else _joined(value)

    # what has a rule of its own

    def _special(self, tag: int, vr: str, item: RawDataElement | DataElement, depth: int, encodings: list[str]) -> tuple[str, bytes] | None:
        if tag in (0x00100010, 0x00100020, 0x00120040):
            self.counts["replaced"] += 1
            return vr, self.pseudonyms.pseudonym(self.patient_key).encode()
        if tag in _DERIVED_UIDS:
            self.counts["uid"] += 1
            original = self._text(item, "UI", encodings) or ""
            return "UI", self._uid(original.strip(" \0"), tag).encode()
        if tag == 0x00080016:
            return "UI", (self._text(item, "UI", encodings) or "").strip(" \0").encode()
        if tag == 0x00101010:
            self.counts["age"] += 1
            return "AS", _capped_age(
                (self._text(item, "AS", encodings) or "").strip()
            ).encode() if self.profile.retain_patient_characteristics else b""
        if tag == 0x00100030:
            self.counts["emptied"] += 1
            return "DA", b""
        if tag == 0x00181000:
            self.counts["emptied"] += 1
            if self.profile.retain_device_identity:
                return "LO", clean_loose(self._text(item, "LO", encodings) or "", self.known).encode()
            return "LO", _DUMMY.encode() if depth or _bytes(item) else b""
        if tag == 0x00081111:  # Type 2 in reports, Type 3 elsewhere
            return ("SQ", b"") if self.identity.sop_class.startswith(_REPORTS) else None
        if tag == 0x00280301 and not self.profile.clean_pixel_data:
            text = (self._text(item, "CS", encodings) or "").strip()
            return "CS", text.encode() if text == "YES" else b""
        return None

    def _private(
        self, dataset: Dataset, tag: int, item: RawDataElement | DataElement, creators: dict[int, str], depth: int, encodings: list[str]
    ) -> tuple[str, bytes] | None:
        """Keep a private element only if its creator's documented list says what it is; creators themselves follow their block."""
        number = tag & 0xFFFF
        if number < 0x1000 or not self.profile.retain_safe_private:
            return None
        block = (tag & 0xFFFF0000) | (number >> 8)
        creator = creators.get(block, "")
        vr = safe_private().get((tag >> 16, creator.strip().lower(), number & 0xFF))
        if vr is None:
            return None
        self.counts["private_kept"] += 1
        given = getattr(item, "VR", None)
        if vr == "SQ" or given == "SQ":
            if given not in ("SQ", "UN", None):
                return None
            if isinstance(item, RawDataElement) and given != "SQ":
                dataset[tag] = item._replace(VR="SQ")
            return self._items(dataset, tag, dataset.get_item(tag), depth)
        if given not in (None, "UN", vr) and not {given, vr} <= {"DS", "IS", "SH", "LO", "CS", "ST", "LT"}:
            return None
        action = {"UI": Action.UID, "DA": Action.DATE, "DT": Action.DATE, "TM": Action.DATE, "CS": Action.CODE_STRING, "DS": Action.NUMBER_STRING,
                  "IS": Action.NUMBER_STRING}.get(vr, Action.KEEP if vr in _SIZES else Action.TEXT)  # fmt: skip
        if action is Action.KEEP:
            data = self._binary(vr, item)
            return (vr, data) if len(data) % _SIZES[vr] == 0 else None
        return self._apply(action, dataset, tag, vr, item, depth, encodings)

    def _mandatory(self, out: dict[int, tuple[str, bytes]]) -> None:
        """Add what PS3.15 E.1.1 asks for, and the identifiers an empty header left out."""
        identity = self.identity
        self.notes |= {"invented_uid"} if identity.invented else set()
        pseudonym = self.pseudonyms.pseudonym(self.patient_key).encode()
        out[0x00080005] = ("CS", b"ISO_IR 192")
        out[0x00080016] = ("UI", identity.sop_class.encode())
        out[0x00080018] = ("UI", self._uid(identity.sop_instance_uid, 0x00080018).encode())
        out[0x0020000D] = ("UI", self._uid(identity.study_instance_uid, 0x0020000D).encode())
        out[0x0020000E] = ("UI", self._uid(identity.series_instance_uid, 0x0020000E).encode())
        out[0x00100010] = ("PN", pseudonym)
        out[0x00100020] = ("LO", pseudonym)
        if self.profile.retain_patient_characteristics and identity.age and not out.get(0x00101010, ("", b""))[1].strip():
            out[0x00101010] = ("AS", _capped_age(identity.age).encode())
        out[0x00120062] = ("CS", b"YES")
        out[0x00120063] = ("LO", f"Columna {self.profile.name} {self.profile.version}".encode())
        out[0x00120064] = ("SQ", encoding.sequence([_code(code, "DCM", meaning) for code, meaning in self.profile.codes]))
        out[0x00280303] = ("CS", {"modified": b"MODIFIED", "full": b"UNMODIFIED", "removed": b"REMOVED"}[self.profile.dates])
        for tag, vr in (
            (0x00080020, "DA"),
            (0x00080030, "TM"),
            (0x00080050, "SH"),
            (0x00080090, "PN"),
            (0x00100030, "DA"),
            (0x00100040, "CS"),
            (0x00200010, "SH"),
        ):
            out.setdefault(tag, (vr, b""))
        for tag in sorted(out):
            if 0x50000000 <= tag < 0x70000000 and tag >> 24 in (0x50, 0x60):
                del out[tag]
        ordered = sorted(out.items())
        out.clear()
        out.update(ordered)

    def _refuse_residue(self, out: dict[int, tuple[str, bytes]]) -> None:
        """A last look at all that goes out: a long known word that is no clinical word must not be there in any place."""
        if self.known.residue_in_bytes is not None:
            tables = (value for vr, value in out.values() if vr in ("OB", "OW") and len(value) < _TABLE)
            for table in tables:  # their text may be of two bytes a character
                if self.known.residue_in_bytes.search(table.replace(b"\0", b"").decode("ascii", "replace").lower()):
                    raise Rejected("residual_identity")
        if self.known.residue is None:
            return
        text = b"\n".join(value for tag, (vr, value) in out.items() if vr not in ("OB", "OW", "UI") and len(value) < 1 << 20).lower()
        if self.known.residue.search(text.decode("utf-8", "ignore")):
            raise Rejected("residual_identity")


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


def _bytes(item: RawDataElement | DataElement) -> bytes:
    value = item.value
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, (int, float)):
        return str(value).encode()
    return "\\".join(str(part) for part in value).encode("utf-8")


def _number_string(value: bytes, vr: str) -> bytes:
    """Keep decimal and integer strings that are numbers; anything else was text in disguise."""
    if not _NUMBER.match(value):
        return b""
    value = value.rstrip(b"\0 ")
    return value if all(len(part.strip()) <= (16 if vr == "DS" else 12) for part in value.split(b"\\")) else b""


def _numeric_vr(planned: str, item: RawDataElement | DataElement, signed: bool) -> str:
    given = getattr(item, "VR", None)
    if planned in ("US", "SS"):
        return str(given) if given in ("US", "SS", "OW") else "SS" if signed and planned == "SS" else "US"
    return str(given) if planned in ("OW", "OB") and given in ("OW", "OB") else planned


def _capped_age(value: str) -> str:
    """Return the age string with 90 years as the highest (45 CFR 164.514(b)(2)); empty when it is not an age."""
    found = _AGE.match(value.upper().rjust(4, "0"))
    if not found:
        return ""
    count, unit = int(found[1]), found[2]
    years = count / {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}[unit]
    return "090Y" if years >= 90 else f"{count:03}{unit}"


def _code(value: str, scheme: str, meaning: str) -> bytes:
    parts = ((0x00080100, "SH", value), (0x00080102, "SH", scheme), (0x00080104, "LO", meaning))
    return b"".join(encoding.element(tag, vr, text.encode()) for tag, vr, text in parts)


def _dummy_code() -> bytes:
    return _code(_DUMMY, "99COLUMNA", "Removed")


def _creators(dataset: Dataset) -> dict[int, str]:
    """Return {group << 16 | block: creator} of the private blocks that a data set reserves."""
    found = {}
    for tag in _private_tags(dataset):
        if 0x0010 <= tag & 0xFFFF <= 0x00FF:
            value = _bytes(dataset.get_item(tag))
            found[tag] = value.rstrip(b"\0 ").decode("ascii", "replace").strip()
    return found


def _private_tags(dataset: Dataset) -> Iterator[int]:
    return (int(tag) for tag in dataset.keys() if (int(tag) >> 16) & 1)  # noqa: SIM118


def _first_int(dataset: Dataset, tag: int) -> int:
    """Return a US value without converting the element in place."""
    value = dataset.get_item(tag).value if tag in dataset else None
    if isinstance(value, bytes):
        return 1 if value[:2] in (b"\1\0", b"\0\1") else 0
    return int(value) if isinstance(value, int) else 0
