"""A project's key rotates for patients who are new; who is known stays who they are, on every way in and out."""

import pytest

from config.errors import Conflict
from storage.dicom.batch import folder_deidentify
from storage.dicom.profile import Profile
from storage.keys import pseudonyms_every
from storage.models import Instance, Source, Subject
from storage.services.commitment import references_check
from storage.services.import_batch import batch_open
from storage.services.intake import instance_intake
from storage.services.project_key import key_ring, project_key_rotate
from storage.services.source import source_for
from storage.services.study_end import study_of
from tests.factories import make_project
from tests.storage.dicoms import CT, slice_of, to_bytes

pytestmark = pytest.mark.django_db


def image(patient: str, number: int) -> bytes:
    study = f"1.2.3.{len(patient)}"
    return to_bytes(slice_of(study=study, series=f"{study}.1", number=number, patient=patient, SOPInstanceUID=f"{study}.1.{number}"))


@pytest.fixture
def door():
    """Return a function that takes an image in; its project's key has rotated after the first image of patient ``A``."""
    source = source_for(project=make_project(), kind="folder")
    batch = batch_open(project=source.project, source=source)

    def take(patient: str, number: int = 1) -> str:
        return instance_intake(source=source, data=image(patient, number), batch=batch).status

    assert take("A") == "stored"
    Source.objects.update(is_active=False)
    assert project_key_rotate(project=source.project) == 2
    Source.objects.update(is_active=True)
    source.refresh_from_db()
    take.source = source
    return take


def test_who_is_known_keeps_pseudonym_study_and_shift(door):
    assert (door("A", 2), door("A", 1)) == ("stored", "duplicate")
    subject = Subject.objects.get()
    newest, first = pseudonyms_every(door.source.project_id)
    assert subject.pseudonym == first.pseudonym(first.patient_key("", "A"))
    assert subject.pseudonym != newest.pseudonym(newest.patient_key("", "A"))
    assert subject.studies.count() == 1


def test_who_is_new_gets_the_new_key_and_keeps_it(door):
    door("new patient")
    newest, first = pseudonyms_every(door.source.project_id)
    subject = Subject.objects.get(pseudonym=newest.pseudonym(newest.patient_key("", "new patient")))
    assert not Subject.objects.filter(patient_key=first.patient_key("", "new patient")).exists()
    assert door("new patient") == "duplicate"
    assert subject.studies.count() == 1


def test_a_sender_finds_what_came_in_under_either_key(door):
    door("new patient")
    asked = [(CT, f"1.2.3.{len(patient)}.1.1") for patient in ("A", "new patient")]
    assert references_check(source=door.source, references=asked) == [None, None]
    assert [study_of(source=door.source, original=f"1.2.3.{len(patient)}") is None for patient in ("A", "new patient")] == [False, False]


def test_the_command_names_everybody_as_the_listener_does(door, tmp_path):
    door("new patient")
    (tmp_path / "in").mkdir()
    for patient in ("A", "new patient"):
        (tmp_path / "in" / f"{patient}.dcm").write_bytes(image(patient, 1))
    ring = key_ring(project_id=door.source.project_id)
    report = folder_deidentify(source=tmp_path / "in", target=tmp_path / "out", profile=Profile(), pseudonyms=ring)
    assert set(report.instances.values()) == set(Instance.objects.values_list("sop_instance_uid", flat=True))
    assert set(report.patients.values()) == set(Subject.objects.values_list("pseudonym", flat=True))


def test_it_waits_until_nothing_can_come_in(door):
    with pytest.raises(Conflict) as refused:
        project_key_rotate(project=door.source.project)
    assert refused.value.code == "sources_on"
