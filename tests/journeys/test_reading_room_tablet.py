"""The reading room on a tablet of 1024 × 768: one finger is the tool, two move the picture, a pen draws while the palm lies on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession

from tests.journeys.browser import ReadingRoom, Web

pytestmark = pytest.mark.journey
Fingers = Callable[..., None]


@pytest.fixture(scope="module")
def room(web: Web, browser: Browser, take: Callable[[str], dict[str, Any]]) -> Iterator[ReadingRoom]:
    context = browser.new_context(viewport={"width": 1024, "height": 768}, has_touch=True, service_workers="block")
    entered = ReadingRoom.enter(context, web.url).open(take("MR")["id"])
    yield entered
    assert entered.problems == []
    context.close()


@pytest.fixture(scope="module")
def glass(room: ReadingRoom) -> CDPSession:
    return room.page.context.new_cdp_session(room.page)


def touch(glass: CDPSession, kind: str, *fingers: tuple[float, float]) -> None:
    points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
    glass.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_one_finger_paints_and_two_only_move_the_picture(room: ReadingRoom, glass: CDPSession) -> None:
    stack, before = room.pane()["stack"], room.digest(room.pane()["stack"])
    x, y = room.place(50, 25)
    touch(glass, "touchStart", (x, y))
    touch(glass, "touchMove", (x + 20, y))
    touch(glass, "touchEnd")
    room.until(lambda state: state["undoable"] == 1)
    painted = room.digest(stack)
    assert painted != before
    zoom, at = room.pane()["zoom"], room.place(50, 25)
    touch(glass, "touchStart", (x, y))
    touch(glass, "touchStart", (x, y), (x + 80, y))
    for step in range(1, 5):
        touch(glass, "touchMove", (x, y + 10 * step), (x + 80 + 20 * step, y + 10 * step))
    touch(glass, "touchEnd")
    room.until(lambda state: state["panes"][0]["zoom"] > zoom * 1.2)
    room.until(lambda _: room.place(50, 25) != at)
    assert room.digest(stack) == painted, "two fingers draw nothing, not even what the first one began"
    room.press("Control+z", "r")
    room.until(lambda state: state["undoable"] == 0)


def test_the_pen_draws_and_the_palm_beside_it_does_not(room: ReadingRoom, glass: CDPSession) -> None:
    def pen(kind: str, x: float, y: float) -> None:
        pressed = kind != "mouseReleased"
        glass.send(
            "Input.dispatchMouseEvent",
            {"type": kind, "x": x, "y": y, "button": "left", "buttons": int(pressed), "clickCount": 1, "pointerType": "pen", "force": 0.5},
        )

    x, y = room.place(50, 25)
    pen("mousePressed", x, y)
    pen("mouseMoved", x + 15, y)
    touch(glass, "touchStart", (x + 10, y + 120))
    touch(glass, "touchMove", (x + 30, y + 130))
    touch(glass, "touchEnd")
    pen("mouseMoved", x + 25, y)
    pen("mouseReleased", x + 25, y)
    room.until(lambda state: state["undoable"] == 1)
    room.saved()
    assert room.state["undoable"] == 1, "one stroke, by the pen"
    room.press("Control+z")


SMALL = """(least) => [...document.querySelectorAll('button, a[href], input, [role=tab], [role=gridcell]')].flatMap((each) => {
  const target = each.closest('label') ?? each
  const box = target.getBoundingClientRect()
  if (!box.width || !each.checkVisibility({ visibilityProperty: true }) || each.closest('[aria-label="Slices"] > div:nth-child(2)')) return []
  return Math.min(box.width, box.height) < least - 0.5
    ? [`${each.getAttribute('aria-label') ?? (each.textContent.trim() || target.outerHTML.slice(0, 120))} ${Math.round(box.width)} × ${Math.round(box.height)}`] : [] })"""


def test_every_target_is_44_px_and_slices_are_stepped_by_buttons(room: ReadingRoom) -> None:
    """The cells of the strip of slices may be narrower: the buttons beside it step through the same slices."""
    for tab in ("Measures", "Grades", "Levels", "Structures"):
        room.page.get_by_role("tab", name=tab).tap()
        room.page.get_by_role("tabpanel", name=tab).wait_for()
        assert room.look(SMALL, 44) == [], tab
    steps = room.page.get_by_role("group", name="Steps")
    slice_ = room.pane()["slice"]
    steps.get_by_role("button", name="Next slice").tap()
    room.until(lambda state: state["panes"][0]["slice"] == slice_ + 1)
    steps.get_by_role("button", name="Previous slice").tap()
    room.until(lambda state: state["panes"][0]["slice"] == slice_)


def test_levels_are_shifted_by_a_finger(room: ReadingRoom) -> None:
    before = [body["name"] for body in room.state["ladder"]["bodies"]]
    room.page.get_by_role("tab", name="Levels").tap()
    panel = room.page.get_by_role("tabpanel", name="Levels")
    panel.get_by_role("button", name="Shift all one level towards the head").tap()
    room.until(lambda state: [body["name"] for body in state["ladder"]["bodies"]] != before)
    room.page.get_by_role("group", name="Steps").get_by_role("button", name="Undo").tap()
    room.until(lambda state: [body["name"] for body in state["ladder"]["bodies"]] == before)
    room.page.get_by_role("tab", name="Structures").tap()
