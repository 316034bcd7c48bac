"""Asking the model: the mark stands at once, an answer is one step, and nothing that was drawn since is overwritten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.journeys.browser import ReadingRoom, Web
from tests.journeys.test_reading_room_segmentation import choose, middle

pytestmark = pytest.mark.journey
POINTS = "**/api/prompts/sessions/*/points"


@pytest.fixture(scope="module")
def desk(web: Web, browser: Browser, take: Callable[[str], dict[str, Any]]) -> Iterator[ReadingRoom]:
    web.prompts_start()
    context = browser.new_context(viewport={"width": 1280, "height": 760}, service_workers="block")
    yield ReadingRoom.enter(context, web.url).open(take("MR")["id"])
    context.close()
    web.prompts_kill()


@pytest.fixture
def room(desk: ReadingRoom) -> Iterator[ReadingRoom]:
    desk.press("b", "r")
    choose(desk, "L3")
    desk.calm()
    desk.press("a")
    yield desk
    desk.press("Escape")
    desk.take_all_back()
    assert desk.problems == []


def test_a_click_and_a_scribble_are_answered_in_one_step_each(room: ReadingRoom) -> None:
    stack = room.pane()["stack"]
    row, column = middle(room)
    before = room.digest(stack)
    with room.page.expect_response(POINTS, timeout=240_000):
        room.page.mouse.click(*room.place(row, column))
    room.until(lambda state: not state["isAsking"] and (state["undoable"] == 1 or "nothing" in state["notice"]))
    assert not room.state["ai"]["isDown"]
    first = room.state["undoable"]
    room.page.get_by_role("group", name="Tool options").get_by_text("Scribble").click()
    with room.page.expect_response(POINTS, timeout=240_000):
        room.stroke((row, column + 14), (row, column + 18), modifier="Shift")
    room.until(lambda state: not state["isAsking"])
    assert room.state["undoable"] <= first + 1
    room.page.get_by_role("group", name="Tool options").get_by_text("Click", exact=True).click()
    for _ in range(room.state["undoable"]):
        room.press("Control+z")
    room.until(lambda state: state["undoable"] == 0)
    assert room.digest(stack) == before


def test_what_is_asked_shows_at_once_and_esc_gives_it_up(room: ReadingRoom) -> None:
    held: list[Route] = []
    room.page.route(POINTS, lambda route: held.append(route))
    stack = room.pane()["stack"]
    before = room.digest(stack)
    row, column = middle(room)
    room.page.mouse.click(*room.place(row, column))
    room.until(lambda state: state["isAsking"])
    expect(room.page.get_by_role("status").filter(has_text="asking the model")).to_be_visible()
    bar = room.page.get_by_role("progressbar", name="Answer of the model")
    room.until(lambda _: bool(held))
    expect(bar).to_have_attribute("aria-valuenow", "1")
    expect(bar).to_have_attribute("aria-valuemax", "2")
    room.until(lambda _: room.page.evaluate("window.columna.layered('large')") > 0)  # the mark stands where it was asked
    room.press("Escape")
    room.until(lambda state: not state["isAsking"])
    for route in held:
        route.abort()
    room.page.unroute(POINTS)
    assert room.digest(stack) == before


def test_an_answer_never_overwrites_what_was_drawn_since(room: ReadingRoom) -> None:
    held: list[Route] = []
    room.page.route(POINTS, lambda route: held.append(route))
    stack = room.pane()["stack"]
    row, column = middle(room)
    room.page.mouse.click(*room.place(row, column))
    room.until(lambda state: state["isAsking"])
    room.until(lambda _: bool(held))
    room.press("b")
    room.stroke((row, column - 25), (row, column - 20))
    room.until(lambda state: state["undoable"] == 1)
    drawn = room.digest(stack)
    for route in held:
        route.continue_()
    room.page.unroute(POINTS)
    room.until(lambda state: not state["isAsking"], 240)
    room.until(lambda state: state["notice"] == "Answer dropped")
    assert room.digest(stack) == drawn


def test_while_the_model_is_away_painting_goes_on_and_the_question_waits(web: Web, room: ReadingRoom) -> None:
    web.prompts_kill()
    row, column = middle(room)
    room.page.mouse.click(*room.place(row, column))
    room.until(lambda state: state["ai"]["isDown"] and state["ai"]["waiting"] == 1)
    expect(room.page.get_by_role("status").filter(has_text="AI unavailable")).to_contain_text("AI unavailable – manual tools work")
    room.choose("L1")
    room.press("b")
    room.stroke((20, 20), (20, 30))
    room.until(lambda _: room.state["undoable"] == 1)
    room.saved()
    web.prompts_start()
    room.until(lambda state: not state["ai"]["isDown"], 240)
    room.until(lambda state: state["ai"]["waiting"] == 0, 240)
