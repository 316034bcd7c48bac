"""Freezing: what a version holds, which gates it passes, and that nothing changes it afterwards."""

from __future__ import annotations

import gzip
import hashlib
import json

import nibabel
import numpy as np
import pytest
import rfc8785
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import DatabaseError, IntegrityError, transaction

from accounts.models import AuditEvent, Project
from annotation.models import Case
from config.errors import Conflict, Forbidden, Invalid
from datasets.models import Dataset, Version, VersionFile
from datasets.services.dataset import dataset_for_training
from datasets.services.gates import selection_of
from datasets.services.manifest import manifest_build
from datasets.services.selection import pins_load
from datasets.services.signing import public_key_pem
from datasets.services.version import version_approve, version_build, version_freeze, version_reject, version_request
from jobs.models import Event
from storage import object_store
from storage.folder_store import FolderStore
from storage.models import Stack, Subject
from storage.services.blob import blob_read
from tests.datasets.cases import DISC, L5, labels, make_case, make_dataset, make_frozen, make_release, voxels
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db


def manifest_of(version: Version) -> dict:
    return json.loads(blob_read(digest=version.manifest_digest))


def image_of(version: Version, role: str) -> nibabel.Nifti1Image:
    file = version.files.filter(role=role).order_by("path")[0]
    return nibabel.Nifti1Image.from_bytes(gzip.decompress(blob_read(digest=file.digest)))


def gates(error: pytest.ExceptionInfo[Conflict]) -> set[str]:
    return set(error.value.state["gates"])


def test_a_release_holds_images_masks_card_and_schema():
    dataset, manager = make_dataset(cases=2)
    version = make_frozen(dataset, manager)
    assert (version.number, version.state) == ("1.0.0", "frozen")
    assert version.counts["images"] == version.counts["labels"] == 2
    assert {path.split("/")[0] for path in version.files.values_list("path", flat=True)} == {"images", "labels", "CARD.md", "schema.json"}


def test_image_and_mask_come_back_voxel_for_voxel_in_canonical_values():
    dataset, manager = make_dataset(cases=1)
    version = make_frozen(dataset, manager)
    image, mask = image_of(version, "image"), image_of(version, "label")
    assert np.array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), voxels(0))
    expected = np.choose(labels(), [0, L5, DISC])
    assert np.array_equal(np.asarray(mask.dataobj).transpose(2, 1, 0), expected)
    assert np.array_equal(image.affine, mask.affine)


def test_the_manifest_is_canonical_its_digest_is_the_version_and_its_signature_verifies():
    dataset, manager = make_dataset(cases=2)
    version = make_frozen(dataset, manager)
    data = blob_read(digest=version.manifest_digest)
    assert hashlib.sha256(data).hexdigest() == version.manifest_digest
    assert rfc8785.dumps(json.loads(data)) == data
    load_pem_public_key(public_key_pem().encode()).verify(bytes.fromhex(version.signature), data)  # type: ignore[union-attr, call-arg]


def test_the_manifest_names_files_in_order_with_true_sizes_and_digests():
    dataset, manager = make_dataset(cases=2)
    content = manifest_of(make_frozen(dataset, manager))
    paths = [file["path"] for file in content["files"]]
    assert paths == sorted(paths)
    for file in content["files"]:
        data = blob_read(digest=file["sha256"])
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["size"], file["sha256"])
    assert not [value for value in json.dumps(content).split() if value.startswith("0.")], "no floats"


def test_nothing_in_the_manifest_names_a_reader():
    dataset, manager = make_dataset(cases=1)
    assert manager.username not in blob_read(digest=make_frozen(dataset, manager).manifest_digest).decode()


def test_freezing_the_same_rows_into_another_store_gives_the_same_bytes(tmp_path, monkeypatch: pytest.MonkeyPatch):
    dataset, manager = make_dataset(cases=2)
    version = version_build(version=version_request(dataset=dataset, kind="release", user=manager))
    chosen = selection_of(dataset=dataset, pins=pins_load(version.draft.pins), parent=None, unread=[])
    first = object_store.store()
    other = FolderStore(tmp_path / "other")
    for item in first.iterate():
        if not VersionFile.objects.filter(digest=item.digest).exists():
            other.put(first.get(item.digest))
    key = next(key for key, kept in object_store._stores.items() if kept is first)
    monkeypatch.setitem(object_store._stores, key, other)
    again = manifest_build(version=version, chosen=chosen, progress=lambda fraction, note: None)
    assert again.digest == version.manifest_digest
    assert all(other.exists(file.digest) for file in version.files.all())


def test_building_twice_changes_nothing():
    dataset, manager = make_dataset(cases=1)
    version = make_frozen(dataset, manager)
    again = version_build(version=version)
    assert (again.manifest_digest, again.frozen_at) == (version.manifest_digest, version.frozen_at)
    assert Event.objects.filter(kind="version.frozen").count() == 1


def test_a_second_version_reuses_the_files_of_the_first():
    dataset, manager = make_dataset(cases=1)
    first = make_release(dataset, manager)
    make_case(dataset.project, seed=9)
    second = make_frozen(dataset, manager)
    assert second.number == "1.1.0", "something came, nothing went"
    assert second.parent == first
    shared = set(first.files.filter(role="image").values_list("digest", flat=True))
    assert shared < set(second.files.filter(role="image").values_list("digest", flat=True))


def test_a_version_that_loses_a_case_is_a_major_one_and_a_lower_number_is_refused():
    dataset, manager = make_dataset(cases=2)
    make_release(dataset, manager)
    fewer = list(Case.objects.all()[:1])
    with pytest.raises(Conflict) as error:
        version_request(dataset=dataset, kind="release", user=manager, cases=fewer, number="1.1.0")
    assert error.value.state["minimum"] == "2.0.0"
    assert version_request(dataset=dataset, kind="release", user=manager, cases=fewer).number == "2.0.0"


def test_a_number_is_never_used_twice_and_must_be_a_number():
    dataset, manager = make_dataset(cases=1)
    make_frozen(dataset, manager)
    with pytest.raises(Conflict, match="at least"):
        version_request(dataset=dataset, kind="release", user=manager, number="1.0.0")
    with pytest.raises(Invalid, match=r"MAJOR\.MINOR\.PATCH"):
        version_request(dataset=dataset, kind="release", user=manager, number="one")


# gates


def test_nothing_to_freeze_is_refused_by_name():
    dataset, manager = make_dataset(cases=0)
    with pytest.raises(Conflict) as error:
        version_request(dataset=dataset, kind="release", user=manager)
    assert error.value.code == "gates_refused"
    assert gates(error) == {"selection"}
    assert not Version.objects.exists()


def test_the_submitted_gate_refuses_a_named_case_without_a_reading():
    dataset, manager = make_dataset(cases=1)
    unread = make_case(dataset.project, labelled=False)
    with pytest.raises(Conflict) as error:
        version_request(dataset=dataset, kind="release", user=manager, cases=[Case.objects.exclude(pk=unread.pk).get(), unread])
    assert gates(error) == {"submitted"}
    assert error.value.state["gates"]["submitted"][0]["case"] == str(unread.pk)


def test_the_submitted_gate_refuses_a_case_that_was_opened_again():
    dataset, manager = make_dataset(cases=1)
    Case.objects.update(state="open")
    with pytest.raises(Conflict) as error:
        version_request(dataset=dataset, kind="release", user=manager, cases=list(Case.objects.all()))
    assert gates(error) == {"submitted"}


def test_the_geometry_gate_refuses_a_grid_that_is_not_what_the_reading_was_made_on():
    dataset, manager = make_dataset(cases=1)
    Stack.objects.update(geometry_digest="f" * 64)
    with pytest.raises(Conflict) as error:
        version_request(dataset=dataset, kind="release", user=manager)
    assert gates(error) == {"geometry"}


def test_the_geometry_gate_refuses_a_labelled_stack_that_is_no_regular_volume():
    dataset, manager = make_dataset(cases=1)
    Stack.objects.update(kind="stack", not_volume_reason="a slice is missing")
    with pytest.raises(Conflict, match="geometry") as error:
        version_request(dataset=dataset, kind="release", user=manager)
    assert "a slice is missing" in error.value.state["gates"]["geometry"][0]["message"]


def test_the_schema_gate_refuses_a_structure_that_the_schema_has_lost():
    dataset, manager = make_dataset(cases=1)
    Case.objects.get().protocol.schema.structures.filter(code="L5").update(code="GONE")
    with pytest.raises(Conflict, match="schema"):
        version_request(dataset=dataset, kind="release", user=manager)


def test_the_licence_gate_refuses_a_dataset_without_one():
    dataset, manager = make_dataset(cases=1, licence="")
    with pytest.raises(Conflict) as error:
        version_request(dataset=dataset, kind="release", user=manager)
    assert gates(error) == {"licence"}


def test_the_splits_gate_refuses_a_patient_who_moved_between_splits():
    dataset, manager = make_dataset(cases=1)
    make_release(dataset, manager)
    Subject.objects.update(fold="sealed")
    with pytest.raises(Conflict) as error:
        version_request(dataset=dataset, kind="release", user=manager)
    assert gates(error) == {"splits"}


def test_a_patient_who_withdraws_while_the_files_are_written_stops_the_version():
    dataset, manager = make_dataset(cases=1)
    version = version_request(dataset=dataset, kind="release", user=manager)
    Subject.objects.update(withdrawn_at="2026-01-01T00:00Z")
    version = version_build(version=version)
    assert version.state == "refused"
    assert set(version.refusals) == {"selection"}
    assert not version.files.exists()


# training


def training(project: Project) -> Dataset:
    return dataset_for_training(project=project)


def test_a_training_version_takes_train_and_validation_and_never_a_sealed_patient():
    project = make_project()
    for fold in ("train", "validation", "sealed"):
        make_case(project, fold=fold, state="open")
    version = version_freeze(dataset=training(project), kind="training")
    assert {subject["split"] for subject in manifest_of(version)["subjects"]} == {"train", "validation"}
    assert len(version.draft.pins) == 2


def test_naming_a_sealed_patient_for_training_is_refused():
    project = make_project()
    make_case(project, fold="sealed")
    with pytest.raises(Conflict) as error:
        version_freeze(dataset=training(project), kind="training", cases=list(Case.objects.all()))
    assert gates(error) == {"fold"}


def test_training_versions_count_up_and_belong_to_the_training_set_alone():
    project = make_project()
    make_case(project)
    assert [version_freeze(dataset=training(project), kind="training").number for _ in range(2)] == ["1.0.0", "2.0.0"]
    dataset, manager = make_dataset(cases=0)
    with pytest.raises(Invalid, match="training set alone"):
        version_freeze(dataset=dataset, kind="training", user=manager)


def test_nobody_sees_a_training_version_as_a_dataset():
    project = make_project()
    manager = make_member("data_manager", project)
    make_case(project)
    version_freeze(dataset=training(project), kind="training")
    assert not Dataset.objects.visible_to(manager).exists()
    assert not Version.objects.visible_to(manager).exists()


# two people, and for ever


def test_who_froze_a_version_cannot_release_it():
    dataset, manager = make_dataset(cases=1)
    version = make_frozen(dataset, manager)
    with pytest.raises(Forbidden, match="somebody else"):
        version_approve(version=version, user=manager)
    released = version_approve(version=version, user=make_member("board_chair", dataset.project))
    assert released.state == "released"
    verbs = list(AuditEvent.objects.filter(verb__startswith="version.").values_list("verb", flat=True))
    assert verbs == ["version.request", "version.freeze", "version.release"]


def test_a_version_is_decided_on_once():
    dataset, manager = make_dataset(cases=1)
    version = make_release(dataset, manager)
    with pytest.raises(Conflict, match="released"):
        version_reject(version=version, user=make_member("data_manager", dataset.project))


def test_the_number_of_a_rejected_version_is_free_again():
    dataset, manager = make_dataset(cases=1)
    version_reject(version=make_frozen(dataset, manager), user=make_member("data_manager", dataset.project))
    assert make_frozen(dataset, manager).number == "1.0.0"


@pytest.mark.parametrize(
    "change",
    [
        lambda version: Version.objects.filter(pk=version.pk).update(manifest_digest="0" * 64),
        lambda version: Version.objects.filter(pk=version.pk).update(number="9.9.9"),
        lambda version: Version.objects.filter(pk=version.pk).update(counts={}),
        lambda version: Version.objects.filter(pk=version.pk).update(state="building"),
        lambda version: Version.objects.filter(pk=version.pk).update(state="frozen"),
        lambda version: Version.objects.filter(pk=version.pk).update(approved_by=version.frozen_by),
        lambda version: Version.objects.filter(pk=version.pk).delete(),
        lambda version: version.files.update(digest="0" * 64),
        lambda version: version.files.all().delete(),
        lambda version: VersionFile.objects.create(version=version, path="more", digest="0" * 64, size=1, role="doc"),
    ],
    ids=["manifest", "number", "counts", "back to building", "back to frozen", "approver", "delete", "file", "files gone", "one more file"],
)
def test_the_database_refuses_to_change_a_release(change):
    dataset, manager = make_dataset(cases=1)
    version = make_release(dataset, manager)
    with pytest.raises(DatabaseError), transaction.atomic():
        change(version)
    version.refresh_from_db()
    assert version.state == "released"


def test_the_database_refuses_a_release_by_one_person():
    dataset, manager = make_dataset(cases=1)
    version = make_frozen(dataset, manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        Version.objects.filter(pk=version.pk).update(state="released", approved_by=manager, released_at=version.frozen_at)
