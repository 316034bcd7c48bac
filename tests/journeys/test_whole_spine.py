"""A whole spine of 24 bodies with a sixth lumbar vertebra: numbered by one choice, by clicks where no mask is, and all that hangs on levels moves along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from storage.phantom.levels import levels_of
from tests.journeys.browser import ReadingRoom, Web
from tests.journeys.own import person

pytestmark = [pytest.mark.journey, pytest.mark.story]
BELOW_C1 = list(levels_of("L6"))[1:]
"""The 24 bodies from C2 to L6."""


@pytest.fixture(scope="module")
def desk(web: Web, browser: Browser) -> Iterator[ReadingRoom]:
    with ReadingRoom.at_desk(browser, web.url, 1100, 700) as room:
        yield room


def names(room: ReadingRoom) -> list[str]:
    return [body["name"] for body in room.state["ladder"]["bodies"]]


def pick(room: ReadingRoom, box: str, option: str) -> None:
    room.page.get_by_label("Levels").get_by_role("combobox", name=box).click()
    room.page.get_by_role("option", name=option, exact=True).click()


def everything(room: ReadingRoom) -> dict[str, Any]:
    """Return all that hangs on the levels: names of masks, levels of angles, and which row of the form holds the grade."""
    state = room.state
    graded = room.page.get_by_role("gridcell", name=re.compile("Genant: graded")).evaluate_all(
        "cells => cells.map((cell) => cell.ariaLabel)"
    )
    return {
        "masks": {segment["id"]: segment["structure"] for segment in state["segments"] if segment["layer"] == "instances"},
        "angles": {item["id"]: item["levels"] for item in state["measurements"]},
        "grades": graded,
    }


def test_a_sixth_lumbar_vertebra_renames_masks_grades_and_angles_in_one_step_and_is_submitted(web: Web, desk: ReadingRoom) -> None:
    known = {case["id"] for case in web.cases}
    web.seed("--whole", "--variant", "L6", "--from-sacrum", "--modalities", "CT", "--seed", "77")
    (case,) = (case for case in web.cases if case["id"] not in known)
    room = desk.open(case["id"])
    room.press("m")
    stack = room.pane()["stack"]
    voxels = room.digest(stack)
    # the model counted from the sacrum as if there were five
    room.until(lambda _: names(room) == [*levels_of("normal"), "SAC"])
    room.press("Shift+y")
    room.until(lambda state: any(item["definition"] == "cobb" for item in state["measurements"]))
    room.press("Enter")
    room.page.get_by_role("tab", name="Grades").click()
    room.page.get_by_role("gridcell", name="L5 Genant").click()
    room.press("1")
    room.until(lambda _: everything(room)["grades"] == ["L5 Genant: graded 1"])
    before = everything(room)
    acts = room.state["undoable"]

    pick(room, "Variant", "6 lumbar")
    room.until(lambda _: names(room) == [*BELOW_C1, "SAC"])
    room.until(lambda _: everything(room)["grades"] == ["L6 Genant: graded 1"])
    after = everything(room)
    chain = list(levels_of("normal"))
    moved = dict(zip([*chain, "SAC"], [*BELOW_C1, "SAC"], strict=True))
    assert after["angles"] == {number: [moved[level] for level in levels] for number, levels in before["angles"].items()}
    assert after["masks"] == {
        number: "".join(re.sub(r"^(IVD_)?(.+)$", lambda name: (name[1] or "") + moved[name[2]], code))
        for number, code in before["masks"].items()
    }
    assert room.digest(stack) == voxels, "no voxel changes"
    room.until(lambda _: room.state["undoable"] == acts + 1)
    room.press("Control+z")
    room.until(lambda _: everything(room) == before)
    room.press("Control+Shift+z")
    room.until(lambda _: everything(room) == after)

    pick(room, "Counted from", "C2")
    room.until(lambda _: names(room) == [*BELOW_C1, "SAC"])
    annotation = room.saved()["annotation"]
    room.press("Control+Enter")
    anyway = room.page.get_by_role("button", name="Submit all the same")
    expect(anyway.or_(room.page.get_by_role("heading", name="Worklist")).first).to_be_visible()
    if anyway.is_visible():
        anyway.click()
    room.page.wait_for_url(lambda url: case["id"] not in url)
    reader = person(web, "reader")
    (revision,) = (found for found in reader.get(f"/api/revisions?annotation={annotation}")["results"] if found["kind"] == "submit")
    assert [body["name"] for body in revision["ladder"]["bodies"]] == [*BELOW_C1, "SAC"]
    assert revision["ladder"]["variant"]["lumbar"] == 6
    assert revision["ladder"]["evidence"] == {"counted_from": "C2"}
    assert {entry["id"]: entry["structure"] for entry in revision["segments"] if entry["layer"] == "instances"} == after["masks"]
    bodies = {body["id"]: body["name"] for body in revision["ladder"]["bodies"]}
    angles = {item["id"]: [bodies[body] for body in item["bodies"]] for item in revision["measurements"]}
    assert {number: angles[number] for number, levels in after["angles"].items() if levels} == {
        number: list(levels) for number, levels in after["angles"].items() if levels
    }
    ((site, cell),) = revision["grades"]["genant"].items()
    assert (bodies[site.split("/")[0]], cell["value"]) == ("L6", "1")


def test_24_levels_are_named_by_24_clicks_one_name_and_one_variant(web: Web, desk: ReadingRoom) -> None:
    web.seed("--film", "820", "500")
    room = desk.open(web.cases[-1]["id"])
    room.press("Shift+i")
    stack = room.state["stacks"][0]
    for number in range(24):
        room.page.mouse.click(*room.place((0.05 + 0.038 * number) * stack["rows"], 0.8 * stack["columns"]))
        if number == 0:
            room.page.get_by_label("Name of this body").fill("C2")
            room.press("Enter")
    room.until(lambda _: names(room) == [*levels_of("normal")[1:], "SAC"])
    pick(room, "Counted from", "C2")
    acts = room.state["undoable"]
    pick(room, "Variant", "6 lumbar")
    # counted from above, the upper names stay
    room.until(lambda _: names(room) == BELOW_C1)
    room.until(lambda _: room.state["undoable"] == acts + 1)
    pick(room, "Variant", "13 thoracic")
    room.until(lambda _: {"T13", "L5"} <= set(names(room)))
    pick(room, "Variant", "Lumbarised S1")
    pick(room, "Castellvi", "IIIb")
    state = room.saved()
    kept = person(web, "reader").get(f"/api/annotations/{state['annotation']}")["ladder"]
    assert kept["variant"] == {"thoracic": 12, "lumbar": 6, "transition": "lumbarised", "castellvi": "IIIb"}
    assert [body["name"] for body in kept["bodies"]] == BELOW_C1
