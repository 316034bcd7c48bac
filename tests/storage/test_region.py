"""The region of a large CT: where the spine is, the same voxels as the whole, and who may have it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from django.test import Client

from config.celery import REGISTRY, enqueue
from jobs.models import Job
from storage.dicom.geometry import Geometry
from storage.dicom.htj2k import decode_frame
from storage.dicom.spine_region import Box, mask_box, spine_box
from storage.models import Blob, StackRegion
from storage.services.blob import blob_read
from storage.services.frames import stack_render
from storage.services.region import region_make
from storage.services.subject import subject_erase, subject_withdraw
from tests.factories import make_member
from tests.storage.stacks import grid, make_stack
from tests.storage.trunks import spine_column, trunk, trunk_grid


def marked(shape: tuple[int, int, int]) -> np.ndarray:
    """Return where the bodies and arches of the trunk's spine are, true or false."""
    mask = np.zeros(shape, bool)
    for index, (row, column) in enumerate(spine_column(shape)):
        mask[index, int(row - 22) : int(row + 71), int(column - 22) : int(column + 23)] = True
    return mask


@pytest.mark.parametrize("turned", [False, True], ids=["to the left and back", "to the right and front"])
def test_the_box_holds_the_whole_spine_and_little_else(turned: bool):
    small = (48, 128, 128)
    volume, mask, geometry = trunk((48, 512, 512))[:, ::4, ::4], marked((48, 512, 512))[:, ::4, ::4], trunk_grid(small, (5.0, 3.2, 3.2))
    if turned:
        volume, mask = volume[:, ::-1, ::-1], mask[:, ::-1, ::-1]
        corner = geometry.to_world([0, 127, 127])
        geometry = Geometry(tuple(corner), (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), geometry.spacing, small)
    box, true = spine_box(volume.astype(np.float32), (1, 1, 1), geometry), mask_box(mask)
    assert box is not None
    assert true is not None
    assert box.holds(true)
    assert box.share(geometry) < 0.4


def test_where_no_spine_is_found_there_is_no_box():
    assert spine_box(np.full((20, 32, 32), -1000, np.float32), (1, 1, 1), trunk_grid((20, 32, 32))) is None
    water = np.where(trunk((20, 128, 128)) > -500, 0, -1000).astype(np.float32)
    assert spine_box(water, (1, 1, 1), trunk_grid((20, 128, 128))) is None


@pytest.mark.django_db
def test_a_region_holds_the_very_voxels_of_the_whole_and_goes_with_its_subject():
    voxels = trunk((64, 512, 512))
    stack = make_stack(list(voxels), geometry=trunk_grid((64, 512, 512)), fields=[{"RescaleSlope": 1, "RescaleIntercept": 0}] * len(voxels))
    assert stack_render(stack=stack)
    region = region_make(stack=stack)
    assert region is not None
    (top, bottom), (left, right) = region.rows, region.columns
    content = json.loads(blob_read(digest=region.digest))
    assert len(content["slices"]) == len(voxels)
    for index in (0, 41, 63):
        part = decode_frame(blob_read(digest=content["slices"][index]["frameDigest"]))
        assert np.array_equal(part, voxels[index, top:bottom, left:right])
    assert content["bytes"] < content["wholeBytes"]

    # a proposal within it changes nothing; one beside it makes another, and the first stays for those who read it
    kept = region_make(stack=stack, around=Box((top + 30, bottom - 30), (left + 30, right - 30)))
    assert kept == region
    wider = region_make(stack=stack, around=Box((top - 5, bottom), (left, right)))
    assert wider is not None
    assert (wider.pk == region.pk, wider.source) == (False, StackRegion.Source.PROPOSAL)
    assert stack.regions.first() == wider

    reader = Client()
    reader.force_login(make_member("radiologist", stack.project))
    at = f"/api/stacks/{stack.pk}"
    told = reader.get(f"{at}/regions/{region.digest}")
    assert told.json() == content
    assert "immutable" in told["Cache-Control"]
    whole, part = reader.get(f"{at}/frames/3"), reader.get(f"{at}/frames/3?region={region.digest}")
    assert decode_frame(part.content).shape == (bottom - top, right - left)
    assert len(part.content) < len(whole.content)
    bundle = reader.get(f"{at}/frames?from=3&count=2&region={region.digest}")
    assert bundle["ETag"].startswith(f'"{region.digest}')
    assert reader.get(f"{at}/frames/3?region={'0' * 64}").json()["error"]["code"] == "no_such_region"
    stranger = Client()
    stranger.force_login(make_member("radiologist"))
    assert stranger.get(f"{at}/regions/{region.digest}").status_code == 404

    frames = {item["frameDigest"] for item in content["slices"]} | {region.digest, wider.digest}
    subject = stack.series.study.subject
    subject_erase(subject=subject_withdraw(subject=subject, user=None, reason="asked"))
    assert not Blob.objects.filter(digest__in=frames).exists()
    assert not StackRegion.objects.filter(stack=stack).exists()


@pytest.mark.django_db
def test_small_stacks_and_other_modalities_open_whole():
    stack = make_stack([np.zeros((8, 8), np.int16)] * 2, geometry=grid((2, 8, 8)))
    job = enqueue(kind="storage.frames", payload={"stack": str(stack.pk)}, project=stack.project)
    REGISTRY["storage.frames"][1](str(job.pk))
    stack.refresh_from_db()
    assert region_make(stack=stack) is None
    assert not Job.objects.filter(kind="storage.region").exists()
