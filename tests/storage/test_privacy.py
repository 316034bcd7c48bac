"""Quarantine, withdrawal, the vault: who decides, and what is gone afterwards."""

import json

import numpy as np
import pytest

from accounts.models import AuditEvent
from config.errors import Conflict, Forbidden, Invalid
from jobs.models import Event
from storage.dicom.profile import Profile
from storage.models import Blob, IdentityVault, Instance, QuarantineItem, Stack, Study, Subject
from storage.object_store import store
from storage.services.assembly import series_assemble
from storage.services.frames import stack_render
from storage.services.identity import identity_ask, identity_decide, identity_open
from storage.services.import_batch import batch_open
from storage.services.intake import instance_intake
from storage.services.profile import profile_create, profile_of
from storage.services.quarantine import item_confirm, item_decide
from storage.services.source import source_for
from storage.services.subject import subject_erase, subject_withdraw
from storage.services.transparency import k_anonymity, study_report
from tests.factories import make_member, make_project
from tests.storage.dicoms import series_of, slice_of, to_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def door():
    project = make_project()
    source = source_for(project=project, kind="upload")
    batch = batch_open(project=project, source=source)

    def send(data):
        return instance_intake(source=source, data=data, batch=batch)

    send.project, send.batch = project, batch
    send.people = [make_member("data_manager", project) for _ in range(2)]
    return send


def hold(door, **options):
    profile_create(project=door.project, user=None, options={"visual_features": "hold", **options})
    pixels = np.random.default_rng(1).integers(0, 900, (64, 64)).astype(np.int16)
    outcome = door(to_bytes(slice_of(study="1.2.3", series="1.2.4", BodyPartExamined="HEAD", pixels=pixels)))
    assert (outcome.status, outcome.code) == ("quarantined", "visible_face")
    return QuarantineItem.objects.get(), pixels


def test_a_profile_changes_by_a_new_version(door):
    first = profile_create(project=door.project, user=None, options={"retain_device_identity": True})
    second = profile_create(project=door.project, user=None, options={})
    first.refresh_from_db()
    assert (first.version, second.version, first.is_current) == (1, 2, False)
    assert profile_of(project_id=door.project.pk) == Profile.from_json(second.options)
    with pytest.raises(Invalid, match="no option"):
        profile_create(project=door.project, user=None, options={"keep_names": True})


def test_the_options_of_a_project_change_one_by_one_by_version(door):
    from django.test import Client

    client = Client()
    client.force_login(door.people[0])
    url = f"/api/intake/profile?project={door.project.slug}"
    shipped = client.get(url).json()
    assert (shipped["version"], {option["name"]: option["value"] for option in shipped["options"]}["captures"]) == (0, "clean")
    for options in ({"captures": "hold"}, {"two_person_release": True}):
        found = client.post("/api/intake/profile", {"project": door.project.slug, "options": options}, content_type="application/json")
        assert found.status_code == 201, found.content
    values = {option["name"]: option["value"] for option in found.json()["options"]}
    assert (found.json()["version"], values["captures"], values["two_person_release"]) == (2, "hold", True)
    assert [version["changed"] for version in found.json()["versions"]] == [["two_person_release"], ["captures"]]
    refused = client.post("/api/intake/profile", {"project": door.project.slug, "options": {"version": 9}}, content_type="application/json")
    assert refused.status_code == 400
    statement = client.get(f"/api/intake/profile/statement?project={door.project.slug}").json()["markdown"]
    assert "held until a person has seen them" in statement
    assert AuditEvent.objects.filter(verb="profile.create").count() == 2
    assert door(series_of(1)[0]).status == "stored"
    assert Instance.objects.get().report["version"] == 2


def test_released_goes_in_and_its_sealed_bytes_are_deleted(door):
    item, _ = hold(door)
    digest = item.blob_id
    item_decide(item=item, user=door.people[0], action="release")
    assert (item.state, item.blob_id, Instance.objects.count()) == ("released", None, 1)
    assert not store().exists(digest)


def test_redaction_blanks_the_boxes_and_nothing_else(door):
    from io import BytesIO

    import pydicom

    from storage.services.blob import blob_read

    item, pixels = hold(door)
    item_decide(item=item, user=door.people[0], action="redact", boxes=[[0, 0, 10, 20]])
    stored = pydicom.dcmread(BytesIO(blob_read(digest=Instance.objects.get().blob_id))).pixel_array
    assert len(np.unique(stored[:10, :20])) == 1
    assert (stored[10:] == pixels[10:]).all()


def test_where_two_people_are_asked_for_one_is_not_enough(door):
    item, _ = hold(door, two_person_release=True)
    one, two = door.people
    item_decide(item=item, user=one, action="release")
    assert (item.state, Instance.objects.count()) == ("proposed", 0)
    from django.test import Client

    seen = {}
    for person in (one, two):
        client = Client()
        client.force_login(person)
        seen[person] = client.get(f"/api/quarantine/{item.pk}").json()
    assert (seen[two]["decision"], seen[two]["is_mine"], seen[one]["is_mine"]) == ({"action": "release", "boxes": []}, False, True)
    assert seen[two]["decided_by_name"] == str(one)
    with pytest.raises(Forbidden):
        item_confirm(item=item, user=one, agree=True)
    item_confirm(item=item, user=two, agree=True)
    assert (item.state, Instance.objects.count()) == ("released", 1)


def test_what_cannot_be_understood_can_only_be_dropped(door):
    door(to_bytes(slice_of(study="1.2.3", series="1.2.4", sop_class="1.2.3.4.5")))
    item = QuarantineItem.objects.get()
    with pytest.raises(Conflict, match="cannot be released"):
        item_decide(item=item, user=door.people[0], action="release")
    item_decide(item=item, user=door.people[0], action="drop")
    with pytest.raises(Conflict, match="already"):
        item_decide(item=item, user=door.people[1], action="drop")


def test_who_it_was_takes_two_people_and_is_shown_once(door):
    door(series_of(1)[0])
    one, two = door.people
    request = identity_ask(subject=Subject.objects.get(), user=one, reason="incidental finding, call the patient")
    with pytest.raises(Forbidden):
        identity_decide(request=request, user=one, approve=True)
    with pytest.raises(Conflict):
        identity_open(request=request, user=one)
    identity_decide(request=request, user=two, approve=True)
    with pytest.raises(Conflict):
        identity_open(request=request, user=two)
    found = identity_open(request=request, user=one)
    assert next(entry for entry in found if entry["kind"] == "subject")["name"] == "Kesselring^Adelheid"
    with pytest.raises(Conflict):
        identity_open(request=request, user=one)
    assert set(AuditEvent.objects.values_list("verb", flat=True)) >= {"identity.ask", "identity.approve", "identity.open"}
    assert "Kesselring" not in json.dumps(list(AuditEvent.objects.values_list("detail", flat=True)))


def test_withdrawal_deletes_every_byte_and_nothing_comes_in_again(door):
    for data in series_of(3):
        door(data)
    other = [slice_of(study="1.9.1", series="1.9.2", number=1, patient="OTHER", pixels=np.full((16, 12), 1, np.int16))]
    door(to_bytes(other[0]))
    for study in Study.objects.all():
        for stack in series_assemble(series=study.series.get()):
            stack_render(stack=stack)
    subject = Study.objects.get(series__received=3).subject
    before = Blob.objects.count()
    subject_withdraw(subject=subject, user=door.people[0], reason="asked to leave")
    assert Event.objects.get(kind="subject.withdrawn").payload["subject"] == str(subject.pk)
    gone = subject_erase(subject=subject)
    assert (gone > 0, Blob.objects.count()) == (True, before - gone)
    assert not Instance.objects.filter(series__study__subject=subject).exists()
    assert not IdentityVault.objects.filter(subject=subject).exists()
    assert Stack.objects.filter(series__study__subject=subject).exists()
    kept = Stack.objects.exclude(series__study__subject=subject).get()
    assert all(store().exists(item["digest"]) for item in kept.slices)
    assert store().exists(kept.manifest_digest)
    assert door(series_of(3)[0]).code == "subject_withdrawn"
    assert door(series_of(1, seed="another study")[0]).code == "subject_withdrawn"
    assert subject_erase(subject=subject) == 0


def test_the_report_says_what_was_done_without_any_value(door):
    door(series_of(1)[0])
    report = study_report(study=Study.objects.get())
    elements = {element["keyword"]: element["action"] for element in report["series"][0]["elements"]}
    assert (elements["InstitutionName"], elements["StudyDate"], elements["Rows"]) == ("emptied", "date", "kept")
    assert elements["PatientName"] == "special"
    assert "Kesselring" not in json.dumps(report)


def test_small_groups_are_named(door):
    for number in range(3):
        door(to_bytes(slice_of(study=f"1.2.3.{number}", series=f"1.2.4.{number}", patient=f"P-{number}00", Manufacturer="ACME")))
    found = k_anonymity(project=door.project)
    assert (found["groups"], found["k"]) == (3, 1)  # each patient's month is shifted by its own days
    assert {group["scanner"] for group in found["small"]} == {"ACME"}


@pytest.mark.parametrize("hidden", [True, False])
def test_a_reviewer_sees_text_only_for_a_reason(door, hidden):
    from storage.services.quarantine_picture import item_picture, item_reveal

    item, _ = hold(door)
    if hidden:
        assert item_picture(item=item)[:4] == b"\x89PNG"
    else:
        with pytest.raises(Invalid):
            item_reveal(item=item, user=door.people[0], reason="")
        assert item_reveal(item=item, user=door.people[0], reason="is this really a face?")[:4] == b"\x89PNG"
        assert AuditEvent.objects.filter(verb="quarantine.reveal").count() == 1
