"""A whole spine of 24 bodies with a sixth lumbar vertebra, numbered by clicks where no mask is, a name and a variant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from storage.phantom.levels import levels_of
from tests.journeys.browser import ReadingRoom, Web
from tests.journeys.own import person

pytestmark = [pytest.mark.journey, pytest.mark.story]
BELOW_C1 = list(levels_of("L6"))[1:]
"""The 24 bodies from C2 to L6."""


@pytest.fixture(scope="module")
def desk(web: Web, browser: Browser) -> Iterator[ReadingRoom]:
    context = browser.new_context(viewport={"width": 1100, "height": 700}, service_workers="block")
    room = ReadingRoom.enter(context, web.url)
    yield room
    assert room.problems == []
    context.close()


def names(room: ReadingRoom) -> list[str]:
    return [body["name"] for body in room.state["ladder"]["bodies"]]


def pick(room: ReadingRoom, box: str, option: str) -> None:
    room.page.get_by_label("Levels").get_by_role("combobox", name=box).click()
    room.page.get_by_role("option", name=option, exact=True).click()


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
    assert names(room) == [*levels_of("normal")[1:], "SAC"]
    pick(room, "Counted from", "C2")
    acts = room.state["undoable"]
    pick(room, "Variant", "6 lumbar")
    assert names(room) == BELOW_C1, "counted from above, the upper names stay"
    assert room.state["undoable"] == acts + 1
    pick(room, "Variant", "13 thoracic")
    assert {"T13", "L5"} <= set(names(room))
    pick(room, "Variant", "Lumbarised S1")
    pick(room, "Castellvi", "IIIb")
    state = room.saved()
    kept = person(web, "reader").get(f"/api/annotations/{state['annotation']}")["ladder"]
    assert kept["variant"] == {"thoracic": 12, "lumbar": 6, "transition": "lumbarised", "castellvi": "IIIb"}
    assert [body["name"] for body in kept["bodies"]] == BELOW_C1
