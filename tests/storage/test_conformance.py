"""The conformance statement is the profile's, and the profile claims only what the engine does."""

from pathlib import Path

import pytest

from storage.dicom.actions import Action, plan_of
from storage.dicom.conformance import conformance_statement
from storage.dicom.profile import Profile


@pytest.mark.once
def test_the_statement_in_docs_is_what_the_profile_says():
    page = Path(__file__).parents[2] / "docs" / "reference" / "conformance.md"
    assert page.read_text() == conformance_statement(Profile()), "run `manage.py conformance`"


@pytest.mark.parametrize(
    ("options", "said", "unsaid"),
    [
        ({"dates": "full"}, "*Dates* and times are kept as they came", "move back"),
        ({"dates": "removed"}, "*Dates* and times are emptied or removed", "move back"),
        ({"retain_uids": True}, "UIDs are kept as they came", "122 bits"),
        ({"retain_safe_private": False}, "*Private attributes* are all removed", "on the list"),
        ({"retain_patient_characteristics": False}, "PatientAge is emptied", "filled from it"),
        ({"clean_descriptors": False}, "*Descriptors* of Table E.1-1 are removed", "*Descriptors* keep words"),
        ({"clean_pixel_data": False}, "the search for text is switched off", "Clean Pixel Data Option"),
    ],
)
def test_the_statement_of_another_profile_says_what_that_profile_does(options, said, unsaid):
    text = conformance_statement(Profile(**options))
    assert said in text
    assert unsaid not in text
    assert unsaid in conformance_statement(Profile())


def test_an_option_changes_the_plan_and_the_codes():
    kept = Profile(retain_device_identity=True, retain_uids=True)
    assert {"113109", "113110"} <= {code for code, _ in kept.codes}
    assert plan_of(Profile()).actions[0x00081010][0] is Action.EMPTY
    assert plan_of(kept).actions[0x00081010][0] is Action.DEVICE_TEXT
    assert Profile().digest != kept.digest


def test_a_profile_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="no option"):
        Profile.from_json({"retain_names": True})
    with pytest.raises(ValueError, match="must be"):
        Profile.from_json({"retain_uids": "yes"})
