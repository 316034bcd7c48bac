"""The engine: one received object in, the same object with nothing of the patient left out. It touches no disk and no database.

PS3.15 Annex E; ``profile`` says which options are on, :mod:`storage.dicom.actions` what that means for each attribute.
Output is explicit VR little endian (or the encapsulated syntax it came in), UTF-8, and depends on nothing but the input, the
profile and the keys: the same object gives the same bytes on every day and node.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from storage.dicom import encoding
from storage.dicom.cleaning import Cleaning, Result, code_item
from storage.dicom.identity import Identity, identity_of
from storage.dicom.known_identity import KnownIdentity
from storage.dicom.parse import BROKEN, Parsed
from storage.dicom.plain_values import capped_age
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import Pseudonyms
from storage.dicom.reasons import Rejected

_TABLE, _TEXT = 1 << 24, 1 << 20
_SMALL = 1024


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
    try:
        identity = identity_of(parsed, group=group, kept=profile.options)
        return _cleaned(Cleaning(parsed, profile, pseudonyms, identity), residue=residue)
    except BROKEN:
        raise Rejected("malformed") from None


def _cleaned(cleaning: Cleaning, *, residue: bool) -> Cleaned:
    elements = cleaning.main()
    _mandatory(cleaning, elements)
    if residue:
        _refuse_residue(cleaning, elements)
    notes = {"invented_uid"} if cleaning.identity.invented else set()
    return Cleaned(elements, cleaning.identity, cleaning.known, cleaning.counts, notes, cleaning.uids, cleaning.actions)


def _mandatory(cleaning: Cleaning, out: dict[int, Result]) -> None:
    """Add what PS3.15 E.1.1 asks for, and the identifiers an empty header left out."""
    identity, profile, pseudonym = cleaning.identity, cleaning.profile, cleaning.pseudonym
    out[0x00080005] = ("CS", b"ISO_IR 192")
    out[0x00080016] = ("UI", identity.sop_class.encode())
    out[0x00080018] = ("UI", cleaning.new_uid(identity.sop_instance_uid, 0x00080018).encode())
    out[0x0020000D] = ("UI", cleaning.new_uid(identity.study_instance_uid, 0x0020000D).encode())
    out[0x0020000E] = ("UI", cleaning.new_uid(identity.series_instance_uid, 0x0020000E).encode())
    out[0x00100010] = ("PN", pseudonym)
    out[0x00100020] = ("LO", pseudonym)
    if profile.retain_patient_characteristics and identity.age and not out.get(0x00101010, ("", b""))[1].strip():
        out[0x00101010] = ("AS", capped_age(identity.age).encode())
    out[0x00120062] = ("CS", b"YES")
    out[0x00120063] = ("LO", f"Columna {profile.name} {profile.version}".encode())
    out[0x00120064] = ("SQ", _method(profile))
    out[0x00280303] = ("CS", {"modified": b"MODIFIED", "full": b"UNMODIFIED", "removed": b"REMOVED"}[profile.dates])
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


@lru_cache(maxsize=32)
def _method(profile: Profile) -> bytes:
    return encoding.sequence([code_item(code, "DCM", meaning) for code, meaning in profile.codes])


def _refuse_residue(cleaning: Cleaning, out: dict[int, Result]) -> None:
    """A last look at all that goes out: a long known word that is no clinical word must not be there in any place."""
    known, memory = cleaning.known, cleaning.memory
    unseen = [result for result in out.values() if not memory.is_harmless(result)]
    if known.residue_in_bytes is not None:
        for vr, table in unseen:  # their text may be of two bytes a character
            is_table = vr in ("OB", "OW") and len(table) < _TABLE
            if is_table and known.residue_in_bytes.search(table.replace(b"\0", b"").decode("ascii", "replace").lower()):
                raise Rejected("residual_identity")
    if known.residue is not None:
        text = b"\n".join(value for vr, value in unseen if vr not in ("OB", "OW", "UI") and len(value) < _TEXT).lower()
        if known.residue.search(text.decode("utf-8", "ignore")):
            raise Rejected("residual_identity")
    memory.add_harmless([result for result in unseen if len(result[1]) <= _SMALL])
