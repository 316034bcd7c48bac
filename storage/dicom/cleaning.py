"""What is done to each element of an object, by the plan of the profile: the walk over a data set and the sequences in it.

Slices of a series repeat most of their elements, byte for byte. What was done to one is remembered with all that it depended on
(:class:`storage.dicom.memory.Memory`), and only what is new is cleaned: the same code either way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID_dictionary

from storage.dicom import encoding
from storage.dicom.actions import Action, Plan, plan_of
from storage.dicom.code_strings import code_string
from storage.dicom.descriptor import UID_IN_TEXT, clean, clean_loose
from storage.dicom.identity import DEFAULT_ENCODINGS, Identity, encodings_of
from storage.dicom.memory import Done, Memory
from storage.dicom.parse import Parsed
from storage.dicom.plain_values import SIZES, Item, binary, bytes_of, capped_age, moved_date, number_string, numeric_vr, text_of
from storage.dicom.private import safe_private
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import Pseudonyms
from storage.dicom.reasons import Rejected
from storage.dicom.scan import UNDEFINED
from storage.dicom.structured_content import CONTENT_SEQUENCE, TEXT_VALUE, concept_of, content_rules

Result = tuple[str, bytes]
"""VR and value bytes."""
DUMMY = "REMOVED"
_DEPTH = 24
_MULTI = frozenset({"SH", "LO", "CS", "DA", "TM", "DT", "DS", "IS", "AS", "UI", "AE", "PN", "UC"})
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
_REPORTS = "1.2.840.10008.5.1.4.1.1.88."
_NEVER_EMPTY = frozenset({0x00080100, 0x00080102, 0x00080104, 0x0040A160, 0x00700006, 0x00620005, 0x00700080})
"""Text of Type 1: codes and their meanings, report text, annotations, labels. What cleaning leaves empty becomes a dummy."""
_REMEMBERED, _REMEMBERED_LENGTH = 2000, 200
_MEMORABLE = 1024
"""Longer values are cleaned anew."""
_DERIVED_UIDS = {0x00080018, 0x0020000D, 0x0020000E}


class Cleaning:
    """One object on its way. ``counts`` says how often what was done, ``uids`` which UID became which, ``actions`` what became of each
    top-level element: [tag, VR, what was done].
    """

    def __init__(self, parsed: Parsed, profile: Profile, pseudonyms: Pseudonyms, identity: Identity) -> None:
        self.parsed, self.profile, self.pseudonyms, self.identity = parsed, profile, pseudonyms, identity
        self.plan: Plan = plan_of(profile)
        self.known = identity.known
        self.patient_key = pseudonyms.patient_key(identity.issuer, identity.patient_key_id)
        self.pseudonym = pseudonyms.pseudonym(self.patient_key).encode()
        self.shift = timedelta(days=0 if profile.dates == "full" else pseudonyms.days(self.patient_key))
        self.counts: Counter[str] = Counter()
        self.uids: dict[str, str] = {}
        self.actions: list[list[str]] = []
        self.signed = _is_set(parsed.elements.get(0x00280103))
        self.is_report = identity.sop_class.startswith(_REPORTS)
        self.encodings = encodings_of(parsed.elements, DEFAULT_ENCODINGS)
        context = (
            profile,
            pseudonyms,
            self.patient_key,
            self.encodings,
            self.signed,
            self.is_report,
            parsed.implicit,
            parsed.little_endian,
        )
        self.memory: Memory = self.known.memory_of(context)

    def main(self) -> dict[int, Result]:
        """Return the cleaned main data set by tag, in order. Raises :class:`Rejected` (``truncated``, ``malformed``)."""
        elements = self.parsed.elements
        creators = _creators(elements)
        out: dict[int, Result] = {}
        kept_blocks: set[int] = set()
        for tag, item in elements.items():
            value = item.value
            if len(value) <= _MEMORABLE if type(value) is bytes else value is None:
                block = _block(tag)
                key = (tag, item.VR, value, creators.get(block) if block else None)
                done = self.memory.get(key)
                if done is None:
                    done = self._done(tag, item, creators)
                    self.memory.put(key, done)
            else:
                done = self._done(tag, item, creators)
            for name, count in done.counts:
                self.counts[name] += count
            if done.uids:
                self.uids.update(done.uids)
            self.actions.append(done.row)
            if done.result is not None:
                out[tag] = done.result
                if (block := _block(tag)) is not None:
                    kept_blocks.add(block)
        for block in kept_blocks:
            out[block] = ("LO", creators[block].encode())
        return out

    def _done(self, tag: int, item: Item, creators: dict[int, str]) -> Done:
        """Clean one element of the main data set and return all that came of it."""
        counts, uids = self.counts, self.uids
        self.counts, self.uids = Counter(), {}
        try:
            result = self._element(tag, item, self.parsed.elements, lambda: self.parsed.dataset, creators, 0, self.encodings)
            return Done(
                result, tuple(self.counts.items()), self.uids, [f"{tag:08X}", result[0] if result else "", self._done_to(tag, result)]
            )
        finally:
            self.counts, self.uids = counts, uids

    def _item(self, dataset: Dataset, depth: int, outer: tuple[str, ...]) -> dict[int, Result]:
        """Return a cleaned sequence item by tag, in order."""
        if depth > _DEPTH:
            raise Rejected("malformed")
        elements = {int(tag): item for tag, item in dataset.items()}  # iterating the data set itself converts every element
        encodings = encodings_of(elements, outer)
        out: dict[int, Result] = {}
        creators = _creators(elements)
        kept_blocks: set[int] = set()
        for tag in sorted(elements):
            result = self._element(tag, elements[tag], elements, lambda: dataset, creators, depth, encodings)
            if result is not None:
                out[tag] = result
                if (block := _block(tag)) is not None:
                    kept_blocks.add(block)
        for block in kept_blocks:
            out[block] = ("LO", creators[block].encode())
        return dict(sorted(out.items()))

    def _element(
        self,
        tag: int,
        item: Item,
        elements: Mapping[int, Item],
        read: Callable[[], Dataset],
        creators: dict[int, str],
        depth: int,
        encodings: tuple[str, ...],
    ) -> Result | None:
        """Return the cleaned element, or None when it goes. ``read`` gives the data set around it with its sequences."""
        if isinstance(item, RawDataElement) and item.value is not None and item.length != UNDEFINED and len(item.value) < item.length:
            raise Rejected("truncated")
        if (tag >> 16) & 1:
            result = self._private(read, tag, item, creators, depth, encodings)
        else:
            result = self._standard(read, tag, item, depth, encodings)
        if result is None:
            self.counts[Action.REMOVE.value] += 1
        return result

    def _done_to(self, tag: int, result: tuple[str, bytes] | None) -> str:
        if result is None:
            return Action.REMOVE.value
        planned = self.plan.actions.get(tag)
        return planned[0].value if planned else "private_kept"

    def _standard(
        self, read: Callable[[], Dataset], tag: int, item: Item, depth: int, encodings: tuple[str, ...]
    ) -> tuple[str, bytes] | None:
        planned = self.plan.actions.get(tag)
        if planned is None:
            return None
        action, vr = planned
        if action is Action.SPECIAL:
            return self._special(tag, vr, item, depth, encodings)
        result = self._apply(action, read, tag, vr, item, depth, encodings)
        if result is not None and action is not Action.KEEP:
            self.counts[action.value] += 1
        return result

    def _apply(
        self, action: Action, read: Callable[[], Dataset], tag: int, vr: str, item: Item, depth: int, encodings: tuple[str, ...]
    ) -> tuple[str, bytes] | None:
        if action is Action.ITEMS:
            return self._items(read, tag, item, depth, encodings)
        if action is Action.KEEP:
            vr = numeric_vr(vr, item, self.signed)
            self.counts["kept"] += 1
            return vr, binary(vr, item, little_endian=self.parsed.little_endian)
        if action is Action.EMPTY:
            return vr, b""
        if action is Action.DUMMY:
            return vr, DUMMY.encode()
        if action is Action.CODE_ITEM:
            return "SQ", encoding.sequence([dummy_code()])
        if action is Action.NUMBER_STRING:
            return vr, number_string(bytes_of(item), vr)
        text = text_of(item, vr, encodings)
        if text is None:
            return vr, b""
        cleaned = self._clean_text(action, tag, vr, text).encode()
        return vr, cleaned or (DUMMY.encode() if tag in _NEVER_EMPTY and text.strip() else b"")

    def _clean_text(self, action: Action, tag: int, vr: str, text: str) -> str:
        parts = text.split("\\") if vr in _MULTI else [text]
        match action:
            case Action.UID:
                cleaned = [self.new_uid(part.strip(" \0"), tag) for part in parts]
            case Action.DATE:
                cleaned = [moved_date(part.strip(), vr, self.shift) for part in parts]
                if self.profile.dates == "removed":
                    cleaned = [""]
            case Action.AGE:
                cleaned = [capped_age(part.strip()) for part in parts]
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

    def _code_string(self, text: str, tag: int) -> str:
        return code_string(text, tag, self.known)

    def _loose(self, text: str, tag: int) -> str:
        return clean_loose(text, self.known)

    def _words(self, text: str, tag: int) -> str:
        return clean(text, self.known, self._uid_in_text)

    def _items(self, read: Callable[[], Dataset], tag: int, item: Item, depth: int, encodings: tuple[str, ...]) -> tuple[str, bytes] | None:
        if item.value is None or (isinstance(item.value, (bytes, memoryview)) and not item.value):
            return "SQ", b""
        element = read()[tag]
        if element.VR != "SQ":
            return None
        cleaned = []
        rules = content_rules(self.profile) if tag == CONTENT_SEQUENCE else {}
        for child in element.value:
            rule = rules.get(concept_of(child) or ("", ""), "clean") if rules else "clean"
            if rule == "remove":
                self.counts["content_removed"] += 1
                continue
            parts = self._item(child, depth + 1, encodings)
            if rule == "dummy" and TEXT_VALUE in parts:
                parts[TEXT_VALUE] = ("UT", DUMMY.encode())
            if parts:
                cleaned.append(b"".join(encoding.element(number, vr, value) for number, (vr, value) in parts.items()))
        return "SQ", encoding.sequence(cleaned)

    def new_uid(self, value: str, tag: int) -> str:
        if not value or value in UID_dictionary or self.profile.retain_uids:
            return value
        if (tag in _CLASS_UIDS or keyword_for_tag(tag).endswith("ClassUID")) and (value in _CODING_SCHEMES or _SAFE_CLASS.match(value)):
            return value
        return self._keyed(value)

    def _keyed(self, value: str) -> str:
        found = self.uids.get(value)
        if found is None:
            found = self.uids[value] = self.pseudonyms.uid(value)
        return found

    def _uid_in_text(self, value: str) -> str:
        return value if value in UID_dictionary or self.profile.retain_uids else self._keyed(value)

    # what has a rule of its own

    def _special(self, tag: int, vr: str, item: Item, depth: int, encodings: tuple[str, ...]) -> tuple[str, bytes] | None:
        if tag in (0x00100010, 0x00100020, 0x00120040):
            self.counts["replaced"] += 1
            return vr, self.pseudonym
        if tag in _DERIVED_UIDS:
            self.counts["uid"] += 1
            original = text_of(item, "UI", encodings) or ""
            return "UI", self.new_uid(original.strip(" \0"), tag).encode()
        if tag == 0x00080016:
            return "UI", (text_of(item, "UI", encodings) or "").strip(" \0").encode()
        if tag == 0x00101010:
            self.counts["age"] += 1
            return "AS", capped_age(
                (text_of(item, "AS", encodings) or "").strip()
            ).encode() if self.profile.retain_patient_characteristics else b""
        if tag == 0x00100030:
            self.counts["emptied"] += 1
            return "DA", b""
        if tag == 0x00181000:
            self.counts["emptied"] += 1
            if self.profile.retain_device_identity:
                return "LO", clean_loose(text_of(item, "LO", encodings) or "", self.known).encode()
            return "LO", DUMMY.encode() if depth or bytes_of(item) else b""
        if tag == 0x00081111:  # Type 2 in reports, Type 3 elsewhere
            return ("SQ", b"") if self.is_report else None
        if tag == 0x00280301 and not self.profile.clean_pixel_data:
            text = (text_of(item, "CS", encodings) or "").strip()
            return "CS", text.encode() if text == "YES" else b""
        return None

    def _private(
        self, read: Callable[[], Dataset], tag: int, item: Item, creators: dict[int, str], depth: int, encodings: tuple[str, ...]
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
                dataset = read()
                dataset[tag] = item._replace(VR="SQ", tag=BaseTag(tag), value=bytes(item.value or b""))
            return self._items(read, tag, item, depth, encodings)
        if given not in (None, "UN", vr) and not {given, vr} <= {"DS", "IS", "SH", "LO", "CS", "ST", "LT"}:
            return None
        action = {"UI": Action.UID, "DA": Action.DATE, "DT": Action.DATE, "TM": Action.DATE, "CS": Action.CODE_STRING, "DS": Action.NUMBER_STRING,
                  "IS": Action.NUMBER_STRING}.get(vr, Action.KEEP if vr in SIZES else Action.TEXT)  # fmt: skip
        if action is Action.KEEP:
            data = binary(vr, item, little_endian=self.parsed.little_endian)
            return (vr, data) if len(data) % SIZES[vr] == 0 else None
        return self._apply(action, read, tag, vr, item, depth, encodings)


def _block(tag: int) -> int | None:
    """Return group << 16 | block of a private element, None for any other."""
    return (tag & 0xFFFF0000) | ((tag >> 8) & 0xFF) if (tag >> 16) & 1 else None


def _creators(elements: Mapping[int, Item]) -> dict[int, str]:
    """Return {group << 16 | block: creator} of the private blocks that a data set reserves."""
    return {
        tag: bytes_of(item).rstrip(b"\0 ").decode("ascii", "replace").strip()
        for tag, item in elements.items()
        if (tag >> 16) & 1 and 0x0010 <= tag & 0xFFFF <= 0x00FF
    }


def _is_set(item: Item | None) -> bool:
    """Whether a US value is one, in either byte order."""
    value = item.value if item is not None else None
    if isinstance(value, bytes):
        return value[:2] in (b"\1\0", b"\0\1")
    return bool(value) if isinstance(value, int) else False


def code_item(value: str, scheme: str, meaning: str) -> bytes:
    parts = ((0x00080100, "SH", value), (0x00080102, "SH", scheme), (0x00080104, "LO", meaning))
    return b"".join(encoding.element(tag, vr, text.encode()) for tag, vr, text in parts)


def dummy_code() -> bytes:
    return code_item(DUMMY, "99COLUMNA", "Removed")
