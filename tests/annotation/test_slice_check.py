"""What the browser shows is held against what is stored; what went bad on the disk is healed by the browser's own copy."""

from __future__ import annotations

import hashlib

import pytest

from annotation.models import Chunk, Operation
from annotation.services.planes import planes_read
from annotation.services.slice_check import slice_heal, slices_check
from annotation.services.slices import DamagedChunk, plane_digest, plane_pack
from config.errors import Conflict, Invalid
from tests.annotation.cases import Writer, make_writer

pytestmark = pytest.mark.django_db
LAYER = "instances"


def drawn() -> tuple[Writer, tuple[str, str]]:
    writer = make_writer()
    writer.send(writer.stroke({0: writer.block(0, 1, slice(0, 5), slice(0, 5))}))
    return writer, (LAYER, writer.keys[0])


def check(writer: Writer, place: tuple[str, str], digest: str):
    return slices_check(annotation=writer.annotation, shown=[(writer.stack, place, digest)])


def damage(writer: Writer) -> None:
    other = writer.plane(0).copy()
    other[3, 3] = 0
    Chunk.objects.filter(annotation=writer.annotation).update(data=plane_pack(other))


def test_what_is_the_same_is_not_named():
    writer, place = drawn()
    assert check(writer, place, plane_digest(writer.plane(0))) == []


def test_a_slice_nobody_drew_on_is_held_against_what_it_derives_from():
    writer, _ = drawn()
    assert check(writer, (LAYER, writer.keys[1]), plane_digest(writer.plane(1))) == []


def test_another_slice_is_named_with_the_digest_that_is_stored():
    writer, place = drawn()
    (found,) = check(writer, place, "0" * 64)
    assert (found.digest, found.is_damaged) == (plane_digest(writer.plane(0)), False)


@pytest.mark.parametrize("data", [b"no gzip", None])
def test_a_damaged_slice_is_found_and_healed_without_touching_the_log(data):
    writer, place = drawn()
    damage(writer)
    if data is not None:
        Chunk.objects.filter(annotation=writer.annotation).update(data=data)
    with pytest.raises(DamagedChunk):
        planes_read(annotation=writer.annotation, places=[(place, writer.stack)])
    before = Operation.objects.count()
    (found,) = check(writer, place, plane_digest(writer.plane(0)))
    assert found.is_damaged
    slice_heal(annotation=writer.annotation, stack=writer.stack, place=place, raw=writer.plane(0).tobytes())
    held = planes_read(annotation=writer.annotation, places=[(place, writer.stack)])[place]
    assert hashlib.sha256(held.tobytes()).hexdigest() == plane_digest(writer.plane(0))
    assert Operation.objects.count() == before


def test_healing_takes_nothing_but_what_the_log_came_to():
    writer, place = drawn()
    other = writer.block(0, 1, slice(5, 9), slice(5, 9))
    with pytest.raises(Conflict, match="another slice"):
        slice_heal(annotation=writer.annotation, stack=writer.stack, place=place, raw=other.tobytes())
    with pytest.raises(Invalid) as refused:
        slice_heal(annotation=writer.annotation, stack=writer.stack, place=place, raw=b"\x01")
    assert refused.value.code == "mask_geometry"
