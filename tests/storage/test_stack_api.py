"""Feeding a viewer: who may, which bytes, which headers."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import numpy as np
import pytest
from django.test import Client

from accounts.abilities import ABILITIES
from accounts.models import Role
from storage.envelope import envelope_decode, envelope_split
from storage.models import Stack, Subject
from storage.object_store import key_of
from storage.services.blob import blob_read
from storage.services.frames import stack_render
from storage.services.manifest import stack_manifest
from tests.factories import make_member, make_project
from tests.storage.stacks import grid, make_stack

pytestmark = pytest.mark.django_db


@pytest.fixture
def stack() -> Stack:
    voxels = np.random.default_rng(7).integers(0, 2000, (5, 96, 80)).astype(np.int16)
    stack = make_stack(list(voxels), geometry=grid((5, 96, 80)))
    stack_render(stack=stack)
    return stack


def signed_in(stack: Stack, role: str = "radiologist") -> Client:
    client = Client()
    client.force_login(make_member(role, stack.project))
    return client


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


PATHS = ["", "/manifest", "/preview", "/frames", "/frames/0"]


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("path", PATHS)
def test_only_who_may_view_images_sees_them(stack, path, role):
    expected = 200 if role in ABILITIES["image.view"] else 404
    assert signed_in(stack, role).get(f"/api/stacks/{stack.pk}{path}").status_code == expected


@pytest.mark.parametrize("path", PATHS)
def test_strangers_and_members_of_other_projects_see_nothing(stack, path):
    assert Client().get(f"/api/stacks/{stack.pk}{path}").status_code in (401, 403)
    other = Client()
    other.force_login(make_member("radiologist", make_project()))
    assert other.get(f"/api/stacks/{stack.pk}{path}").status_code == 404


@pytest.mark.parametrize("path", PATHS[1:])
def test_a_withdrawn_subject_is_gone(stack, path):
    Subject.objects.update(withdrawn_at=datetime.now(UTC))
    response = signed_in(stack).get(f"/api/stacks/{stack.pk}{path}")
    assert response.status_code == 410
    assert response.json()["error"]["code"] == "gone"


def test_a_stack_that_is_not_ready_says_so():
    stack = make_stack([np.zeros((4, 4), np.int16)])
    response = signed_in(stack).get(f"/api/stacks/{stack.pk}/manifest")
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "stack_not_ready"


def test_a_frame_is_immutable_private_and_named_by_its_digest(stack):
    client = signed_in(stack)
    response = client.get(f"/api/stacks/{stack.pk}/frames/2", headers={"Accept": "image/jphc"})
    data = body(response)
    assert response["Content-Type"] == "image/jphc"
    assert response["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert int(response["Content-Length"]) == len(data)
    assert "Content-Encoding" not in response
    again = client.get(f"/api/stacks/{stack.pk}/frames/2", headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, body(again)) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-99", 206, 0, 100),
        ("bytes=100-", 206, 100, None),
        ("bytes=-7", 206, -7, None),
        ("bytes=5-999999999", 206, 5, None),
        ("bytes=0-", 200, 0, None),
        ("bytes=999999999-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=9-3", 200, 0, None),
        ("bytes=0-1,4-5", 200, 0, None),
        ("pixels=0-1", 200, 0, None),
    ],
)
def test_one_range_of_bytes(stack, asked, status, start, end):
    whole = blob_read(digest=stack_manifest(stack=stack).frames[0].digest)
    response = signed_in(stack).get(f"/api/stacks/{stack.pk}/frames/0", headers={"Range": asked})
    assert response.status_code == status
    assert body(response) == whole[start:end]
    if status == 206:
        first = len(whole) + start if start < 0 else start
        assert response["Content-Range"] == f"bytes {first}-{first + len(whole[start:end]) - 1}/{len(whole)}"


def test_a_range_of_another_version_is_answered_whole(stack):
    headers = {"Range": "bytes=0-9", "If-Range": '"something else"'}
    assert signed_in(stack).get(f"/api/stacks/{stack.pk}/frames/0", headers=headers).status_code == 200


def test_a_bundle_is_the_frames_in_order(stack):
    frames = stack_manifest(stack=stack).frames
    header, rest = envelope_decode(body(signed_in(stack).get(f"/api/stacks/{stack.pk}/frames?from=1&count=3")))
    assert [item["index"] for item in header["frames"]] == [1, 2, 3]
    assert all(item["complete"] for item in header["frames"])
    bodies = envelope_split(rest, [item["length"] for item in header["frames"]])
    assert [hashlib.sha256(part).hexdigest() for part in bodies] == [frame.digest for frame in frames[1:4]]


def test_a_bundle_of_low_resolution_is_the_first_bytes_of_each_frame(stack):
    frames = stack_manifest(stack=stack).frames
    response = signed_in(stack).get(f"/api/stacks/{stack.pk}/frames?count=99&level=1")
    data = body(response)
    header, rest = envelope_decode(data)
    assert int(response["Content-Length"]) == len(data)
    bodies = envelope_split(rest, [item["length"] for item in header["frames"]])
    assert [len(part) for part in bodies] == [frame.levels[1] for frame in frames]
    assert bodies[0] == blob_read(digest=frames[0].digest)[: frames[0].levels[1]]
    assert not any(item["complete"] for item in header["frames"])


def test_bundles_differ_in_their_etag(stack):
    client = signed_in(stack)
    tags = {client.get(f"/api/stacks/{stack.pk}/frames?{ask}")["ETag"] for ask in ("", "from=1", "count=2", "level=0", "level=1")}
    assert len(tags) == 5
    assert client.get(f"/api/stacks/{stack.pk}/frames", headers={"If-None-Match": tags.pop()}).status_code in (200, 304)


@pytest.mark.parametrize("ask", ["from=-1", "count=x", "level=1.5", "from=99999999999"])
def test_a_bad_bundle_is_refused_by_name(stack, ask):
    response = signed_in(stack).get(f"/api/stacks/{stack.pk}/frames?{ask}")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_parameter")


def test_a_frame_beyond_the_end_is_missing(stack):
    response = signed_in(stack).get(f"/api/stacks/{stack.pk}/frames/5")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "no_such_frame")


def test_a_damaged_frame_is_an_error_and_never_an_image(stack, settings):
    digest = stack_manifest(stack=stack).frames[0].digest
    path = settings.ENVIRONMENT.data_dir / "objects" / key_of(digest)
    if not path.exists():
        pytest.skip("only the folder store can be damaged from here")
    whole = path.read_bytes()
    path.write_bytes(whole[:-2] + b"xx")
    try:
        response = signed_in(stack).get(f"/api/stacks/{stack.pk}/frames/0")
    finally:
        path.write_bytes(whole)
    assert (response.status_code, response.json()["error"]["code"]) == (500, "corrupt_object")


def test_the_manifest_is_the_blob(stack):
    response = signed_in(stack).get(f"/api/stacks/{stack.pk}/manifest")
    assert hashlib.sha256(body(response)).hexdigest() == stack.manifest_digest
    assert response["Content-Type"] == "application/json"


def test_the_list_filters_and_leaves_out_replaced_stacks(stack):
    other = make_stack([np.zeros((4, 4), np.int16)], project=stack.project, modality="MR", kind="single")
    Stack.objects.filter(pk=other.pk).update(is_current=False)
    client = signed_in(stack)
    ask = lambda query: [item["id"] for item in client.get(f"/api/stacks?{query}").json()["results"]]  # noqa: E731
    assert ask(f"project={stack.project.slug}") == [str(stack.pk)]
    assert ask("current=false") == [str(other.pk)]
    assert ask("ready=true") == [str(stack.pk)]
    assert ask("modality=MR") == []
    assert ask("project=another") == []
