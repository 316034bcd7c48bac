"""From slices to stacks: what makes a volume, what splits, and the reason for everything that is none."""

import math

import pytest
from pydicom.uid import generate_uid

from storage.dicom.grouping import Member, stacks_of


def member(
    number,
    position,
    *,
    orientation=(1, 0, 0, 0, 1, 0),
    rows=16,
    columns=12,
    image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
    modality="CT",
    frames=1,
    **layout,
):
    keys = layout.pop("keys", {})
    entry = {
        "p": list(position) if position else None,
        "o": list(orientation) if position else None,
        "s": [0.5, 0.5],
        "from": "pixel",
        "k": keys,
    }
    content = {
        "rows": rows, "columns": columns, "samples": 1, "photometric": "MONOCHROME2", "modality": modality, "imageType": list(image_type),
        "number": number, "acquisition": None, "frameTime": None, "tilt": None, "numberOfFrames": frames, "enhanced": False, "frames": [entry], **layout,
    }  # fmt: skip
    return Member(f"i{number}", generate_uid(entropy_srcs=[str(number)]), "1.2.840.10008.5.1.4.1.1.2", content)


def axial(places, start=1, **fields):
    return [member(start + n, (0, 0, z), **fields) for n, z in enumerate(places)]


def test_order_is_by_position_never_by_number():
    members = [member(1, (0, 0, 6)), member(2, (0, 0, 0)), member(3, (0, 0, 3))]
    (stack,), found = stacks_of(members)
    assert [frame.member.instance for frame in stack.frames] == ["i2", "i3", "i1"]
    assert (stack.kind, stack.geometry.spacing[0], found) == ("volume", 3.0, set())


@pytest.mark.parametrize(
    ("places", "code"),
    [([0, 3, 6, 12, 15], "irregular_gap"), ([0, 3, 6.05, 9, 12], "irregular_gap"), ([0, 3, 3, 6], "duplicate_position")],
)
def test_irregular_slices_stay_a_stack_with_a_reason(places, code):
    (stack,), found = stacks_of(axial(places))
    assert (stack.kind, stack.code, stack.geometry, found) == ("stack", code, None, {"inconsistent_geometry"})
    assert stack.reason


def test_rounding_of_positions_is_no_irregularity():
    (stack,), _ = stacks_of(axial([0, 0.6, 1.205, 1.8, 2.4]))
    assert stack.kind == "volume"


def test_a_localizer_becomes_a_stack_of_its_own():
    scout = [member(90 + n, (n, 0, 0), orientation=(0, 1, 0, 0, 0, -1), image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")) for n in range(2)]
    stacks, found = stacks_of(axial([0, 3, 6]) + scout)
    assert [(stack.kind, bool(stack.flags.get("localizer"))) for stack in stacks] == [("volume", False), ("stack", True)]
    assert found == {"localizer"}


def test_axial_stacks_along_the_discs_are_split_by_angle_and_gap():
    members, number = [], 0
    for disc, angle in enumerate((0, 0, 18)):
        tilt = math.radians(angle)
        normal = (0, -math.sin(tilt), math.cos(tilt))
        for n in range(4):
            number += 1
            base = (0, 0, 40 * disc)
            members.append(
                member(
                    number,
                    tuple(b + 3.5 * n * c for b, c in zip(base, normal, strict=True)),
                    orientation=(1, 0, 0, 0, math.cos(tilt), math.sin(tilt)),
                )
            )
    stacks, found = stacks_of(members)
    assert [(stack.kind, len(stack.frames)) for stack in stacks] == [("volume", 4)] * 3
    assert found == {"mixed_orientation"}


def test_mixed_sizes_are_split():
    stacks, _ = stacks_of(axial([0, 3, 6]) + axial([9, 12, 15], start=10, rows=32))
    assert sorted((stack.rows, len(stack.frames)) for stack in stacks) == [(16, 3), (32, 3)]


def test_echoes_at_the_same_places_are_told_apart():
    stacks, found = stacks_of(axial([0, 3, 6], keys={"echo": 10.0}) + axial([0, 3, 6], start=10, keys={"echo": 80.0}))
    assert [(stack.kind, len(stack.frames)) for stack in stacks] == [("volume", 3), ("volume", 3)]
    assert not found


def test_gantry_tilt_is_noticed():
    (stack,), found = stacks_of([member(n, (0, n * 3 * math.tan(math.radians(15)), n * 3)) for n in range(5)])
    assert (stack.kind, stack.code, found) == ("stack", "gantry_tilt", {"gantry_tilt"})
    assert stack.flags["tilt"] == pytest.approx(15, abs=0.01)


def test_projections_are_single_images_and_films_are_cine():
    stacks, _ = stacks_of([member(1, None, modality="DX"), member(2, None, modality="DX"), member(3, None, modality="US", frames=20)])
    assert sorted((stack.kind, stack.plane, len(stack.frames)) for stack in stacks) == [
        ("cine", "unknown", 20),
        ("single", "projection", 1),
        ("single", "projection", 1),
    ]


def test_enhanced_frames_out_of_order_become_one_volume():
    entries = [{"p": [0, 0, z], "o": [1, 0, 0, 0, 1, 0], "s": [1, 1], "from": "pixel", "k": {}} for z in (4, 0, 2)]
    (stack,), _ = stacks_of([_enhanced(entries)])
    assert [frame.number for frame in stack.frames] == [2, 3, 1]
    assert (stack.kind, stack.geometry.spacing[0]) == ("volume", 2.0)


def _enhanced(entries):
    found = member(1, (0, 0, 0))
    found.layout.update(numberOfFrames=len(entries), enhanced=True, frames=entries)
    return found
