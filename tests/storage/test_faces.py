"""Head and neck coverage is recognised by what the received header says, and held where the project says so."""

from dataclasses import replace

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from storage.dicom.door import pass_door
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import Pseudonyms
from storage.dicom.reasons import Rejected
from tests.storage.corpus import _code
from tests.storage.dicoms import slice_of, to_bytes

KEYS = Pseudonyms(b"p" * 32, b"s" * 32)


def region(code):
    return Sequence([_code(code, "SCT", "Region")])


FACES = {
    "body part": {"BodyPartExamined": "CSPINE"},
    "glued words": {"SeriesDescription": "CT_HEAD_NECK_1.0"},
    "German": {"StudyDescription": "MRT HWS nativ"},
    "protocol": {"ProtocolName": "Brainstem routine"},
    "whole spine": {"SeriesDescription": "T2 whole spine"},
    "coded region": {"AnatomicRegionSequence": region("122494005")},
}
NO_FACES = {
    "lumbar": {"BodyPartExamined": "LSPINE"},
    "another head": {"SeriesDescription": "femoral head", "BodyPartExamined": "HIP"},
    "coded region": {"AnatomicRegionSequence": region("122496007")},
    "a film": {"BodyPartExamined": "SKULL", "Modality": "DX"},
}


def door(profile, **fields):
    return pass_door(to_bytes(slice_of(study="1.2.3", series="1.2.4", **fields)), profile=profile, pseudonyms=KEYS)


@pytest.mark.parametrize("kind", FACES)
def test_coverage_of_head_and_neck_is_flagged_or_held(kind):
    assert "head_coverage" in door(Profile(), **FACES[kind]).notes
    with pytest.raises(Rejected) as held:
        door(replace(Profile(), visual_features="hold"), **FACES[kind])
    assert held.value.code == "visible_face"


@pytest.mark.parametrize("kind", NO_FACES)
def test_other_coverage_is_not(kind):
    assert "head_coverage" not in door(replace(Profile(), visual_features="hold"), **NO_FACES[kind]).notes


def test_no_code_claims_that_faces_were_removed():
    import io

    import pydicom

    dataset = pydicom.dcmread(io.BytesIO(door(Profile(), **FACES["body part"]).data))
    assert "113102" not in [item.CodeValue for item in dataset.DeidentificationMethodCodeSequence]
    assert not isinstance(dataset.get("RecognizableVisualFeatures"), Dataset)
    assert dataset.get("RecognizableVisualFeatures") != "NO"
