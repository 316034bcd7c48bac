"""Phantoms pass the one door: nothing of the invented patient is left, and their stacks become ready."""

from __future__ import annotations

import json

import pytest

from config.celery import enqueue
from storage.keys import pseudonyms_of
from storage.models import Blob, Instance, QuarantineItem, Series, Stack, Study, Subject
from storage.phantom_dicom.identity import identity_draw, patient_id
from storage.services.blob import blob_read
from storage.services.phantom_import import phantom_seeds
from tests.factories import make_project
from tests.work import work_off

pytestmark = pytest.mark.django_db


def take_in(seed: int, modalities: list[str]):
    project = make_project()
    enqueue(kind="storage.phantom_import", payload={"seed": seed, "modalities": modalities, "fast": True}, project=project)
    work_off()
    return project


@pytest.mark.django_db(transaction=True)
def test_a_phantom_becomes_ready_stacks():
    take_in(3, ["MR", "CT", "DX"])
    ready = Stack.objects.exclude(ready_at=None)
    assert sorted(ready.values_list("series__modality", "kind", "plane")) == [
        ("CT", "volume", "axial"),
        ("DX", "single", "projection"),
        ("DX", "single", "projection"),
        ("MR", "volume", "sagittal"),
        ("MR", "volume", "sagittal"),
        ("MR", "volume", "sagittal"),
    ]
    assert (Subject.objects.count(), Study.objects.count(), QuarantineItem.objects.count()) == (1, 3, 0)


@pytest.mark.django_db(transaction=True)
def test_nothing_of_the_invented_patient_is_left():
    take_in(3, ["MR", "DX"])
    stored = [blob_read(digest=blob.digest) for blob in Blob.objects.all()]
    rows = json.dumps(
        [list(model.objects.values()) for model in (Instance, Series, Study, Subject, Stack)], default=str, ensure_ascii=False
    )
    for text in identity_draw(3).canaries():
        assert text not in rows, text
        assert not [data for data in stored if text.encode() in data or text.encode("utf-16-le") in data], text


def test_the_demo_chooses_patients_that_are_not_sealed():
    project = make_project()
    seeds = phantom_seeds(project=project, count=4)
    assert len(set(seeds)) == 4
    assert "sealed" not in {pseudonyms_of(project.pk).fold("", patient_id(seed)) for seed in seeds}
