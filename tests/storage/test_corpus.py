"""Nothing of made-up patients comes through the door, in any byte of any object, on seeds nobody has seen; research comes through."""

import os
import secrets as random_seed
from io import BytesIO

import pydicom
import pytest

from storage.dicom.door import pass_door
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import Pseudonyms
from tests.storage.corpus import leaks, patient

KEYS = Pseudonyms(b"p" * 32, b"s" * 32)
FRESH = int(os.environ.get("COLUMNA_TEST_SEED", random_seed.randbelow(10**9)))
SEEDS = [1, 2, 3, *range(FRESH, FRESH + 5)]


@pytest.fixture(scope="module", params=SEEDS)
def person(request):
    found = patient(request.param)
    found.clean = [(kind, pass_door(data, profile=Profile(), pseudonyms=KEYS), original) for kind, data, original in found.objects]
    found.read = [(kind, pydicom.dcmread(BytesIO(passed.data)), original) for kind, passed, original in found.clean]
    return found


def test_no_secret_is_in_any_byte(person):
    assert {kind: leaks(person.secrets, passed.data) for kind, passed, _ in person.clean} == {kind: [] for kind, _, _ in person.clean}
    assert leaks(person.secrets, person.objects[0][1])


def test_descriptors_keep_their_clinical_words(person):
    for _, dataset, _ in person.read:
        assert dataset.SeriesDescription == "T2 TSE SAG LUMBAR"
        assert dataset.ProtocolName == "LUMBAR SPINE"
        assert dataset.StudyDescription.startswith("LUMBAR SPINE T2 SAG")
        assert dataset.BodyPartExamined == "LSPINE"
        assert (dataset.ManufacturerModelName, list(dataset.ImageType)) == ("MAGNETOM Aera", ["ORIGINAL", "PRIMARY", "M", "ND"])


def test_patient_characteristics_are_kept_exactly(person):
    for _, dataset, _ in person.read:
        assert (dataset.PatientAge, dataset.PatientSex, float(dataset.PatientWeight), float(dataset.PatientSize)) == (
            "067Y",
            "F",
            71.5,
            1.68,
        )
        assert dataset.PatientBirthDate == ""


def test_references_point_at_the_new_instances(person):
    new = {dataset.SOPInstanceUID for _, dataset, _ in person.read}
    assert len({dataset.StudyInstanceUID for _, dataset, _ in person.read}) == 1
    for _, dataset, _ in person.read:
        assert dataset.ReferencedImageSequence[0].ReferencedSOPInstanceUID in new
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
        assert dataset.SOPInstanceUID.startswith("2.25.")


def test_dates_move_together_and_times_stay(person):
    dates = {dataset.StudyDate for _, dataset, _ in person.read}
    assert len(dates) == 1
    for _, dataset, original in person.read:
        assert dataset.StudyDate != original.StudyDate
        assert dataset.AcquisitionDateTime == dataset.StudyDate + original.AcquisitionDateTime[8:]
        assert dataset.AcquisitionTime == original.AcquisitionTime
    report = next(dataset for kind, dataset, _ in person.read if kind == "SR")
    assert next(item for item in report.ContentSequence if item.ValueType == "DATETIME").DateTime[:8] == report.StudyDate
    frames = next(dataset for kind, dataset, _ in person.read if kind == "EMR").PerFrameFunctionalGroupsSequence
    assert [item.FrameContentSequence[0].FrameAcquisitionDateTime[8:14] for item in frames] == ["111300", "111301", "111302"]


def test_reports_keep_their_measurements(person):
    report = next(dataset for kind, dataset, _ in person.read if kind == "SR")
    number = next(item for item in report.ContentSequence if item.ValueType == "NUM")
    assert float(number.MeasuredValueSequence[0].NumericValue) == 12.5
    assert number.ConceptNameCodeSequence[0].CodeMeaning == "Width"
    text = next(item for item in report.ContentSequence if item.ValueType == "TEXT")
    assert text.TextValue.startswith("LUMBAR SPINE T2 SAG")


def test_labels_of_structures_are_kept(person):
    read = {kind: dataset for kind, dataset, _ in person.read}
    assert read["RTSTRUCT"].StructureSetROISequence[0].ROIName == "spinal cord"
    assert read["SEG"].SegmentSequence[0].SegmentLabel == "vertebra"
    assert read["PR"].ContentDescription == "LUMBAR"
    assert read["PR"].GraphicAnnotationSequence[0].TextObjectSequence[0].UnformattedTextValue.startswith("LUMBAR SPINE")


def test_safe_private_elements_stay_and_impostors_go(person):
    for _, dataset, _ in person.read:
        assert dataset[0x0019, 0x100C].value == 1000
        assert [tag for tag in dataset.keys() if tag.is_private and tag.group != 0x0019] == []  # noqa: SIM118
        assert (0x0019, 0x110C) not in dataset


def test_pixels_below_the_stored_bits_are_kept_bit_for_bit(person):
    for kind, dataset, original in person.read:
        if kind in ("CT", "MR", "EMR"):
            import numpy as np

            before = np.frombuffer(original.PixelData, np.uint16)[: dataset.pixel_array.size] & 0x0FFF
            assert (dataset.pixel_array.reshape(-1) == before).all()
            assert not [tag for tag in dataset.keys() if 0x6000 <= tag.group < 0x6100]  # noqa: SIM118
            assert "IconImageSequence" not in dataset


def test_twice_gives_the_same_bytes(person):
    for (_, passed, _), (_, data, _) in zip(person.clean, person.objects, strict=True):
        assert pass_door(data, profile=Profile(), pseudonyms=KEYS).data == passed.data


def test_patients_differ_in_pseudonym_and_shift():
    people = [pass_door(patient(seed).objects[0][1], profile=Profile(), pseudonyms=KEYS) for seed in range(100, 108)]
    assert len({passed.pseudonym for passed in people}) == 8
    assert len({KEYS.days(passed.patient_key) for passed in people}) == 8


def test_what_is_remembered_of_one_patient_never_reaches_another():
    from storage.dicom.known_identity import known_of

    people = [patient(seed) for seed in (FRESH, FRESH + 1)]
    alone = []
    for person in people:
        known_of.cache_clear()
        alone.append([pass_door(data, profile=Profile(), pseudonyms=KEYS).data for _, data, _ in person.objects])
    known_of.cache_clear()
    for _ in range(2):
        mixed = [
            [pass_door(pair[side][1], profile=Profile(), pseudonyms=KEYS).data for side in (0, 1)]
            for pair in zip(*(p.objects for p in people), strict=True)
        ]
        assert mixed == [list(pair) for pair in zip(*alone, strict=True)]
