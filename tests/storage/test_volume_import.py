"""Volumes and pictures go in through the one door, with their masks, once."""

from __future__ import annotations

import json
from io import BytesIO

import nibabel as nib
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from config.celery import enqueue
from jobs.models import Event, Job
from storage.models import Blob, ImportBatch, ImportFinding, Instance, Stack, Subject
from storage.services.blob import blob_read
from storage.services.import_batch import batch_open
from storage.services.source import source_for
from storage.services.stack import stack_volume
from storage.services.volume_import import volumes_import
from storage.services.volume_mapping import VolumeFile, mapping_read
from storage.services.volume_staging import volumes_stage
from tests.factories import make_project
from tests.work import work_off

pytestmark = pytest.mark.django_db

AFFINE = np.diag([2.0, 0.7, 0.7, 1.0])
IMAGE = np.random.default_rng(2).integers(0, 900, (5, 24, 30)).astype(np.int16)
MASK = (IMAGE > 600).astype(np.uint8) + (IMAGE > 800)
MAPPING = {"modality": "MR", "values": {"1": "vertebra", "2": "disc"}, "instances": True}


def nifti(array: np.ndarray, affine: np.ndarray = AFFINE) -> bytes:
    return nib.Nifti1Image(array, affine).to_bytes()


def take_in(files: dict[str, bytes], *, mapping: dict = MAPPING, kind: str = "nifti", project=None):
    project = project or make_project()
    source = source_for(project=project, kind="folder")
    batch = batch_open(project=project, source=source, kind=kind)
    listed = [VolumeFile(path, lambda data=data: data) for path, data in files.items()]
    done = volumes_import(source=source, batch=batch, mapping=mapping_read(mapping, kind=kind), files=listed)
    return done, batch


def mask_of(event: Event) -> np.ndarray:
    return np.load(BytesIO(blob_read(digest=event.payload["blob"])), allow_pickle=False)


def codes(batch: ImportBatch) -> dict[str, int]:
    return dict(ImportFinding.objects.filter(batch=batch).values_list("code", "count"))


def test_a_volume_becomes_a_stack_in_its_place_with_its_values():
    take_in({"sub-1_T2w.nii": nifti(IMAGE)}, mapping={"modality": "MR"})
    volume, geometry = stack_volume(stack=Stack.objects.select_related("series").get())
    assert geometry is not None
    assert geometry.plane == "sagittal"
    for index in [(0, 0, 0), (4, 29, 23), (2, 7, 11)]:
        ras = geometry.to_world(index) * [-1, -1, 1]
        i, j, k = np.rint(np.linalg.inv(AFFINE) @ [*ras, 1])[:3].astype(int)
        assert volume[index] == IMAGE[i, j, k]


def test_the_mask_is_handed_on_in_the_order_of_the_stack():
    done, _ = take_in({"sub-1_T2w.nii": nifti(IMAGE), "sub-1_seg.nii": nifti(MASK)})
    event = Event.objects.get(kind="mask.imported")
    volume, _ = stack_volume(stack=Stack.objects.select_related("series").get(pk=event.payload["stack"]))
    assert np.array_equal(mask_of(event), (volume > 600).astype(np.uint8) + (volume > 800))
    assert event.payload["values"] == {"1": "vertebra", "2": "disc"}
    assert event.payload["instances"] is True
    assert (done.volumes, done.masks, done.faults) == (1, 1, 0)


def test_importing_twice_changes_nothing():
    project = make_project()
    files = {"sub-1_T2w.nii": nifti(IMAGE), "sub-1_seg.nii": nifti(MASK)}
    take_in(files, project=project)
    before = [model.objects.count() for model in (Instance, Stack, Blob, Event, Subject)]
    _, batch = take_in(files, project=project)
    assert [model.objects.count() for model in (Instance, Stack, Blob, Event, Subject)] == before
    assert codes(batch) == {"duplicate": 5}


def test_one_bad_item_does_not_keep_the_others_out():
    files = {"sub-1_T2w.nii": b"no", "sub-2_T2w.nii": nifti(IMAGE), "sub-2_seg.nii": nifti(MASK[:3]), "notes.txt": b""}
    done, batch = take_in(files)
    assert (done.volumes, done.masks, done.faults) == (1, 0, 2)
    assert codes(batch) == {"not_nifti": 1, "mask_shape_mismatch": 1, "unmatched_file": 1}
    assert ImportFinding.objects.get(batch=batch, code="not_nifti").where == [1]


def test_a_finding_says_what_exactly_was_wrong():
    _, batch = take_in({"sub-1_T2w.nii": nifti(IMAGE), "sub-1_seg.nii": nifti(MASK * 7)})
    assert "7, 14" in ImportFinding.objects.get(batch=batch, code="mask_unknown_values").message


def test_the_subject_is_the_stated_one_in_every_import_of_its_issuer():
    project = make_project()
    take_in({"sub-1_T1w.nii": nifti(IMAGE)}, mapping={"modality": "MR"}, project=project)
    take_in({"sub-1_T2w.nii": nifti(IMAGE + 1)}, mapping={"modality": "MR"}, project=project)
    assert Subject.objects.count() == 1
    take_in({"sub-1_T1w.nii": nifti(IMAGE)}, mapping={"modality": "MR", "issuer": "another data set"}, project=project)
    assert Subject.objects.count() == 2


def test_no_file_name_is_kept():
    take_in({"sub-Quittenbaum_T2w.nii": nifti(IMAGE), "sub-Quittenbaum_seg.nii": nifti(MASK)})
    rows = [
        json.dumps(list(model.objects.values()), default=str) for model in (Instance, Stack, Subject, Event, ImportFinding, ImportBatch)
    ]
    assert not [row for row in rows if "Quittenbaum" in row]
    assert not [blob for blob in Blob.objects.all() if b"Quittenbaum" in blob_read(digest=blob.digest)]


@pytest.mark.django_db(transaction=True)
def test_an_upload_is_sealed_until_a_worker_has_taken_it_in():
    project = make_project()
    batch = batch_open(project=project, source=source_for(project=project, kind="upload"), kind="nifti")
    files = [("sub-1_T2w.nii", nifti(IMAGE)), ("sub-1_seg.nii", nifti(MASK))]
    payload = volumes_stage(batch=batch, kind="nifti", mapping=MAPPING, files=files)
    staged = set(Blob.objects.values_list("digest", flat=True))
    assert not [digest for digest in staged if b"n+1" in blob_read(digest=digest) or b"sub-1" in blob_read(digest=digest)]
    enqueue(kind="storage.volume_import", payload=payload, project=project)
    work_off()
    batch.refresh_from_db()
    assert batch.state == "done"
    assert Job.objects.get(kind="storage.volume_import").result == {"volumes": 1, "masks": 1, "faults": 0}
    assert Stack.objects.exclude(ready_at=None).count() == 1
    assert not Blob.objects.filter(digest__in=staged).exists()


def test_the_command_says_what_it_did(tmp_path, capsys):
    project = make_project()
    (tmp_path / "sub-1_T2w.nii").write_bytes(nifti(IMAGE))
    (tmp_path / "sub-1_seg.nii").write_bytes(nifti(MASK))
    values = '{"1": "vertebra", "2": "disc"}'
    call_command("import_volumes", str(tmp_path), project=project.slug, modality="MR", values=values, instances=True)
    assert "1 images, 1 masks taken in, 0 faults." in capsys.readouterr().out
    assert Job.objects.filter(kind="storage.frames").count() == 1
    with pytest.raises(CommandError, match="no project"):
        call_command("import_volumes", str(tmp_path), project="nowhere", modality="MR")


def import_folder(folder, *, kind="nifti", **mapping):
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return take_in(files, mapping=mapping, kind=kind)


def test_real_mr_with_masks(test_data):
    done, _ = import_folder(test_data / "mr_spider_t2space", modality="MR", values="vertebra-disc-canal", instances=True)
    assert (done.volumes, done.masks, done.faults) == (29, 29, 0)
    assert set(Stack.objects.values_list("kind", "plane")) == {("volume", "sagittal")}
    assert Subject.objects.filter(fold="sealed").count() >= 8


def test_real_ct_stored_pir(test_data):
    done, _ = import_folder(test_data / "ct_verse014", modality="CT", values="verse")
    assert (done.volumes, done.masks) == (1, 1)
    stack = Stack.objects.select_related("series").get()
    volume, geometry = stack_volume(stack=stack)
    assert volume.shape == (40, 186, 186)
    mask = mask_of(Event.objects.get(kind="mask.imported"))
    centroids = json.loads((test_data / "ct_verse014" / "sub-verse014_seg-vb_ctd.json").read_text())
    image = nib.load(test_data / "ct_verse014" / "sub-verse014_ct.nii.gz")
    assert volume[mask > 0].mean() > volume[mask == 0].mean() + 100
    for entry in centroids[1:]:
        ras = (image.affine @ [entry["X"], entry["Y"], entry["Z"], 1])[:3]
        index = np.rint(geometry.to_index(ras * [-1, -1, 1])).astype(int)
        assert mask[tuple(index)] == entry["label"]


def test_real_films_are_single_projections_without_millimetres(test_data):
    done, batch = import_folder(test_data / "xray_scoliosis", kind="png", modality="DX")
    assert done.volumes == 100
    assert set(Stack.objects.values_list("kind", "geometry_digest")) == {("single", "")}
    assert codes(batch) == {"lossy_source": 100, "unmatched_file": 1} or codes(batch)["unmatched_file"] == 1


def test_a_real_stack_of_mixed_pictures(test_data):
    done, _ = import_folder(
        test_data / "mr_spider_png_stack",
        kind="png",
        modality="MR",
        image=r"images/(?P<subject>\d+)_.*slice(?P<slice>\d+)\.png",
        mask=r"masks/(?P<subject>\d+)_.*slice(?P<slice>\d+)\.png",
        values={"76": "vertebra", "29": "disc", "150": "canal"},
        instances=True,
        spacing=[0.9, 0.47, 0.47],
    )
    assert (done.volumes, done.masks, done.faults) == (1, 1, 0)
    stack = Stack.objects.get()
    assert (stack.kind, stack.slice_count, stack.rows, stack.columns) == ("volume", 13, 640, 512)
    assert set(np.unique(mask_of(Event.objects.get(kind="mask.imported")))) == {0, 29, 76, 150}
