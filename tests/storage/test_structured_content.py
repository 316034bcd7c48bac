"""Reports concept by concept: Table E.3.4-1 says what goes, what gets a dummy and what is cleaned; measurements stay."""

from dataclasses import replace
from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from storage.dicom.door import pass_door
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import Pseudonyms
from storage.dicom.structured_content import content_rules
from tests.storage.corpus import _code
from tests.storage.dicoms import slice_of, to_bytes

KEYS = Pseudonyms(b"p" * 32, b"s" * 32)


def item(kind, code, name, **values):
    found = Dataset()
    found.RelationshipType, found.ValueType = "CONTAINS", kind
    found.ConceptNameCodeSequence = Sequence([_code(code, "DCM", name)])
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def report(*items, profile=None):
    dataset = slice_of(study="1.2.3", series="1.2.4", sop_class="1.2.840.10008.5.1.4.1.1.88.33", position=None, Modality="SR")
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel"):
        delattr(dataset, keyword)
    outer = item("CONTAINER", "126000", "Imaging Measurement Report", ContentSequence=Sequence(items))
    dataset.ValueType, dataset.ContentSequence = "CONTAINER", Sequence([outer])
    passed = pass_door(to_bytes(dataset), profile=profile or Profile(), pseudonyms=KEYS)
    return pydicom.dcmread(BytesIO(passed.data)).ContentSequence[0].ContentSequence, passed


@pytest.mark.parametrize(
    ("code", "name", "outcome"),
    [
        ("110119", "Station AE Title", None),
        ("110190", "Issuer of Identifier", None),
        ("111705", "Parent Specimen Identifier", "REMOVED"),
        ("121071", "Finding", "lumbar spine"),
        ("109054", "Patient State", "lumbar spine"),
    ],
)
def test_a_concept_is_treated_as_the_table_says(code, name, outcome):
    items, passed = report(
        item("TEXT", code, name, TextValue="lumbar spine Kesselring"), item("TEXT", "121071", "Finding", TextValue="disc")
    )
    assert [found.TextValue for found in items] == [text for text in (outcome, "disc") if text]
    assert passed.report["actions"].get("content_removed", 0) == (outcome is None)


def test_what_an_option_retains_is_not_removed():
    kept = replace(Profile(), retain_device_identity=True)
    assert content_rules(Profile())["110119", "DCM"] == "remove"
    assert content_rules(kept)["110119", "DCM"] == "clean"
    items, _ = report(item("TEXT", "110119", "Station AE Title", TextValue="lumbar"), profile=kept)
    assert len(items) == 1
