"""What devices write into their pixels is known by kind: reports are held, banners blanked, captures shown to a person where asked."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pydicom
import pytest

from storage.dicom.devices import device_rules
from storage.dicom.door import pass_parsed
from storage.dicom.parse import parse
from storage.dicom.profile import Profile, Waiver
from storage.dicom.pseudonym import Pseudonyms
from storage.dicom.reasons import Rejected
from tests.storage.dicoms import slice_of, to_bytes
from tests.storage.test_pixel_text import NAME, anatomy, written

KEYS = Pseudonyms(b"p" * 32, b"s" * 32)
SC, US = "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.6.1"


def door(pixels, *, profile=None, waiver=None, **fields):
    data = to_bytes(slice_of(study="1.2.3", series="1.2.4", pixels=pixels, position=None, **fields))
    return pass_parsed(parse(data), profile=profile or Profile(), pseudonyms=KEYS, waiver=waiver)


REPORTS = {
    "a dose report": {"sop_class": SC, "ImageType": ["DERIVED", "SECONDARY", "DOSE_INFO"]},
    "a patient protocol": {"sop_class": SC, "SeriesDescription": "Patient Protocol"},
    "a bone density report": {"sop_class": SC, "Modality": "OT", "Manufacturer": "HOLOGIC", "SeriesDescription": "DXA Results"},
    "a scanned paper": {"sop_class": SC, "Modality": "OT", "ConversionType": "SD"},
}


@pytest.mark.parametrize("kind", REPORTS)
def test_a_page_of_text_is_held_until_a_person_lets_it_in(kind):
    pixels = np.full((64, 64), 9, np.uint8)
    with pytest.raises(Rejected) as held:
        door(pixels, **REPORTS[kind])
    assert held.value.code == "report_screen"
    assert door(pixels, waiver=Waiver(frozenset({"report_screen"})), **REPORTS[kind]).data
    assert door(pixels, profile=replace(Profile(), device_rules=False), **REPORTS[kind]).data


def test_the_banner_of_an_ultrasound_without_regions_is_blanked():
    pixels = np.random.default_rng(2).integers(40, 200, (200, 160)).astype(np.uint8)
    passed = door(pixels, sop_class=US, Modality="US", Manufacturer="GE Healthcare")
    stored = pydicom.dcmread(BytesIO(passed.data)).pixel_array
    assert len(np.unique(stored[:25])) == 1
    assert (stored[25:] == pixels[25:]).all()
    assert passed.report["actions"]["device_rule: ultrasound banner"] == 1


def test_every_height_says_what_it_rests_on():
    assert all("unverified" in rule.evidence for rule in device_rules() if rule.boxes)


def test_a_makers_name_inside_another_word_is_no_maker():
    pixels = np.random.default_rng(2).integers(40, 200, (200, 160)).astype(np.uint8)
    passed = door(pixels, sop_class=US, Modality="US", Manufacturer="Imagelab")
    assert "device_rule: ultrasound banner" not in passed.report["actions"]


def test_a_capture_with_text_waits_for_a_person_where_the_project_says_so():
    pixels = written(anatomy(top=120).clip(0, 255), NAME, (8, 10), value=255).astype(np.uint8)
    watchful = replace(Profile(), captures="hold")
    with pytest.raises(Rejected) as held:
        door(pixels, profile=watchful, sop_class=SC, Modality="OT")
    assert (held.value.code, held.value.elements[0]["tag"]) == ("text_in_pixels", "(7FE0,0010)")
    passed = door(pixels, profile=watchful, sop_class=SC, Modality="OT", waiver=Waiver(frozenset({"text_in_pixels"})))
    assert "text_blanked" in passed.notes
    assert door(anatomy(top=120).clip(0, 255).astype(np.uint8), profile=watchful, sop_class=SC, Modality="OT").data


def test_pixels_of_one_bit_that_are_no_mask_are_held():
    data = slice_of(
        study="1.2.3", series="1.2.4", pixels=np.zeros((64, 8), np.uint8), sop_class="1.2.840.10008.5.1.4.1.1.7.1", position=None
    )
    data.Columns, data.BitsAllocated, data.BitsStored, data.HighBit = 64, 1, 1, 0
    with pytest.raises(Rejected) as held:
        pass_parsed(parse(to_bytes(data)), profile=Profile(), pseudonyms=KEYS)
    assert held.value.code == "undecodable_pixels"


def test_every_rule_of_the_catalogue_says_what_and_why():
    for rule in device_rules():
        assert rule.do in ("blank", "read", "hold")
        assert len(rule.why) > 10
        assert bool(rule.boxes) == (rule.do == "blank")
        assert rule.modality or rule.conversion or rule.image_type
