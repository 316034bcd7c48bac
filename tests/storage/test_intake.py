"""The door: what goes in, what is left of it, what is held back, and that twice is once."""

from io import BytesIO

import numpy as np
import pydicom
import pytest
from django.utils import timezone
from pydicom.uid import generate_uid

from storage.dicom.parse import parse
from storage.keys import pseudonyms_of, unseal
from storage.models import Blob, IdentityVault, ImportFinding, Instance, QuarantineItem, Series, Stack, Study, Subject
from storage.services.assembly import series_assemble
from storage.services.blob import blob_read
from storage.services.import_batch import batch_close, batch_open
from storage.services.intake import instance_intake
from storage.services.source import source_for, source_update
from tests.factories import make_project
from tests.storage.dicoms import series_of, slice_of, to_bytes

pytestmark = pytest.mark.django_db
CANARIES = [
    b"Kesselring",
    b"KESSELRING",
    b"Adelheid",
    b"MRN-4711",
    b"4711-0815",
    b"ACC7788123",
    b"Musterstadt",
    b"Obermoser",
    b"19610403",
    b"20190722",
    b"SECRETSCANNER",
]


@pytest.fixture
def door():
    project = make_project()
    source = source_for(project=project, kind="upload")
    batch = batch_open(project=project, source=source)

    def send(data, **options):
        return instance_intake(source=source, data=data, batch=batch, **options)

    send.project, send.source, send.batch = project, source, batch
    return send


def test_a_series_goes_in_and_becomes_one_volume(door):
    outcomes = [door(data) for data in series_of(5)]
    assert {outcome.status for outcome in outcomes} == {"stored"}
    (series,) = batch_close(batch=door.batch)
    (stack,) = series_assemble(series=series)
    assert (stack.kind, stack.plane, stack.slice_count, stack.rows, stack.columns) == ("volume", "axial", 5, 16, 12)
    assert [item["position"][2] for item in stack.slices] == [-12, -9, -6, -3, 0]
    assert stack.geometry["spacing"] == [3, 0.5, 0.5]
    door.batch.refresh_from_db()
    assert (door.batch.state, door.batch.received, door.batch.stored) == ("done", 5, 5)


def test_nothing_of_the_patient_is_in_blobs_or_rows(door):
    for data in series_of(2):
        door(data)
    for blob in Blob.objects.all():
        stored = blob_read(digest=blob.digest)
        assert not [canary for canary in CANARIES if canary in stored]
    study, subject = Study.objects.get(), Subject.objects.get()
    assert study.description == "MRT LWS"
    assert subject.pseudonym.startswith("SP-")
    rows = repr([list(model.objects.values()) for model in (Subject, Study, Series, Instance, IdentityVault, ImportFinding)])
    assert not [canary for canary in CANARIES if canary.decode() in rows]


def test_what_research_needs_is_kept(door):
    door(series_of(1)[0])
    kept = pydicom.dcmread(BytesIO(blob_read(digest=Instance.objects.get().blob_id)))
    assert (kept.PatientAge, kept.PatientSex, kept.SeriesDescription) == ("058Y", "F", "T2 TSE SAG L-SPINE")
    assert kept.file_meta.MediaStorageSOPInstanceUID == kept.SOPInstanceUID
    assert kept.PatientIdentityRemoved == "YES"
    assert kept.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert kept.StudyDate != "20190722"
    assert kept.AcquisitionTime == "101733.250000"
    assert (kept.pixel_array == 1).all()


def test_importing_twice_changes_nothing(door):
    data = series_of(3)
    first = [door(item) for item in data]
    before = (Instance.objects.count(), Blob.objects.count(), IdentityVault.objects.count())
    (series,) = batch_close(batch=door.batch)
    series_assemble(series=series)
    again = [door(item) for item in data]
    assert [outcome.status for outcome in again] == ["duplicate"] * 3
    assert [outcome.instance_id for outcome in again] == [outcome.instance_id for outcome in first]
    assert before == (Instance.objects.count(), Blob.objects.count(), IdentityVault.objects.count())
    assert series_assemble(series=series) == []


def test_where_a_series_hangs_is_remembered_and_not_believed(door):
    first, second, third = series_of(3)
    assert door(first).status == "stored"
    Subject.objects.update(withdrawn_at=timezone.now())
    assert door(second).code == "subject_withdrawn"
    Subject.objects.update(withdrawn_at=None)
    for gone in (Instance, Series, Study):
        gone.objects.all().delete()
    assert [door(item).status for item in (second, third)] == ["stored"] * 2
    (series,) = Series.objects.all()
    assert (series.received, series.study.subject) == (2, Subject.objects.get())
    assert Instance.objects.filter(series=series).count() == 2


def test_what_ended_opens_again_when_more_comes(door):
    first, second = series_of(2)
    door(first)
    Study.objects.update(ended_at=timezone.now(), ended_by="idle")
    door(second)
    assert Study.objects.values_list("ended_at", "ended_by").get() == (None, "")


def test_same_uid_with_other_pixels_is_held_in_quarantine(door):
    study, series, uid = generate_uid(), generate_uid(), generate_uid()
    door(to_bytes(slice_of(study=study, series=series, SOPInstanceUID=uid)))
    outcome = door(to_bytes(slice_of(study=study, series=series, SOPInstanceUID=uid, pixels=np.full((16, 12), 9, np.int16))))
    assert (outcome.status, outcome.code) == ("quarantined", "uid_conflict")
    item = QuarantineItem.objects.get()
    assert (item.reason, Instance.objects.count()) == ("uid_conflict", 1)
    assert b"Kesselring" not in blob_read(digest=item.blob_id)


def test_what_was_held_by_a_version_before_is_known_when_it_comes_again(door):
    study, series, uid = generate_uid(), generate_uid(), generate_uid()
    door(to_bytes(slice_of(study=study, series=series, SOPInstanceUID=uid)))
    other = to_bytes(slice_of(study=study, series=series, SOPInstanceUID=uid, pixels=np.full((256, 256), 9, np.int16)))
    door(other)
    former = pseudonyms_of(door.project.pk).source_key(parse(other).plain_digest)
    assert QuarantineItem.objects.exclude(source_key=former).update(source_key=former) == 1  # as those versions wrote it
    assert door(other).status == "quarantined"
    assert QuarantineItem.objects.count() == 1


def test_a_late_slice_makes_a_new_revision_and_breaks_nothing(door):
    data = series_of(5)
    for item in data[:4]:
        door(item)
    series = Series.objects.get()
    (old,) = series_assemble(series=series)
    assert old.not_volume_reason
    door(data[4])
    (new,) = series_assemble(series=series)
    old.refresh_from_db()
    series.refresh_from_db()
    assert (series.revision, old.is_current, new.kind, new.slice_count) == (2, False, "volume", 5)
    assert {item["digest"] for item in old.slices} < {item["digest"] for item in new.slices}


def test_one_patient_is_one_subject_with_one_shift_in_every_study(door):
    door(to_bytes(slice_of(study="1.2.3.1", series="1.2.3.1.1", StudyDate="20190101")))
    door(to_bytes(slice_of(study="1.2.3.2", series="1.2.3.2.1", StudyDate="20190111")))
    door(to_bytes(slice_of(study="1.2.3.3", series="1.2.3.3.1", patient="MRN-9", StudyDate="20190101")))
    assert Subject.objects.count() == 2
    one, two = Study.objects.filter(subject=Study.objects.get(study_instance_uid=_new(door, "1.2.3.1")).subject).order_by("study_date")
    assert (two.study_date - one.study_date).days == 10


def _new(door, uid):
    return pseudonyms_of(door.project.pk).uid(uid)


BAD = {
    "empty_file": (lambda: b"", "refused"),
    "not_dicom": (lambda: b"hello" * 100, "refused"),
    "truncated": (lambda: series_of(1)[0][:-100], "refused"),
    "no_pixel_data": (lambda: to_bytes(slice_of(study="1.2.3", series="1.2.4", PixelData=None)), "refused"),
    "unknown_sop_class": (lambda: to_bytes(slice_of(study="1.2.3", series="1.2.4", sop_class="1.2.3.4.5.6")), "quarantined"),
    "encapsulated_document": (
        lambda: to_bytes(slice_of(study="1.2.3", series="1.2.4", sop_class="1.2.840.10008.5.1.4.1.1.104.1")),
        "quarantined",
    ),
}


@pytest.mark.parametrize("code", BAD)
def test_bad_input_has_a_named_reason_and_the_rest_goes_in(door, code):
    make, status = BAD[code]
    outcome = door(make(), ordinal=7)
    assert (outcome.status, outcome.code) == (status, code)
    assert door(series_of(1, seed="other")[0]).status == "stored"
    finding = ImportFinding.objects.get(batch=door.batch)
    assert (finding.code, finding.count, finding.where) == (code, 1, [7])
    assert finding.message


def test_unsupported_transfer_syntax_is_held(door):
    data = to_bytes(slice_of(study="1.2.3", series="1.2.4")).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0")
    assert door(data).code in ("unsupported_transfer_syntax", "malformed")


def test_a_source_may_send_only_what_it_is_allowed(door):
    source_update(source=door.source, user=None, modalities=["MR"])
    assert door(series_of(1)[0]).code == "modality_not_allowed"
    source_update(source=door.source, user=None, is_active=False)
    assert door(series_of(1)[0]).code == "source_inactive"
    assert Instance.objects.count() == 0


def test_identity_is_only_in_the_sealed_vault(door):
    door(series_of(1)[0])
    row = IdentityVault.objects.get(kind="subject")
    assert b"Kesselring" not in bytes(row.sealed)
    assert b"Kesselring^Adelheid" in unseal(bytes(row.sealed), "vault-subject", row.key_id)


def test_real_ct_with_empty_uids_becomes_one_volume(door, test_data):
    files = sorted((test_data / "ct_totalseg_dicom" / "series").glob("CT*"))
    outcomes = [door(path.read_bytes(), group="series", ordinal=number) for number, path in enumerate(files)]
    assert {outcome.status for outcome in outcomes} == {"stored"}
    series = Series.objects.get()
    (stack,) = series_assemble(series=series)
    assert (stack.kind, stack.slice_count, stack.plane) == ("volume", 20, "axial")
    assert ImportFinding.objects.get(code="invented_uid").count == 20
    assert Stack.objects.current().count() == 1


def test_fold_seals_at_least_eight_of_the_public_mr_patients(door, test_data):
    names = sorted(path.name.removesuffix("_T2w.nii.gz") for path in (test_data / "mr_spider_t2space").glob("*_T2w.nii.gz"))
    folds = [pseudonyms_of(door.project.pk).fold("", name) for name in names]
    assert len(folds) == 29
    assert folds.count("sealed") >= 8
    assert folds.count("train") >= 8
