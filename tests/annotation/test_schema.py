"""spine-core 1, and the protocols that pick from it."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.sr import _concepts_dict

from annotation.models import LabelSchema
from annotation.services.label_schema import schema_ensure, schema_read
from annotation.services.protocol import protocol_create
from config.errors import Conflict, Invalid, Missing
from tests.factories import make_project

STRUCTURES = schema_read(name="spine-core", version=1)["structures"]
BY_CODE = {entry["code"]: entry for entry in STRUCTURES}
SNOMED: Any = _concepts_dict.concepts["SCT"]
FREE = {code: meaning for found in SNOMED.values() for code, (meaning, _) in found.items()}


def test_values_and_codes_are_unique_and_fit_a_byte():
    assert len({entry["value"] for entry in STRUCTURES}) == len(BY_CODE) == len(STRUCTURES)
    assert all(1 <= entry["value"] <= 255 for entry in STRUCTURES)


def test_every_snomed_code_is_free_within_dicom_and_says_what_dicom_says():
    for entry in STRUCTURES:
        if entry["coding"]["scheme"] == "SCT":
            assert FREE[entry["coding"]["code"]] == entry["coding"]["meaning"], entry["code"]


@pytest.mark.parametrize(
    ("code", "value", "snomed"),
    [("C1", 1, "14806007"), ("T12", 19, "23215003"), ("L5", 24, "49668003"), ("SAC", 26, "54735007"), ("CANAL", 61, "61853006"),
     ("IVD_C2", 102, "1078209008"), ("IVD_C7", 107, "37414007"), ("IVD_T12", 119, "76206002"), ("IVD_L5", 124, "715056000")],
)  # fmt: skip
def test_numbers_and_codes_that_others_rely_on(code: str, value: int, snomed: str):
    assert (BY_CODE[code]["value"], BY_CODE[code]["coding"]["code"]) == (value, snomed)


def test_discs_and_endplates_follow_their_vertebra():
    for entry in STRUCTURES:
        if entry["category"] == "disc":
            assert BY_CODE[entry["below"]]["value"] == entry["value"] - 100
        if entry["category"] == "endplate":
            assert BY_CODE[entry["of"]]["value"] == entry["value"] - 200


def test_neighbouring_vertebrae_and_discs_differ_in_colour():
    for first in STRUCTURES:
        for category in ("vertebra", "disc"):
            following = next((entry for entry in STRUCTURES if entry["value"] == first["value"] + 1), None)
            if following and first["category"] == following["category"] == category:
                assert first["colour"] != following["colour"], first["code"]


@pytest.mark.django_db
def test_the_schema_is_loaded_once():
    assert schema_ensure().pk == schema_ensure().pk
    assert schema_ensure().structures.count() == len(STRUCTURES)


@pytest.mark.django_db
def test_a_changed_file_of_the_same_version_is_refused():
    schema_ensure()
    LabelSchema.objects.update(digest="0" * 64)
    with pytest.raises(Conflict):
        schema_ensure()


def test_an_unknown_schema_is_missing():
    with pytest.raises(Missing):
        schema_read(name="spine-core", version=99)


@pytest.mark.django_db
def test_the_default_protocol_labels_a_whole_spine_and_is_made_once():
    project = make_project()
    protocol = protocol_create(project=project, actor=None)
    assert {"C1", "L5", "SAC", "IVD_L5", "CANAL", "CORD"} <= set(protocol.structures)
    assert protocol_create(project=project, actor=None).pk == protocol.pk


@pytest.mark.django_db
def test_a_protocol_picks_known_structures_and_modes_only():
    for wrong in ({"structures": ["L5", "TAIL"]}, {"reading_mode": "whenever"}):
        with pytest.raises(Invalid):
            protocol_create(project=make_project(), actor=None, **wrong)


def test_the_page_of_labels_is_what_the_schema_says():
    from config.reference import FOLDER, pages

    assert (FOLDER / "labels.md").read_text() == pages()["labels.md"], "run `manage.py docs`"
