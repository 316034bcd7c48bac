"""The ladder and its rules, by the cases that the browser runs too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from annotation.geometry.ladder import ladder_apply, ladder_from_segments
from annotation.geometry.numbering import numbering_check, sequence, variant_name
from annotation.geometry.refusal import Refused
from annotation.services.label_schema import schema_read
from tests.annotation.cases import Writer, make_case, segment_op
from tests.factories import make_member

FOLDER = Path(__file__).parents[1] / "contract"
LADDER = json.loads((FOLDER / "ladder.json").read_text())
NUMBERING = json.loads((FOLDER / "numbering.json").read_text())
STRUCTURES = schema_read(name="spine-core", version=1)["structures"]
LAYERS = {entry["code"]: entry["layer"] for entry in STRUCTURES}
CATEGORIES = {entry["code"]: entry["category"] for entry in STRUCTURES}


def named(cases: list[dict]) -> list:
    return [pytest.param(case, id=case["name"]) for case in cases]


@pytest.mark.parametrize("case", named(LADDER["apply"]))
def test_an_act_on_the_ladder_moves_names_and_segments_and_is_taken_back(case):
    ladder, segments, was = ladder_apply(case["ladder"], case["segments"], case["operation"], LAYERS)
    assert [body["name"] for body in ladder["bodies"]] == case["names"]
    assert (ladder["variant"], ladder["evidence"]["counted_from"]) == (case["variant"], case["counted_from"])
    assert [entry["structure"] for entry in segments] == case["structures"]
    back, table, _ = ladder_apply(ladder, segments, {"kind": "ladder", **was}, LAYERS)
    assert (back, table) == (case["ladder"], case["segments"])


@pytest.mark.parametrize("case", named(LADDER["mustFail"]))
def test_an_act_that_cannot_be_is_refused(case):
    with pytest.raises(Refused) as caught:
        ladder_apply(case["ladder"], case["segments"], case["operation"], LAYERS)
    assert caught.value.code == case["code"]


@pytest.mark.parametrize("case", named(NUMBERING["checks"]))
def test_the_rules_find_what_is_wrong(case):
    assert numbering_check(case["ladder"], case["facts"]) == case["findings"]


@pytest.mark.parametrize("case", NUMBERING["sequences"], ids=lambda case: case["name"])
def test_a_variant_has_its_sequence(case):
    names = sequence(case["variant"])
    assert (names[0], names[-1], len(names), variant_name(case["variant"])) == (case["first"], case["last"], case["count"], case["name"])


def test_a_structure_outside_the_protocol_stops_a_renumbering():
    case = LADDER["apply"][0]
    few = {code: layer for code, layer in LAYERS.items() if code != "L1"}
    with pytest.raises(Refused, match="L1: not a structure of this protocol"):
        ladder_apply(case["ladder"], case["segments"], case["operation"], few)


def test_a_first_ladder_comes_from_the_masks():
    segments = [
        {"id": 1, "layer": "instances", "structure": "L5", "status": "proposed"},
        {"id": 2, "layer": "instances", "structure": "L4", "status": "proposed"},
        {"id": 3, "layer": "instances", "structure": "IVD_L4", "status": "proposed"},
        {"id": 1, "layer": "canal", "structure": "CANAL", "status": "proposed"},
    ]
    ladder = ladder_from_segments(segments, CATEGORIES, {1: (0, 0, -10), 2: (0, 0, 25), 3: (0, 0, 8)})
    assert [(body["name"], body["segment"], body["disc"]) for body in ladder["bodies"]] == [("L4", 2, 3), ("L5", 1, None)]
    assert not numbering_check(ladder)


@pytest.mark.django_db
def test_renumbering_is_one_operation_of_the_log_and_one_undo():
    case = make_case()
    writer = Writer(case, make_member(project=case.project))
    writer.send(segment_op(1, "L5"), segment_op(2, "IVD_L5"), segment_op(3, "L4"))
    bodies = [{"id": "x", "name": "L4", "segment": 3}, {"id": "y", "name": "L5", "segment": 1, "disc": 2}]
    writer.send(act("set", ladder={"bodies": bodies}))
    shift = act("shift", by=-1)
    writer.send(shift)
    writer.annotation.refresh_from_db()
    assert {entry["id"]: entry["structure"] for entry in writer.annotation.segments} == {1: "L4", 2: "IVD_L4", 3: "L3"}
    row = writer.annotation.operations.get(op_id=shift["id"])
    writer.send({**act("set"), **row.header["was"], "undoes": shift["id"]})
    writer.annotation.refresh_from_db()
    assert {entry["id"]: entry["structure"] for entry in writer.annotation.segments} == {1: "L5", 2: "IVD_L5", 3: "L4"}
    assert [body["name"] for body in writer.annotation.ladder["bodies"]] == ["L4", "L5"]


def act(action: str, **fields) -> dict:
    import uuid

    return {"id": str(uuid.uuid4()), "kind": "ladder", "action": action, **fields}
