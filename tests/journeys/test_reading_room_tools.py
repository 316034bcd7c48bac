"""What the tools of the reading room do, in a real browser: each is one step that can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browser import ReadingRoom, Web
from tests.journeys.session import signed_in

pytestmark = pytest.mark.journey


TAP = """() => {
  for (const kind of ['keydown', 'keyup']) window.dispatchEvent(new KeyboardEvent(kind, { key: ' ', code: 'Space', bubbles: true, cancelable: true }))
}"""
"""A tap of the space bar, however slow the machine: a key held for longer is a peek."""


@pytest.fixture(scope="module")
def desk(web: Web, browser: Browser, take: Callable[[str], dict[str, Any]]) -> Iterator[ReadingRoom]:
    """One MR case that all of these tests work on; each takes back what it did."""
    context = browser.new_context(viewport={"width": 1280, "height": 760}, service_workers="block")
    yield ReadingRoom.enter(context, web.url).open(take("MR")["id"])
    context.close()


@pytest.fixture
def room(desk: ReadingRoom) -> Iterator[ReadingRoom]:
    desk.press("b", "r")
    desk.calm()
    yield desk
    desk.take_all_back()
    assert desk.state["undoable"] == 0
    assert desk.problems == []


def far(room: ReadingRoom, row: float = 0.5, column: float = 0.12) -> tuple[float, float]:
    """Return a voxel in front of the spine, by shares of the image."""
    stack = room.state["stacks"][0]
    return stack["rows"] * row, stack["columns"] * column


def test_shift_erases_while_it_is_held(room: ReadingRoom) -> None:
    stack = room.pane()["stack"]
    before = room.digest(stack)
    row, column = far(room)
    room.stroke((row, column), (row, column + 8))
    room.until(lambda _: room.digest(stack) != before)
    painted = room.digest(stack)
    room.stroke((row, column - 4), (row, column + 12), modifier="Shift")
    room.until(lambda _: room.digest(stack) != painted)


def cursor(room: ReadingRoom) -> dict[str, Any]:
    found: dict[str, Any] | None = room.look("window.columna.cursor('large')")
    return found or {}


def says(room: ReadingRoom) -> str:
    return str(cursor(room).get("says", ""))


def edges(room: ReadingRoom) -> list[float]:
    at = cursor(room)
    return [at["left"], at["top"]] if at else []


def shown(room: ReadingRoom) -> int:
    """Return how many pixels lie over the large picture."""
    return room.drawn()


def test_the_brush_follows_the_pointer_and_says_its_sign_and_its_size_in_mm(room: ReadingRoom) -> None:
    x, y = room.place(*far(room))
    room.page.mouse.move(x, y)
    room.until(lambda state: says(room) == f"+ {2 * state['radius']:.1f} mm")
    before = cursor(room)
    room.page.mouse.move(x + 40, y + 30)
    room.until(lambda _: edges(room) == pytest.approx([before["left"] + 40, before["top"] + 30], abs=1.5))
    room.page.keyboard.down("Shift")
    room.until(lambda _: says(room).startswith("−"))  # erasing is told by a sign, not only by what happens
    room.page.keyboard.up("Shift")
    room.press("]")
    room.until(lambda state: says(room) == f"+ {2 * state['radius']:.1f} mm")
    room.press("[")
    room.page.mouse.move(5, 5)
    room.until(lambda _: cursor(room) == {})  # away from the pictures there is no brush


def test_a_stroke_is_seen_while_it_is_drawn(room: ReadingRoom) -> None:
    row, column = far(room)
    stack = room.pane()["stack"]
    before, drawn = room.digest(stack), shown(room)
    room.page.mouse.move(*room.place(row, column))
    room.page.mouse.down()
    room.page.mouse.move(*room.place(row, column + 8), steps=3)
    room.until(lambda _: shown(room) > drawn)
    assert room.state["undoable"] == 0, "it is on the screen before it is a step"
    room.press("Escape")
    room.page.mouse.up()
    room.until(lambda state: state["undoable"] == 0 and room.digest(stack) == before)  # Esc gives it up


DABS = """([places, slice]) => {
  window.columna.goTo('large', slice)
  const target = document.querySelector('[data-pane="large"] canvas[data-overlay="cursor"]').parentElement
  const send = (type, [clientX, clientY], buttons) => target.dispatchEvent(new PointerEvent(type, {
    bubbles: true, cancelable: true, pointerId: 9, pointerType: 'mouse', isPrimary: true, button: 0, buttons, clientX, clientY }))
  for (const place of places) { send('pointerdown', place, 1); send('pointerup', place, 0) }
}"""
UNDO = """(times) => { for (let at = 0; at < times; at += 1) for (const kind of ['keydown', 'keyup'])
  window.dispatchEvent(new KeyboardEvent(kind, { key: 'z', code: 'KeyZ', ctrlKey: true, bubbles: true, cancelable: true })) }"""


def test_300_strokes_are_all_undone(room: ReadingRoom) -> None:
    """The events are sent by the page itself: a driver that waits for a frame after each would take minutes."""
    stack, slice_ = room.pane()["stack"], room.pane()["slice"]
    before = room.digest(stack)
    places = [room.place(*far(room, 0.05 + 0.03 * (at // 5), 0.03 + 0.04 * (at % 5))) for at in range(0, 150, 149)]
    (left, top), (right, bottom) = places
    grid = [(left + (right - left) * (at % 5) / 4, top + (bottom - top) * (at // 5) / 29) for at in range(150)]
    for on in (slice_, slice_ + 1):
        room.page.evaluate(DABS, [grid, on])
    room.until(lambda state: state["undoable"] == 300)
    assert room.digest(stack) != before
    room.page.evaluate(UNDO, 300)
    room.until(lambda state: (state["undoable"], state["redoable"]) == (0, 300))
    assert room.digest(stack) == before
    room.saved(120)


def test_brackets_change_the_brush_by_one_step_and_by_five(room: ReadingRoom) -> None:
    radius = room.state["radius"]
    room.press("]")
    room.until(lambda _: room.state["radius"] == pytest.approx(radius + 0.25))
    room.press("Shift+]", "[", "Shift+[")
    room.until(lambda _: room.state["radius"] == pytest.approx(radius))


def test_space_peeks_while_held_and_toggles_when_tapped(room: ReadingRoom) -> None:
    room.until(lambda state: state["doubts"] > 0)  # names are drawn anew once it is known which are doubtful
    room.drawn_at_rest()  # Chromium draws a canvas otherwise, by a hair, once it has been read a few times
    for are_shown in (False, True):
        room.page.evaluate(TAP)
        room.until(lambda state, are_shown=are_shown: state["areMasksShown"] is are_shown)
    state, drawn = room.state, room.drawn_at_rest()
    room.page.keyboard.down("Space")
    room.until(lambda state: not state["areMasksShown"])
    room.page.wait_for_timeout(500)  # this long is a peek, not a tap
    room.until_drawn(lambda points: points == 0)  # the image is bare
    room.page.keyboard.up("Space")
    room.until(lambda state: state["areMasksShown"])
    room.until_drawn(lambda points: points == drawn)
    assert [room.state[kept] for kept in ("active", "tool", "radius")] == [state[kept] for kept in ("active", "tool", "radius")]
    for are_shown in (False, True):
        room.page.evaluate(TAP)
        room.until(lambda state, are_shown=are_shown: state["areMasksShown"] is are_shown)


def test_an_accepted_structure_is_not_painted_over_and_says_so(room: ReadingRoom) -> None:
    stack, row_column = room.pane()["stack"], far(room)
    first = room.state["active"]
    room.stroke(row_column, (row_column[0], row_column[1] + 6))
    room.until(lambda state: state["undoable"] == 1)
    room.press("Enter")
    room.until(lambda state: state["active"] != first)
    held = room.digest(stack)
    room.step_to(room.pane()["count"] // 2)
    room.press("r")  # accepting went to the doubtful place and zoomed
    room.calm()
    room.stroke(row_column, (row_column[0], row_column[1] + 6))
    expect(room.page.get_by_role("status").filter(has_text="kept").first).to_be_visible()
    assert room.digest(stack) == held


def test_the_largest_part_is_kept_in_one_step(room: ReadingRoom) -> None:
    stack = room.pane()["stack"]
    row, column = far(room)
    before = room.state["undoable"]
    room.stroke((row, column), (row, column + 4))
    room.until(lambda state: state["undoable"] == before + 1)
    painted = room.digest(stack)
    room.press("k")
    room.until(lambda state: state["undoable"] == before + 2)
    assert room.digest(stack) != painted
    room.press("Control+z")
    room.until(lambda state: state["undoable"] == before + 1)
    assert room.digest(stack) == painted


def test_the_lasso_fills_what_it_goes_round(room: ReadingRoom) -> None:
    stack = room.pane()["stack"]
    before = room.digest(stack)
    row, column = far(room)
    room.press("l")
    room.stroke((row, column), (row + 10, column), (row + 10, column + 10), (row, column + 10))
    room.until(lambda _: room.digest(stack) != before)


def test_shifting_the_ladder_renames_every_level_and_touches_no_voxel(room: ReadingRoom) -> None:
    stack = room.pane()["stack"]
    voxels = room.digest(stack)
    names = {segment["id"]: segment["structure"] for segment in room.state["segments"]}
    room.press("-")
    room.until(lambda state: {segment["id"]: segment["structure"] for segment in state["segments"]} != names)
    shifted = {segment["id"]: segment["structure"] for segment in room.state["segments"]}
    assert shifted[next(number for number, code in names.items() if code == "L4")] == "L3"
    assert room.digest(stack) == voxels
    room.press("Control+z")
    room.until(lambda state: {segment["id"]: segment["structure"] for segment in state["segments"]} == names)
    room.saved()


def test_doubtful_places_are_gone_to_in_the_servers_order_each_on_its_slice_and_zoomed(web: Web, room: ReadingRoom) -> None:
    case = room.page.url.rsplit("/", 1)[1]
    room.open(case)
    doubts = doubts_of(web, case)
    assert len(doubts) > 1
    assert doubts[0]["structure"] == "L4", "the worst comes first, before what only a rule has flagged"
    before = room.until(lambda state: state["doubts"] == len(doubts))["doubts"]
    for visited, doubt in enumerate([*doubts, doubts[0]], 1):
        room.press("n")
        room.until(lambda state, doubt=doubt: (state["active"]["layer"], state["active"]["id"]) == (doubt["layer"], doubt["id"]))
        room.until(lambda state, visited=visited: state["visited"] == min(visited, len(doubts)))
        room.until(lambda state, doubt=doubt: stands_at(room, doubt, state["panes"]))
        assert (room.state["notice"] == "That was the last one") == (visited > len(doubts))
    expect(room.page.get_by_label("looked at")).to_have_count(len(doubts))
    assert room.state["doubts"] == before, "looking settles nothing"


def test_what_is_rejected_is_said_comes_back_by_undo_and_a_structure_stays_in_hand(room: ReadingRoom) -> None:
    def has_l4(state: dict[str, Any]) -> bool:
        return any(segment["structure"] == "L4" for segment in state["segments"])

    room.choose("L4")
    room.press("Backspace")
    room.until(lambda state: not has_l4(state) and state["notice"] == "L4 rejected")
    room.press("Control+z")
    room.until(lambda state: has_l4(state) and state["active"] is not None)
    room.saved()


def doubts_of(web: Web, case: str) -> list[dict[str, Any]]:
    """Return the server's list of doubtful places, worst first; ``at`` is the number of the slice where each is worst, None where it says none."""
    manager = signed_in(web.url, "manager")
    (proposal,) = manager.get(f"/api/revisions?project=lumbar-demo&case={case}&kind=proposal")["results"]
    listed: list[dict[str, Any]] = manager.get(f"/api/revisions/{proposal['id']}/uncertainty")["doubts"]
    keys = {
        stack: [entry["key"] for entry in manager.get(f"/api/stacks/{stack}/manifest")["slices"]]
        for stack in {doubt["stack"] for doubt in listed}
    }
    return [{**doubt, "at": keys[doubt["stack"]].index(doubt["slice"]) if doubt["slice"] else None} for doubt in listed]


def stands_at(room: ReadingRoom, doubt: dict[str, Any], panes: list[dict[str, Any]]) -> bool:
    """Whether the picture of that series shows the slice, with the structure in view and no more than 110 mm of its height; where the series
    does not hang, whether the large picture, of the same frame of reference, shows the structure so."""
    own = [pane for pane in panes if pane["stack"] == doubt["stack"] and pane["view"] == "stack"]
    pane = (own or panes)[0]
    box = room.page.locator(f'[data-pane="{pane["id"]}"]').bounding_box()
    widest = room.page.evaluate("([pane]) => window.columna.widest(pane)", [pane["id"]])
    if (own and doubt["at"] not in (None, pane["slice"])) or pane["loading"] != "loaded" or widest is None or box is None:
        return False
    x, y = room.place(widest["row"], (widest["from"] + widest["to"]) / 2, pane=pane["id"])
    is_inside = box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]
    return bool(is_inside and pane["mmPerPixel"] * box["height"] <= 111)


def test_orientation_letters_stand_on_every_picture(room: ReadingRoom) -> None:
    for pane in room.state["panes"]:
        assert all(pane["letters"][side] for side in ("left", "right", "top", "bottom"))
        for side, letter in pane["letters"].items():
            expect(room.page.locator(f'[data-pane="{pane["id"]}"] [data-side="{side}"]')).to_have_text(letter)
    assert room.pane()["letters"] == {"left": "A", "right": "P", "top": "H", "bottom": "F"}


def test_the_browser_keeps_nothing_that_names_the_patient(web: Web, room: ReadingRoom) -> None:
    kept: str = room.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage, url: location.href, title: document.title})")
    pseudonym = room.page.locator("h1").first.inner_text()
    assert pseudonym.startswith("SP-")
    assert pseudonym not in kept
