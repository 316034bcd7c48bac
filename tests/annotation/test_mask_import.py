"""Masks that come with public data: told apart along the spine, named from below, refused when their meaning is unknown."""

from __future__ import annotations

import gzip
import io
import uuid

import nibabel as nib
import numpy as np
import pytest

from annotation.geometry.instances import bodies_and_discs
from annotation.models import Revision
from annotation.services.mask_import import mask_import, mask_read
from annotation.services.revision import revision_mask, revision_values
from config.errors import Conflict, Invalid
from jobs.models import Event
from jobs.services.event import event_emit
from storage.models import Stack
from storage.services.blob import blob_put
from tests.annotation.cases import make_case, ready_stack
from tests.annotation.lumbar import lumbar_masks
from tests.factories import make_member
from tests.storage.stacks import grid

SHAPE = (4, 60, 24)


def spine() -> np.ndarray:
    """Return a sagittal mask: three vertebrae (1) from row 4 down with discs (2) below each, a canal (3) behind."""
    mask = np.zeros(SHAPE, dtype=np.uint8)
    for top in (4, 22, 40):
        mask[:, top : top + 12, 4:14] = 1
        mask[:, top + 13 : top + 16, 4:14] = 2
    mask[1:3, :, 16:20] = 3
    return mask


def npy(mask: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, mask)
    return out.getvalue()


VALUES = {"1": "vertebra", "2": "disc", "3": "canal"}


def bring(case, mask, values=VALUES, *, instances=True) -> Revision:
    blob = blob_put(data=npy(mask), media_type="application/octet-stream")
    return mask_import(stack=case.stacks.first(), blob_digest=blob.digest, values=values, instances=instances)[0]


def codes(revision: Revision) -> list[str]:
    return [entry["structure"] for entry in revision.content["segments"]]


@pytest.mark.django_db
def test_bodies_and_discs_are_numbered_upward_from_l5():
    case = make_case(shape=SHAPE)
    revision, stack = bring(case, spine()), case.stacks.get()
    assert sorted(codes(revision)) == ["CANAL", "IVD_L3", "IVD_L4", "IVD_L5", "L3", "L4", "L5"]
    values = revision_values(revision=revision, stack=stack)
    assert [values[0, row, 8] for row in (10, 18, 28, 36, 46, 54)] == [22, 122, 23, 123, 24, 124]
    assert values[1, 0, 17] == 61


@pytest.mark.django_db
def test_given_codes_are_kept_as_they_are():
    case = make_case(shape=SHAPE)
    revision = bring(case, (spine() == 3).astype(np.uint8) * 20, {"20": "T12"}, instances=False)
    assert codes(revision) == ["T12"]


@pytest.mark.django_db
def test_the_same_import_again_is_the_same_revision():
    case = make_case(shape=SHAPE)
    assert bring(case, spine()).pk == bring(case, spine()).pk
    assert Event.objects.filter(kind="annotation.submitted").count() == 1


@pytest.mark.django_db
def test_a_mask_of_a_second_stack_joins_the_first():
    case = make_case(shape=SHAPE)
    first, stack = bring(case, spine()), case.stacks.get()
    other = ready_stack(project=case.project, shape=SHAPE, seed=9)
    other.series.study = case.study
    other.series.save()
    blob = blob_put(data=npy(spine()), media_type="application/octet-stream")
    second = mask_import(stack=Stack.objects.get(pk=other.pk), blob_digest=blob.digest, values=VALUES, instances=True)[0]
    assert (second.annotation_id, second.number) == (first.annotation_id, 2)
    assert second.content["segments"] == first.content["segments"]
    for found in (stack, other):
        assert revision_mask(revision=second, stack=found, layer="instances").any()


@pytest.mark.django_db
def test_an_import_is_seen_by_managers_not_by_readers():
    case = make_case(shape=SHAPE)
    revision = bring(case, spine())
    assert Revision.objects.visible_to(make_member("data_manager", case.project)).filter(pk=revision.pk).exists()
    assert not Revision.objects.visible_to(make_member("radiologist", case.project)).filter(pk=revision.pk).exists()
    case.refresh_from_db()
    assert case.state == "new", "a person can still read it"


@pytest.mark.django_db
def test_what_is_not_understood_is_refused():
    case = make_case(shape=SHAPE)
    with pytest.raises(Conflict) as caught:
        bring(case, spine(), {"1": "vertebra", "2": "disc"})
    assert (caught.value.code, caught.value.state["values"]) == ("unknown_value", [3])
    with pytest.raises(Conflict):
        bring(case, spine(), {**VALUES, "3": "tail"})
    with pytest.raises(Invalid) as shape:
        bring(case, spine()[:2])
    assert shape.value.code == "mask_shape"
    for data in (b"", b"not a mask", npy(np.zeros((2, 2))), npy(np.full((2, 2, 2), 0.5))):
        with pytest.raises(Invalid):
            mask_read(data)


@pytest.mark.django_db(transaction=True)
def test_the_event_leads_to_the_import(settings):
    from tests.work import work_off

    case = make_case(shape=SHAPE)
    blob = blob_put(data=npy(spine()), media_type="application/octet-stream")
    Event.objects.all().delete()
    payload = {
        "stack": str(case.stacks.get().pk),
        "blob": blob.digest,
        "values": VALUES,
        "instances": True,
        "project": str(case.project_id),
    }
    event_emit(kind="mask.imported", payload=payload)
    job = next(job for job in work_off() if job.kind == "annotation.mask_import")
    assert job.state == "succeeded", job.error_message
    assert Revision.objects.get(kind="import").pk in {uuid.UUID(pk) for pk in job.result["revisions"]}


def test_nifti_masks_are_read_as_slices_rows_columns():
    mask = spine()
    image = nib.Nifti1Image(mask.T, np.eye(4))
    for data in (image.to_bytes(), gzip.compress(image.to_bytes())):
        assert np.array_equal(mask_read(data), mask)


def test_touching_posterior_elements_do_not_join_two_vertebrae():
    mask = spine() == 1
    mask[1, 10:50, 14:16] = True
    bodies, discs = bodies_and_discs(mask, spine() == 2, grid(SHAPE).affine)
    assert sorted(np.unique(bodies).tolist()) == [0, 1, 2, 3]
    assert [int(bodies[0, row, 8]) for row in (10, 28, 46)] == [3, 2, 1]
    assert [int(discs[0, row, 8]) for row in (18, 36, 54)] == [3, 2, 1]
    assert ((bodies > 0) == mask).all()


def test_without_discs_components_are_numbered_from_below():
    bodies, discs = bodies_and_discs(spine() == 1, np.zeros(SHAPE, dtype=bool), grid(SHAPE).affine)
    assert [int(bodies[0, row, 8]) for row in (10, 28, 46)] == [3, 2, 1]
    assert not discs.any()


def test_an_empty_mask_has_no_bodies():
    bodies, discs = bodies_and_discs(np.zeros(SHAPE, dtype=bool), np.zeros(SHAPE, dtype=bool), grid(SHAPE).affine)
    assert not bodies.any()
    assert not discs.any()


@pytest.mark.slow
def test_every_real_lumbar_mask_splits_into_a_row_of_vertebrae(test_data):
    found = []
    for name, vertebrae, all_discs, affine in lumbar_masks(test_data):
        bodies, discs = bodies_and_discs(vertebrae, all_discs, affine)
        assert ((bodies > 0) == vertebrae).all()
        assert ((discs > 0) == all_discs).all()
        found.append(int(bodies.max()))
        sizes = np.bincount(bodies.ravel())[1:]
        assert sizes.min() > 0.1 * np.median(sizes), name
    assert all(6 <= count <= 9 for count in found), found
