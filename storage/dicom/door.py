"""The whole way of one object through the door, in memory: parse, clean the header, clean the pixels, write it anew.

The listener, uploads, folders, STOW and the command ``deidentify`` all call :func:`pass_door`, so they all give the same result.
"""

from __future__ import annotations

import hashlib
import struct
import warnings
from dataclasses import dataclass, fields
from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.uid import ExplicitVRLittleEndian

from storage.dicom import encoding, pixel_bytes, sop_classes
from storage.dicom.deidentification import Cleaned, deidentify_header
from storage.dicom.faces import may_show_a_face
from storage.dicom.identity import Identity
from storage.dicom.layout import layout_of
from storage.dicom.parse import BROKEN, ENCAPSULATED, NATIVE, Parsed, parse
from storage.dicom.pixel_bytes import PixelShape
from storage.dicom.profile import ENGINE_VERSION, Profile, Waiver
from storage.dicom.pseudonym import Pseudonyms
from storage.dicom.reasons import Rejected
from storage.dicom.scan import PIXEL_TAGS
from storage.dicom.values import value_of

Piece = bytes | memoryview
"""A part of a file, copied only when the file is put together."""
PixelElement = tuple[list[Piece], str, int, tuple[Piece, ...] | None]
"""The pieces of a pixel element, the file's transfer syntax, the number of frames, and the pixels alone (None: as they were received)."""
_PALETTE = frozenset({0x00281101, 0x00281102, 0x00281103, 0x00281201, 0x00281202, 0x00281203, 0x00281221, 0x00281222, 0x00281223})


@dataclass(frozen=True, kw_only=True)
class Through:
    """What is known of an object that came through; ``identity`` and ``uids`` (original → new) are only for the vault, the fold and the batch command."""

    identity: Identity
    patient_key: str
    pseudonym: str
    fold: str
    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax: str
    summary: dict[str, str]
    layout: dict[str, Any]
    number_of_frames: int
    report: dict[str, Any]
    notes: frozenset[str]
    uids: dict[str, str]
    actions: list[list[str]]


@dataclass(frozen=True, kw_only=True)
class Passed(Through):
    """An object for the store: ``data`` is a whole DICOM file, ``pixel_digest`` the SHA-256 of its pixels, ``source_key`` what the received
    bytes are recognised by.
    """

    data: bytes
    pixel_digest: str
    source_key: str


@dataclass(frozen=True, kw_only=True)
class Written(Through):
    """An object as it is written, nothing copied or hashed yet: ``pieces`` make a whole DICOM file. ``pixels`` are those of it that are pixels,
    None when they are as they were received.
    """

    pieces: tuple[Piece, ...]
    pixels: tuple[Piece, ...] | None


_THROUGH = tuple(part.name for part in fields(Through))


def pass_door(data: bytes, *, profile: Profile, pseudonyms: Pseudonyms, group: str = "") -> Passed:
    """Return the object with nothing of the patient left. Raises :class:`Rejected` with a named reason, never anything else."""
    return pass_parsed(parse(data), profile=profile, pseudonyms=pseudonyms, group=group)


def pass_parsed(parsed: Parsed, *, profile: Profile, pseudonyms: Pseudonyms, group: str = "", waiver: Waiver | None = None) -> Passed:
    """As :func:`pass_door`, for an object that was parsed already; ``waiver`` is what a person decided about it."""
    written = write_parsed(parsed, profile=profile, pseudonyms=pseudonyms, group=group, waiver=waiver)
    return Passed(
        **{name: getattr(written, name) for name in _THROUGH},
        data=b"".join(written.pieces),
        pixel_digest=parsed.pixel_digest if written.pixels is None else _digest(written.pixels) if written.pixels else "",
        source_key=pseudonyms.source_key(parsed.digest),
    )


def write_parsed(parsed: Parsed, *, profile: Profile, pseudonyms: Pseudonyms, group: str = "", waiver: Waiver | None = None) -> Written:
    """As :func:`pass_parsed`, for who writes the pieces himself and asks for no digests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _write(parsed, profile, pseudonyms, group, waiver or Waiver())
        except BROKEN:
            raise Rejected("malformed") from None


def _write(parsed: Parsed, profile: Profile, pseudonyms: Pseudonyms, group: str, waiver: Waiver) -> Written:
    _check_kind(parsed)
    cleaned = deidentify_header(
        parsed, profile=profile, pseudonyms=pseudonyms, group=group, residue="residual_identity" not in waiver.codes
    )
    identity = cleaned.identity
    _check_class(identity.sop_class)
    chunks, syntax, frames, pixels = _pixels(parsed, cleaned, profile, waiver)
    layout = layout_of(parsed, frames=frames)
    out = [encoding.file_meta(sop_class=identity.sop_class, sop_instance=cleaned.text(0x00080018), transfer_syntax=syntax)]
    out += [encoding.element(tag, vr, value) for tag, (vr, value) in sorted(cleaned.elements.items())]
    patient_key = pseudonyms.patient_key(identity.issuer, identity.patient_key_id)
    return Written(
        pieces=(b"".join(out), *chunks),
        pixels=pixels,
        identity=identity,
        patient_key=patient_key,
        pseudonym=pseudonyms.pseudonym(patient_key),
        fold=pseudonyms.fold(identity.issuer, identity.patient_key_id),
        sop_class_uid=identity.sop_class,
        sop_instance_uid=cleaned.text(0x00080018),
        study_instance_uid=cleaned.text(0x0020000D),
        series_instance_uid=cleaned.text(0x0020000E),
        transfer_syntax=syntax,
        summary=_summary(cleaned),
        layout=layout,
        number_of_frames=frames,
        report={
            "profile": profile.name,
            "version": profile.version,
            "engine": ENGINE_VERSION,
            "actions": dict(sorted(cleaned.counts.items())),
        },
        notes=frozenset(cleaned.notes),
        uids=cleaned.uids,
        actions=cleaned.actions,
    )


def _check_kind(parsed: Parsed) -> None:
    """Refuse by what is known before anything is cleaned."""
    if sop_classes.is_directory(parsed.media_sop_class):
        raise Rejected("dicomdir")
    if parsed.transfer_syntax not in NATIVE and parsed.transfer_syntax not in ENCAPSULATED:
        raise Rejected("unsupported_transfer_syntax")


def _check_class(sop_class: str) -> None:
    if sop_classes.is_document(sop_class):
        raise Rejected("encapsulated_document")
    if not sop_classes.is_known(sop_class):
        raise Rejected("unknown_sop_class")


def _summary(cleaned: Cleaned) -> dict[str, str]:
    """What the study and series rows show: cleaned values only."""
    return {
        "modality": cleaned.text(0x00080060)[:16],
        "study_date": cleaned.text(0x00080020),
        "study_description": cleaned.text(0x00081030)[:200],
        "series_description": cleaned.text(0x0008103E)[:200],
        "body_part": cleaned.text(0x00180015)[:32],
        "frame_of_reference_uid": cleaned.text(0x00200052)[:64],
        "series_number": cleaned.text(0x00200011)[:12],
        "sex": cleaned.text(0x00100040)[:1],
        "age": cleaned.text(0x00101010)[:4],
        "scanner": f"{cleaned.text(0x00080070)} {cleaned.text(0x00081090)}".strip()[:80],
    }


def _pixels(parsed: Parsed, cleaned: Cleaned, profile: Profile, waiver: Waiver) -> PixelElement:
    """Return the pixel element as it goes out."""
    present = [tag for tag in PIXEL_TAGS if tag in parsed.elements]
    if not present:
        if sop_classes.needs_pixels(cleaned.identity.sop_class):
            raise Rejected("no_pixel_data")
        return [], str(ExplicitVRLittleEndian), 1, ()
    tag = present[0]
    item = parsed.elements[tag]
    value = item.value
    if not value:
        raise Rejected("no_pixel_data")
    shape = shape_of(parsed, tag)
    _faces(parsed, cleaned, profile, waiver)
    if tag == 0x7FE00010 and parsed.transfer_syntax in ENCAPSULATED:
        frames = [pixel_bytes.stripped(frame, parsed.transfer_syntax) for frame in pixel_bytes.frames_of(value, shape.frames)]
        blanked = _without_text(parsed, cleaned, profile, waiver, shape, None)
        if blanked is not None:
            return blanked
        chunks = encoding.encapsulated(tag, frames)
        return chunks, parsed.transfer_syntax, shape.frames, tuple(fragment for frame in frames for fragment in frame)
    if isinstance(item, RawDataElement) and item.length == 0xFFFFFFFF:
        raise Rejected("malformed")
    body, masked = pixel_bytes.native(value, shape, little_endian=parsed.little_endian)
    if masked:
        cleaned.counts["high_bits_cleared"] += 1
    blanked = _without_text(parsed, cleaned, profile, waiver, shape, body) if tag == 0x7FE00010 else None
    if blanked is not None:
        return blanked
    vr = "OW" if tag == 0x7FE00010 else "OF" if tag == 0x7FE00008 else "OD"
    return encoding.bulk(tag, vr, body), str(ExplicitVRLittleEndian), shape.frames, None if body is value else (body,)


def _without_text(
    parsed: Parsed, cleaned: Cleaned, profile: Profile, waiver: Waiver, shape: PixelShape, native: bytes | memoryview | None
) -> PixelElement | None:
    """Return the pixel element with its text blanked, or None when the pixels can stay as they are."""
    if not profile.clean_pixel_data and not waiver.boxes:
        return None
    from storage.dicom.pixel_cleaning import clean_pixels

    found = clean_pixels(
        parsed,
        shape,
        sop_class=cleaned.identity.sop_class,
        modality=cleaned.identity.modality,
        native=native,
        profile=profile,
        waiver=waiver,
    )
    for rule in found.rules:
        cleaned.counts[f"device_rule: {rule}"] += 1
    if profile.clean_pixel_data:
        cleaned.elements[0x00280301] = ("CS", b"NO")
    if found.frames is None:
        return None
    cleaned.counts["boxes_blanked"] += found.boxes
    cleaned.notes.add("text_blanked")
    frames = found.frames
    body = frames.astype(frames.dtype.newbyteorder("<")).tobytes()
    cleaned.elements[0x00280100] = ("US", struct.pack("<H", frames.dtype.itemsize * 8))
    if frames.ndim == 4:
        cleaned.elements[0x00280002] = ("US", struct.pack("<H", frames.shape[3]))
        cleaned.elements[0x00280006] = ("US", struct.pack("<H", 0))
        if found.decoded:
            cleaned.elements[0x00280004] = ("CS", b"RGB")
            for tag in _PALETTE & cleaned.elements.keys():
                del cleaned.elements[tag]
            for tag, number in ((0x00280101, 8), (0x00280102, 7), (0x00280103, 0)):
                cleaned.elements[tag] = ("US", struct.pack("<H", number))
    return encoding.bulk(0x7FE00010, "OW", body), str(ExplicitVRLittleEndian), shape.frames, (body,)


def _faces(parsed: Parsed, cleaned: Cleaned, profile: Profile, waiver: Waiver) -> None:
    """Flag, or hold, slices from which a face could be reconstructed (PS3.15 E.3.2)."""
    if may_show_a_face(parsed, cleaned.identity.modality):
        if profile.visual_features == "hold" and "visible_face" not in waiver.codes:
            raise Rejected("visible_face")
        cleaned.notes.add("head_coverage")


def _digest(parts: Any) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def shape_of(parsed: Parsed, tag: int = 0x7FE00010) -> PixelShape:
    """Return the Image Pixel module. Raises :class:`Rejected` (``malformed``) when a side is missing or absurd."""

    def number(key: int, default: int | None = None) -> int:
        value = value_of(parsed, key)
        if value is None or value == "":
            if default is None:
                raise Rejected("malformed")
            return default
        return int(value)

    bits = {0x7FE00008: 32, 0x7FE00009: 64}.get(tag) or number(0x00280100)
    shape = PixelShape(
        rows=number(0x00280010),
        columns=number(0x00280011),
        samples=number(0x00280002, 1),
        bits_allocated=bits,
        bits_stored=number(0x00280101, bits),
        high_bit=number(0x00280102, number(0x00280101, bits) - 1),
        signed=bool(number(0x00280103, 0)),
        frames=number(0x00280008, 1),
        photometric=str(value_of(parsed, 0x00280004)).strip() if 0x00280004 in parsed.elements else "",
        planar=number(0x00280006, 0),
    )
    if not (0 < shape.rows <= 65535 and 0 < shape.columns <= 65535 and shape.samples in (1, 3, 4) and 0 < shape.frames <= 100_000):
        raise Rejected("malformed")
    if shape.bits_allocated not in (1, 8, 16, 32, 64) or not 0 < shape.bits_stored <= shape.bits_allocated:
        raise Rejected("malformed")
    return shape
