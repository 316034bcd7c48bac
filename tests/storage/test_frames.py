"""Display frames, manifest, preview and the event that says a stack is ready."""

from __future__ import annotations

import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from config.celery import REGISTRY, enqueue
from config.errors import Conflict, Invalid
from jobs.models import Event
from storage.dicom.htj2k import decode_frame
from storage.models import Blob, Instance
from storage.services.blob import blob_read
from storage.services.frames import stack_render
from storage.services.import_batch import batch_open
from storage.services.manifest import stack_manifest
from tests.storage.stacks import grid, make_stack

pytestmark = pytest.mark.django_db


def noise(*shape: int, dtype=np.int16) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 2000, shape).astype(dtype)


def rendered(stack) -> dict:
    assert stack_render(stack=stack)
    return json.loads(blob_read(digest=stack.manifest_digest))


def picture(content: dict) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(blob_read(digest=content["preview"]))).convert("L"))


def test_every_slice_has_a_lossless_frame_of_its_stored_values():
    voxels = noise(3, 40, 50)
    content = rendered(make_stack(list(voxels), geometry=grid((3, 40, 50)), fields=[{"RescaleSlope": 1, "RescaleIntercept": -1024}] * 3))
    for voxel_slice, item in zip(voxels, content["slices"], strict=True):
        data = blob_read(digest=item["frameDigest"])
        assert np.array_equal(decode_frame(data), voxel_slice)
        assert item["length"] == len(data) == item["levels"][-1]
    assert (content["rescaleSlope"], content["rescaleIntercept"], content["signed"]) == (1.0, -1024.0, True)


def test_the_manifest_says_what_a_viewer_needs():
    stack = make_stack(list(noise(3, 40, 50)), geometry=grid((3, 40, 50)))
    content = rendered(stack)
    assert content["stack"] == str(stack.pk)
    assert content["geometry"] == stack.geometry
    assert [item["key"] for item in content["slices"]] == [f"{item['digest']}:1" for item in stack.slices]
    assert [item["index"] for item in content["slices"]] == [0, 1, 2]
    assert content["plane"] == "sagittal"
    assert [window["label"] for window in content["windows"]] == ["Bone", "Soft tissue", "Lung"]


def test_slices_outside_a_grid_say_how_they_lie_and_a_film_which_side_is_which():
    oblique = [0.0, 1.0, 0.0, 0.0, 0.0, -1.0]
    tilted = rendered(make_stack(list(noise(2, 8, 8)), kind="stack", fields=[{"ImageOrientationPatient": oblique}] * 2))
    assert [(item["rowDirection"], item["columnDirection"]) for item in tilted["slices"]] == [(oblique[:3], oblique[3:])] * 2
    film = rendered(make_stack(list(noise(1, 8, 8)), kind="single", modality="DX", fields=[{"PatientOrientation": ["P", "F"]}]))
    assert film["patientOrientation"] == ["P", "F"]
    assert "rowDirection" not in film["slices"][0]


def test_slices_of_one_stack_may_differ_in_sign():
    content = rendered(make_stack([noise(8, 8), noise(8, 8, dtype=np.uint16)]))
    assert [item["signed"] for item in content["slices"]] == [True, False]


def test_ready_is_told_once_with_ids_only():
    stack = make_stack(list(noise(2, 8, 8)))
    assert stack_render(stack=stack)
    assert not stack_render(stack=stack)
    event = Event.objects.get(kind="stack.ready")
    assert event.payload == {
        "stack": str(stack.pk),
        "series": str(stack.series_id),
        "study": str(stack.series.study_id),
        "project": str(stack.project_id),
    }


def test_rendering_again_gives_the_same_bytes():
    stack = make_stack(list(noise(2, 8, 8)))
    stack_render(stack=stack)
    before, blobs = stack.manifest_digest, Blob.objects.count()
    type(stack).objects.filter(pk=stack.pk).update(ready_at=None, manifest_digest="")
    stack.refresh_from_db()
    stack_render(stack=stack)
    assert (stack.manifest_digest, Blob.objects.count()) == (before, blobs)


def test_the_preview_has_the_proportions_of_the_body():
    voxels = noise(1, 100, 50)
    content = rendered(make_stack(list(voxels), kind="single", modality="MR", fields=[{"PixelSpacing": [1.0, 4.0]}]))
    assert picture(content).shape == (128, 256)
    assert content["pixelSpacing"] == [1.0, 4.0]


def test_monochrome1_is_inverted_for_the_eye_only():
    ramp = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (64, 1))
    fields = {"PhotometricInterpretation": "MONOCHROME1", "WindowCenter": 128, "WindowWidth": 256}
    content = rendered(make_stack([ramp], kind="single", modality="DX", fields=[fields]))
    shown = picture(content).astype(int)
    assert shown[128, 5] > 230 > 30 > shown[128, 250]
    assert np.array_equal(decode_frame(blob_read(digest=content["slices"][0]["frameDigest"])), ramp)
    assert content["photometric"] == "MONOCHROME1"


def test_colour_frames_are_rgb():
    pixels = np.random.default_rng(1).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    content = rendered(make_stack([pixels], kind="single", modality="US"))
    assert np.array_equal(decode_frame(blob_read(digest=content["slices"][0]["frameDigest"])), pixels)
    assert (content["photometric"], content["samples"], content["windows"]) == ("RGB", 3, [])


def test_a_detector_spacing_is_named_as_such():
    content = rendered(make_stack([noise(20, 20)], kind="single", modality="DX", fields=[{"ImagerPixelSpacing": [0.2, 0.2]}]))
    assert content["pixelSpacingSource"] == "ImagerPixelSpacing"
    assert content["geometry"] is None


def test_a_slice_that_cannot_be_decoded_leaves_the_stack_unready():
    stack = make_stack(list(noise(2, 8, 8)), fields=[{}, {"PixelData": b"\0\0"}])
    with pytest.raises(Invalid):
        stack_render(stack=stack)
    assert not Event.objects.exists()
    with pytest.raises(Conflict) as refused:
        stack_manifest(stack=stack)
    assert refused.value.code == "stack_not_ready"


def test_a_rescale_of_its_own_is_in_every_slice():
    slopes = [{"RescaleSlope": 1, "RescaleIntercept": 0}, {"RescaleSlope": 0.5, "RescaleIntercept": 3}]
    content = rendered(make_stack(list(noise(2, 8, 8)), modality="PT", fields=slopes))
    assert [(item["rescaleSlope"], item["rescaleIntercept"]) for item in content["slices"]] == [(1.0, 0.0), (0.5, 3.0)]


def test_an_unreadable_stack_is_named_once_on_the_intake_page():
    stack = make_stack(list(noise(2, 8, 8)), fields=[{}, {"PixelData": b"\0\0"}])
    batch = batch_open(project=stack.project, source=None)
    Instance.objects.update(batch=batch)
    job = enqueue(kind="storage.frames", payload={"stack": str(stack.pk)}, project=stack.project)
    for _ in range(2):
        REGISTRY["storage.frames"][1](str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "truncated_pixel_data")
    assert list(batch.findings.values_list("code", "count")) == [("frames_failed", 1)]


def test_an_ultrasound_picture_says_where_lengths_are_known():
    from pydicom import Dataset

    from storage.services.manifest import ultrasound_regions

    def region(units: int, left: int) -> Dataset:
        found = Dataset()
        found.RegionLocationMinX0, found.RegionLocationMinY0, found.RegionLocationMaxX1, found.RegionLocationMaxY1 = (
            left,
            20,
            left + 99,
            180,
        )
        found.PhysicalUnitsXDirection = found.PhysicalUnitsYDirection = units
        found.PhysicalDeltaX, found.PhysicalDeltaY = 0.02, -0.03
        return found

    picture = Dataset()
    assert ultrasound_regions(picture) == []
    picture.SequenceOfUltrasoundRegions = [region(3, 10), region(4, 300)]
    assert ultrasound_regions(picture) == [{"box": [10, 20, 109, 180], "spacing": [0.3, 0.2]}]
