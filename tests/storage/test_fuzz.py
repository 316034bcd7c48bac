"""Whatever the bytes: a named reason or a clean object, never another error and never the patient's name."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from storage.dicom.door import pass_door
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import Pseudonyms
from storage.dicom.reasons import Rejected
from tests.storage.dicoms import slice_of, to_bytes

KEYS = Pseudonyms(b"p" * 32, b"s" * 32)
CANARIES = (b"Kesselring", b"MRN-4711", b"ACC7788123", b"Obermoser")


def _seed() -> bytes:
    item = Dataset()
    item.CodeValue, item.CodeMeaning, item.PersonName = "T-1", "Kesselring", "Kesselring^A"
    dataset = slice_of(
        study="1.2.3",
        series="1.2.4",
        pixels=np.zeros((4, 4), np.int16),
        ProcedureCodeSequence=Sequence([item]),
        ImageComments="Kesselring spine",
    )
    dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "1000")
    return to_bytes(dataset)


SEED = _seed()


def check(data: bytes) -> None:
    """Any error but a named one fails the test by itself; the table of reasons makes the names."""
    try:
        passed = pass_door(data, profile=Profile(), pseudonyms=KEYS)
    except Rejected:
        return
    for canary in CANARIES:
        assert canary not in passed.data or _in_pixels(canary, passed.data)


def _in_pixels(canary: bytes, data: bytes) -> bool:
    import pydicom

    found = pydicom.dcmread(BytesIO(data))
    return canary in found.get("PixelData", b"")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SEED) - 1), st.integers(0, 255)), min_size=1, max_size=12))
def test_flipped_bytes_never_break_the_door(changes):
    data = bytearray(SEED)
    for place, value in changes:
        data[place] = value
    check(bytes(data))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SEED)), st.integers(0, 400), st.binary(max_size=64))
def test_cut_and_spliced_bytes_never_break_the_door(place, length, middle):
    check(SEED[:place] + middle + SEED[place + length :])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_data_set_never_breaks_the_door(body):
    check(SEED[:132] + SEED[132 : SEED.index(b"\x08\x00\x05\x00") if b"\x08\x00\x05\x00" in SEED else 400] + body)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_native_syntaxes_give_the_same_clean_object(syntax):
    import pydicom

    pixels = np.arange(192, dtype=np.int16).reshape(16, 12)
    dataset = slice_of(study="1.2.3", series="1.2.4", pixels=pixels, SOPInstanceUID="1.2.3.4")
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = pixels.astype(">i2").tobytes()
    out = BytesIO()
    dataset.save_as(
        out, enforce_file_format=True, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=syntax != ExplicitVRBigEndian
    )
    passed = pass_door(out.getvalue(), profile=Profile(), pseudonyms=KEYS)
    plain = pass_door(
        to_bytes(slice_of(study="1.2.3", series="1.2.4", pixels=pixels, SOPInstanceUID="1.2.3.4")), profile=Profile(), pseudonyms=KEYS
    )
    assert (pydicom.dcmread(BytesIO(passed.data)).pixel_array == pixels).all()
    assert passed.data == plain.data
