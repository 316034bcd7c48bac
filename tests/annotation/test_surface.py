"""Surfaces: triangles that enclose what the mask marks, in mm, for those who may see the mask."""

import base64
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from django.test import Client

from annotation.geometry.surface import quantise, surfaces_of
from annotation.models import Surface
from annotation.services.withdrawal import subject_forget
from storage.dicom.geometry import Geometry
from storage.envelope import envelope_decode, envelope_split
from storage.object_store import store
from storage.services.subject import subject_withdraw
from tests.annotation.cases import make_writer, segment_op
from tests.annotation.test_proposal import propose
from tests.work import work_off

SHAPE = (12, 40, 44)


def ball(shape, centre, radius, spacing):
    index = np.indices(shape).reshape(3, -1).T
    near = np.linalg.norm((index - centre) * spacing, axis=1) <= radius
    return near.reshape(shape)


@pytest.mark.parametrize("spacing", [(4.0, 0.6, 0.6), (1.0, 0.5, 0.5), (2.0, 2.0, 2.0)])
def test_a_ball_keeps_its_place_and_its_volume(spacing):
    shape = tuple(round(60 / side) for side in spacing)
    centre = np.array(shape) / 2
    grid = Geometry((10, -20, 30), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0), spacing, shape)
    mask = ball(shape, centre, 18, spacing).astype(np.uint8) * 7
    (mesh,) = surfaces_of(mask, grid.affine, grid.spacing)
    assert mesh.segment == 7
    assert mesh.volume == pytest.approx(mask.astype(bool).sum() * np.prod(spacing), rel=0.06)
    assert np.linalg.norm(mesh.points.mean(axis=0) - grid.to_world(centre)) < max(spacing) / 2
    radii = np.linalg.norm(mesh.points - grid.to_world(centre), axis=1)
    assert np.abs(radii - 18).max() < max(spacing)


def test_every_segment_has_its_own_closed_surface_and_a_thin_one_does_not_vanish():
    mask = np.zeros((20, 30, 30), np.uint8)
    mask[4:10, 5:15, 5:15], mask[10:16, 5:15, 5:15], mask[10, 25, 25] = 1, 2, 3
    meshes = list(surfaces_of(mask, np.diag([2.0, 2.0, 2.0, 1.0]), (2.0, 2.0, 2.0)))
    assert [mesh.segment for mesh in meshes] == [1, 2, 3]
    for mesh in meshes:
        edges = np.sort(np.concatenate([mesh.triangles[:, [0, 1]], mesh.triangles[:, [1, 2]], mesh.triangles[:, [2, 0]]]), axis=1)
        assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
        assert mesh.volume > 0


def test_positions_survive_packing_within_half_a_step():
    points = np.random.default_rng(0).uniform(-300, 300, (1000, 3)).astype(np.float32)
    steps, offset, scale = quantise(points)
    assert np.abs(offset + steps * scale - points).max() <= scale.max() / 2 + 1e-4
    assert scale.max() < 0.01


def test_the_browser_and_the_server_read_the_same_bundle():
    """``tests/contract/surface.json``: a mask of two segments, its bundle as it was sent, and what is in it."""
    case = json.loads((Path(__file__).parents[1] / "contract" / "surface.json").read_text())
    _, sent = unpack(base64.b64decode(case["bundle"]))
    grid = Geometry.from_json(case["geometry"])
    mask = np.zeros(grid.shape, np.uint8)
    for segment, (low, high) in enumerate(case["boxes"], start=1):
        mask[tuple(slice(*edge) for edge in zip(low, high, strict=True))] = segment
    made = {mesh.segment: mesh for mesh in surfaces_of(mask, grid.affine, grid.spacing)}
    for expected in case["meshes"]:
        entry, points, triangles = sent[expected["segment"]]
        assert (entry["name"], entry["colour"]) == (expected["name"], expected["colour"])
        assert points == pytest.approx(np.array(expected["points"]), abs=1e-3)
        assert triangles.tolist() == expected["triangles"]
        assert made[expected["segment"]].points == pytest.approx(points, abs=1e-3)
        assert made[expected["segment"]].triangles.tolist() == expected["triangles"]


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def unpack(data):
    header, rest = envelope_decode(data)
    bodies = envelope_split(rest, [mesh["length"] for mesh in header["meshes"]])
    found = {}
    for mesh, body in zip(header["meshes"], map(gzip.decompress, bodies), strict=True):
        size = mesh["vertices"] * 6
        steps = np.frombuffer(body[:size], "<u2").reshape(-1, 3)
        triangles = np.frombuffer(body[size + size % 4 :], "<u4").reshape(-1, 3)
        assert len(triangles) == mesh["triangles"]
        assert triangles.max() < mesh["vertices"]
        found[mesh["segment"]] = (mesh, np.array(mesh["offset"]) + steps * np.array(mesh["scale"]), triangles)
    return header, found


@pytest.fixture
def drawn(db):
    """A writer who has drawn L5 as a box."""
    writer = make_writer(shape=SHAPE)
    box = np.zeros(SHAPE[1:], np.uint8)
    box[10:30, 12:32] = 1
    writer.send(writer.stroke(dict.fromkeys(range(3, 9), box)))
    writer.url = f"/api/annotations/{writer.annotation.pk}/surface?stack={writer.stack.pk}&layer=instances"
    return writer


def test_a_draft_has_the_surface_of_what_is_drawn(drawn):
    client = signed_in(drawn.user)
    waiting = client.get(drawn.url)
    assert (waiting.status_code, waiting["Retry-After"], waiting.json()["state"]) == (202, "1", "making")
    work_off()
    header, meshes = unpack(client.get(drawn.url).content)
    mesh, points, _ = meshes[1]
    assert (mesh["structure"], header["format"], header["layer"]) == ("L5", "columna-surface-1", "instances")
    assert mesh["colour"].startswith("#")
    low, high = points.min(axis=0), points.max(axis=0)
    assert low == pytest.approx([-20 - 8.5 * 4, -100 + 11.5, 150 - 29.5], abs=1.5)
    assert high == pytest.approx([-20 - 2.5 * 4, -100 + 31.5, 150 - 9.5], abs=1.5)


def test_renumbering_changes_the_name_and_no_triangle(drawn):
    client = signed_in(drawn.user)
    client.get(drawn.url)
    work_off()
    before = unpack(client.get(drawn.url).content)[0]
    drawn.send(segment_op(1, "L4"))
    after = unpack(client.get(drawn.url).content)[0]
    assert (before["key"], after["meshes"][0]["structure"]) == (after["key"], "L4")


def test_a_draft_keeps_few_surfaces_and_withdrawal_none(drawn):
    client = signed_in(drawn.user)
    for number in range(5):
        dot = np.array(drawn.plane(0))
        dot[number, 0] = 1
        drawn.send(drawn.stroke({0: dot}))
        client.get(drawn.url)
        work_off()
        assert client.get(drawn.url).status_code == 200
    blobs = list(Surface.objects.values_list("blob", flat=True))
    assert len(blobs) == 3
    subject = drawn.case.subject
    subject_withdraw(subject=subject, user=None, reason="asked")
    subject_forget(subject_id=subject.pk)
    assert not Surface.objects.exists()
    assert not any(store().exists(digest) for digest in blobs)


def test_a_proposals_surface_is_made_once_and_kept_by_the_browser(db):
    writer = make_writer(shape=SHAPE)
    revision = propose(writer.case)
    url = f"/api/revisions/{revision.pk}/surface?stack={writer.stack.pk}&layer=canal"
    client = signed_in(writer.user)
    client.get(url)
    work_off()
    answer = client.get(url)
    assert "immutable" in answer["Cache-Control"]
    assert client.get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert Surface.objects.get().frozen


def test_a_stack_without_a_grid_is_refused_with_the_reason(drawn):
    drawn.case.stacks.update(geometry=None, not_volume_reason="the slices are not parallel")
    answer = signed_in(drawn.user).get(drawn.url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_a_volume")
