"""What the pictures of the reading room show, in a real browser: the same place everywhere, the right slice, and back after a fall."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.journeys.browser import ReadingRoom, Web

pytestmark = pytest.mark.journey
CONTEXTS = """
const real = HTMLCanvasElement.prototype.getContext
window.contexts = []
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  const context = real.call(this, kind, ...rest)
  if (context && /webgl/.test(kind) && !window.contexts.includes(context)) window.contexts.push(context)
  return context
}
"""


@pytest.fixture(scope="module")
def case(take: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    return take("MR")


@pytest.fixture(scope="module")
def desk(web: Web, browser: Browser, case: dict[str, Any]) -> Iterator[ReadingRoom]:
    context = browser.new_context(viewport={"width": 1280, "height": 760}, service_workers="block")
    context.add_init_script(CONTEXTS)
    yield ReadingRoom.enter(context, web.url).open(case["id"])
    context.close()


@pytest.fixture
def room(desk: ReadingRoom) -> Iterator[ReadingRoom]:
    desk.press("b", "r")
    desk.page.mouse.move(*desk.place(40, 20))
    desk.calm()
    yield desk
    desk.take_all_back()
    assert desk.problems == []


def at(room: ReadingRoom, voxel: tuple[int, int, int]) -> int:
    stack = room.pane()["stack"]
    return int(room.look("([stack, at]) => window.columna.at(stack, 'instances', ...at)", [stack, list(voxel)]))


def place(room: ReadingRoom, pane: str, voxel: tuple[int, int, int]) -> tuple[float, float]:
    found = room.look("([pane, at]) => window.columna.placeOf(pane, ...at)", [pane, list(voxel)])
    assert found is not None
    return found["x"], found["y"]


def brightness(room: ReadingRoom, pane: str = "large") -> float:
    """Return the mean brightness of a picture as it stands on the screen, 0 to 255."""
    import io

    import numpy as np
    from PIL import Image

    shot = room.page.locator(f'[data-pane="{pane}"]').screenshot()
    return float(np.asarray(Image.open(io.BytesIO(shot)).convert("L")).mean())


def test_an_undo_out_of_sight_goes_there_and_says_where(room: ReadingRoom) -> None:
    slice_ = room.pane()["slice"]
    room.stroke((40, 20), (40, 26))
    room.until(lambda state: state["undoable"] == 1)
    room.press("Home")
    room.until(lambda state: state["panes"][0]["slice"] == 0)
    room.press("Control+z")
    room.until(lambda state: state["panes"][0]["slice"] == slice_)
    room.until(lambda state: bool(re.match(rf"Undone: .+, slice {slice_ + 1}$", state["notice"])))


@pytest.mark.parametrize("turns", [[], ["Shift+X"], ["Shift+R"], ["Shift+X", "Shift+R"]], ids=["as it is", "flipped", "turned", "both"])
def test_the_brush_meets_the_voxel_under_it_however_the_picture_is_turned(room: ReadingRoom, turns: list[str]) -> None:
    slice_ = room.pane()["slice"]
    letters = room.pane()["letters"]
    room.press(*turns, *["Shift+["] * 2)
    room.until(lambda state: not turns or state["panes"][0]["letters"] != letters)
    voxel = (slice_, 44, 23)
    assert at(room, voxel) == 0
    room.page.mouse.click(*place(room, "large", voxel))
    room.until(lambda state: state["undoable"] == 1)
    assert at(room, voxel) == room.state["active"]["id"]
    assert sum(at(room, (slice_, row, column)) > 0 for row in range(40, 49) for column in range(19, 28)) <= 5
    room.press(*["Shift+]"] * 2)
    turned_back = ["Shift+R"] * (3 if "Shift+R" in turns else 0) + ["Shift+X"] * ("Shift+X" in turns)
    room.press(*turned_back)


def test_what_is_painted_across_the_slices_lies_where_the_other_picture_shows_it(room: ReadingRoom) -> None:
    across = next(pane for pane in room.state["panes"] if pane["view"] == "axial")
    assert across["stack"] == room.pane()["stack"]
    voxel = (room.pane()["count"] // 2 + 1, across["slice"], 24)
    room.press(*["Shift+["] * 2)
    drawn = room.drawn()
    room.page.mouse.click(*place(room, across["id"], voxel))
    room.until(lambda state: state["undoable"] == 1)
    assert at(room, voxel) == room.state["active"]["id"]
    room.press("t", "t")
    room.page.mouse.move(*place(room, across["id"], voxel))
    room.page.evaluate("([to]) => window.columna.goTo('large', to)", [voxel[0]])
    room.until(lambda state: state["panes"][0]["slice"] == voxel[0])
    room.until_drawn(lambda points: points != drawn)
    room.press(*["Shift+]"] * 2)


def test_letters_follow_a_flip_and_a_turn(room: ReadingRoom) -> None:
    room.page.mouse.click(*room.place(40, 20))
    before = room.pane()["letters"]
    room.press("Shift+X")
    flipped = room.until(lambda state: state["panes"][0]["letters"] != before)["panes"][0]["letters"]
    assert (flipped["left"], flipped["right"]) == (before["right"], before["left"])
    room.press("Shift+X", "Shift+R")
    turned = room.until(lambda state: state["panes"][0]["letters"]["top"] != before["top"])["panes"][0]["letters"]
    assert {turned["top"], turned["bottom"]} == {before["left"], before["right"]}
    room.press("Shift+R", "Shift+R", "Shift+R")
    room.until(lambda state: state["panes"][0]["letters"] == before)
    room.press("Shift+X", "Shift+R", "Shift+R")  # upside down, left where it was
    upended = {**before, "top": before["bottom"], "bottom": before["top"]}
    room.until(lambda state: state["panes"][0]["letters"] == upended)
    room.press("Shift+R", "Shift+R", "Shift+X")
    room.until(lambda state: state["panes"][0]["letters"] == before)


def test_the_slices_play_and_esc_stops_them(room: ReadingRoom) -> None:
    room.page.mouse.move(*room.place(40, 20))
    slice_ = room.pane()["slice"]
    room.press("Shift+P")
    room.until(lambda state: state["isPlaying"] and state["panes"][0]["slice"] != slice_)
    room.press("Escape")
    room.until(lambda state: not state["isPlaying"])


def test_a_lost_graphics_card_is_got_over_and_no_voxel_changes(room: ReadingRoom) -> None:
    stack = room.pane()["stack"]
    room.stroke((40, 20), (40, 26))
    before, slice_, light = room.digest(stack), room.pane()["slice"], brightness(room)
    room.page.evaluate("window.contexts.splice(0).forEach((context) => context.getExtension('WEBGL_lose_context')?.loseContext())")
    room.until(lambda state: state["notice"] == "The pictures were rebuilt")
    room.until(lambda state: all(pane["loading"] == "loaded" and pane["letters"] for pane in state["panes"]))
    assert room.digest(stack) == before
    assert room.pane()["slice"] == slice_
    room.until(lambda _: brightness(room) == pytest.approx(light, rel=0.2))
    room.stroke((60, 20), (60, 26))
    room.until(lambda _: room.digest(stack) != before)


def test_the_spine_turns_in_3d_and_a_click_goes_there(web: Web, room: ReadingRoom) -> None:
    room.press("Shift+G")
    surface = room.page.locator("[data-surface]")
    surface.wait_for()
    web.work("annotation.surface")
    shown = room.page.locator('[data-surface="shown"]')
    shown.wait_for()
    expect(shown).to_contain_text("structures")
    canvas = shown.locator("canvas")
    before = canvas.screenshot()
    canvas.focus()
    room.press("ArrowLeft", "ArrowLeft")
    room.until(lambda _: canvas.screenshot() != before)
    found = []
    box = canvas.bounding_box()
    assert box is not None
    for share in (0.3, 0.4, 0.5, 0.6, 0.7):
        room.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * share)
        found.append(room.state["active"]["id"])
    assert len(set(found)) > 1
    room.press("Shift+G")


def test_a_slice_that_is_not_there_yet_shows_at_low_resolution_and_never_another_slice(
    web: Web, browser: Browser, take: Callable[[str], dict[str, Any]]
) -> None:
    case = take("MR")
    context = browser.new_context(viewport={"width": 1100, "height": 720}, service_workers="block")
    room = ReadingRoom.enter(context, web.url)
    held: list[Route] = []
    masks: list[Route] = []
    levels: list[Route] = []
    is_held = True

    def hold(route: Route) -> None:
        url = route.request.url
        if not is_held or re.search(r"/frames/\d+$", url):
            route.continue_()
        elif "level=" in url:
            levels.append(route)
        else:
            held.append(route)

    room.page.route(f"**/api/stacks/{case['stacks']['MR-t2']}/frames**", hold)
    room.page.route("**/mask?**", lambda route: masks.append(route))
    room.page.goto(f"{web.url}/read/{case['id']}")
    room.until(lambda state: bool(state["panes"]) and state["panes"][0].get("loading") == "loaded")
    expect(room.page.get_by_role("progressbar", name="Masks loaded")).to_have_attribute("aria-valuenow", "0")
    across = next(pane["id"] for pane in room.state["panes"] if pane["view"] == "axial")
    hatched = room.until_drawn(lambda points: points > 4000, across)  # eight of its nine slices are not there at all
    room.until(lambda _: bool(levels))
    for route in levels:
        route.continue_()
    room.until_drawn(lambda points: points < hatched / 3, across)
    room.page.mouse.move(400, 400)
    room.page.mouse.wheel(0, 100)
    room.until(lambda state: state["panes"][0]["slice"] == 5 and state["panes"][0]["loading"] == "coarse")
    room.until(lambda _: brightness(room) > 8)
    bar = room.page.get_by_role("progressbar", name="Images loaded").first
    assert int(bar.get_attribute("aria-valuenow") or -1) < int(bar.get_attribute("aria-valuemax") or 0)
    total = room.state["masks"][1]
    room.until(lambda _: len(masks) == total > 1)
    masks.pop().continue_()
    expect(room.page.get_by_role("progressbar", name="Masks loaded")).to_have_attribute("aria-valuetext", f"mask 1 of {total}")
    for route in masks:
        route.continue_()
    expect(room.page.get_by_role("progressbar", name="Masks loaded")).to_have_count(0)
    is_held = False
    for route in held:
        route.continue_()
    room.until(lambda state: state["panes"][0]["loading"] == "loaded")
    assert room.problems == []
    context.close()
