"""Numbering a spine in a real browser: by pointing and typing, for the whole chain at once, with its variants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browser import ReadingRoom, Web

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def desk(web: Web, browser: Browser) -> Iterator[ReadingRoom]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, service_workers="block")
    yield ReadingRoom.enter(context, web.url)
    context.close()


def names(room: ReadingRoom) -> list[str]:
    return [body["name"] for body in room.state["ladder"]["bodies"]]


def say(room: ReadingRoom, name: str) -> None:
    room.press("i")
    room.page.get_by_label("Name of this body").fill(name)
    room.press("Enter")


def test_one_name_renumbers_masks_and_measurements_in_one_step(desk: ReadingRoom, take: Callable[[str], dict[str, Any]]) -> None:
    room = desk.open(take("MR")["id"])
    before, stack = names(room), room.pane()["stack"]
    painted = room.digest(stack)
    room.press("Shift+y")
    room.until(lambda state: bool(state["measurements"]) or "Nothing to propose" in room.page.content())
    room.press("Escape", "Escape")
    measured, undoable = room.state["measurements"], room.state["undoable"]
    room.page.get_by_role("tab", name="Structures").click()
    room.choose("L3")
    say(room, "L2")
    room.until(lambda _: names(room)[before.index("L3")] == "L2")
    assert names(room)[before.index("L4")] == "L3"
    assert room.state["undoable"] == undoable + 1
    assert room.digest(stack) == painted, "no voxel changes"
    assert [item["bodies"] for item in room.state["measurements"]] == [item["bodies"] for item in measured]
    room.press("Control+z")
    room.until(lambda _: names(room) == before)
    say(room, "L9")
    expect(room.page.get_by_role("alert").filter(has_text="no level of this spine")).to_be_visible()
    room.page.get_by_label("Name of this body").press("Escape")


def test_levels_are_pointed_at_where_no_mask_is(web: Web, desk: ReadingRoom) -> None:
    web.seed("--film", "800", "500")
    room = desk.open(web.cases[-1]["id"])
    room.press("Shift+i")
    stack = room.state["stacks"][0]
    chain = ["T12", "L1", "L2", "L3"]
    for count, row in enumerate((0.3, 0.4, 0.5, 0.6), 1):
        room.page.mouse.click(*room.place(row * stack["rows"], 0.5 * stack["columns"]))
        if count == 1:  # the others follow from the first
            room.page.get_by_label("Name of this body").fill(chain[0])
            room.press("Enter")
        room.until(lambda _, count=count: names(room) == chain[:count])
    room.press("+")
    room.until(lambda _: names(room) == ["L1", "L2", "L3", "L4"])
    room.saved()


def test_the_hanging_follows_the_task(desk: ReadingRoom, take: Callable[[str], dict[str, Any]]) -> None:
    room = desk.open(take("MR")["id"])
    found = set()
    for _ in range(12):
        room.press("h")
        found.add(room.state["hanging"])
    assert {"Levels", "Cobb", "Stenosis", "Discs"} <= found or {"Levels", "Discs", "Stenosis"} <= found
