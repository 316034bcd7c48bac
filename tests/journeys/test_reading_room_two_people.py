"""Two people at one case, each at a computer of their own: one writes, the other looks, and nobody's work is overwritten."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.journeys.browser import ReadingRoom, Web
from tests.journeys.test_reading_room import digest, paint_some, server_mask

Take = Callable[[str], dict[str, Any]]
pytestmark = pytest.mark.journey


def test_a_second_person_looks_takes_over_and_the_first_ones_unsent_work_is_a_branch(
    web: Web, browser: Browser, reader: ReadingRoom, context: BrowserContext, take: Take
) -> None:
    case = take("MR")
    room = reader.open(case["id"])
    stack = room.pane()["stack"]
    paint_some(room, 1)
    first = room.saved()
    elsewhere = browser.new_context(viewport={"width": 1100, "height": 720}, service_workers="block")
    other = ReadingRoom.enter(elsewhere, web.url, "reader2").open(case["id"], phase="read-only")
    expect(other.page.get_by_text("Somebody has this case open. Read it, or take it over.")).to_be_visible()
    paint_some(other, 1)
    other.press("Control+Enter")
    other.until(lambda state: (state["phase"], state["undoable"], state["unsent"]) == ("read-only", 0, 0))  # looking changes nothing

    context.set_offline(True)
    paint_some(room, 2, first=1)
    room.until(lambda state: state["kept"] == state["unsent"] >= 2)
    mine = room.digest(stack)
    other.page.get_by_role("button", name="Take over").click()
    other.until(lambda state: state["phase"] == "ready" and state["masks"][0] == state["masks"][1] > 0)
    paint_some(other, 2, first=8)
    theirs = other.saved()
    assert theirs["annotation"] != first["annotation"], "each has a reading of their own"
    drawn = other.digest(stack)
    context.set_offline(False)
    room.keep_as_branch()

    room.page.get_by_role("button", name="Take over").click()
    room.until(lambda state: state["phase"] == "ready" and state["branches"] == 1)
    before = digest(server_mask(web, first, stack))
    assert room.digest(stack) == before != mine, "what was not sent stands beside the reading, not in it"
    room.take_branch_over()
    room.until(lambda _: room.digest(stack) == mine)
    state = room.saved()
    assert digest(server_mask(web, state, stack)) == mine
    assert digest(server_mask(web, theirs, stack, username="reader2")) == drawn, "the other's reading is as they left it"

    paint_some(other, 1, first=12)
    other.until(lambda state: state["phase"] == "read-only")
    expect(other.page.get_by_role("button", name=re.compile("as a branch"))).to_be_visible()
    assert digest(server_mask(web, theirs, stack, username="reader2")) == drawn
    assert (room.problems, other.problems) == ([], [])
    elsewhere.close()
