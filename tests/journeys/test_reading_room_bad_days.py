"""The reading room on a bad day: it says what happened, keeps what was drawn, and goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.journeys.browser import ReadingRoom, Web
from tests.journeys.session import signed_in
from tests.journeys.test_reading_room import digest, paint_some, server_mask
from tests.reader import bundle_decode, bundle_encode

Take = Callable[[str], dict[str, Any]]
pytestmark = pytest.mark.journey


def test_a_lost_session_asks_for_the_password_and_loses_nothing(web: Web, reader: ReadingRoom, context: BrowserContext, take: Take) -> None:
    room = reader.open(take("MR")["id"])
    stack = room.pane()["stack"]
    context.set_offline(True)
    paint_some(room, 3)
    room.until(lambda state: state["unsent"] >= 3)
    context.clear_cookies(name="sessionid")
    context.set_offline(False)
    room.until(lambda state: state["save"] == "error")
    painted = room.digest(stack)
    secret = room.page.locator("input[autocomplete=current-password]")
    secret.fill("reader-columna-demo")
    secret.press("Enter")
    state = room.saved()
    assert state["undoable"] == 3
    assert room.digest(stack) == painted
    assert digest(server_mask(web, state, stack)) == painted


def test_a_lost_frame_shows_a_tile_and_comes_back_on_asking(reader: ReadingRoom, take: Take) -> None:
    case = take("MR")
    stack = case["stacks"]["MR-t2"]
    pattern = f"**/api/stacks/{stack}/frames**"
    reader.page.route(
        pattern, lambda route: route.continue_() if "from=" not in route.request.url and route.request.url.endswith("/4") else route.abort()
    )
    room = reader.open(case["id"])
    assert room.pane()["slice"] == 4
    room.press("ArrowDown")
    room.until(lambda state: state["panes"][0]["loading"] == "failed")
    tile = room.page.get_by_role("alert").filter(has_text="did not arrive")
    expect(tile).to_contain_text("Slice 6")
    room.page.unroute(pattern)
    tile.get_by_role("button", name="Try again").click()
    room.until(lambda state: state["panes"][0]["loading"] == "loaded")
    room.press("ArrowUp")
    room.until(lambda state: state["panes"][0]["slice"] == 4 and state["panes"][0]["loading"] == "loaded")


def test_a_corrupt_frame_is_never_shown_and_comes_whole_on_asking(reader: ReadingRoom, take: Take) -> None:
    case = take("MR")
    stack = case["stacks"]["MR-t2"]

    def spoil(route: Route) -> None:
        if "from=" in route.request.url or not route.request.url.endswith("/6"):
            (route.abort if "/frames?" in route.request.url else route.continue_)()
            return
        body = bytearray(route.fetch().body())
        body[len(body) // 2] ^= 0xFF
        route.fulfill(status=200, content_type="image/jphc", body=bytes(body))

    pattern = f"**/api/stacks/{stack}/frames**"
    reader.page.route(pattern, spoil)
    room = reader.open(case["id"])
    room.press("ArrowDown", "ArrowDown")
    room.until(lambda state: state["panes"][0]["slice"] == 6 and state["panes"][0]["loading"] == "failed")
    tile = room.page.get_by_role("alert").filter(has_text="Slice 7")
    room.page.unroute(pattern)
    tile.get_by_role("button", name="Try again").click()
    room.until(lambda state: state["panes"][0]["loading"] == "loaded")


def test_a_mask_on_another_grid_is_named_and_never_shown(reader: ReadingRoom, take: Take) -> None:
    case = take("MR")

    def stretch(route: Route) -> None:
        header, rest = bundle_decode(route.fetch().body())
        route.fulfill(
            status=200, content_type="application/vnd.columna.bundle", body=bundle_encode({**header, "rows": header["rows"] * 2}, [rest])
        )

    reader.page.route("**/mask?**", stretch, times=1)
    reader.page.goto(f"{reader.url}/read/{case['id']}")
    reader.until(lambda state: state["phase"] == "failed")
    expect(reader.page.get_by_label("Reading room")).to_contain_text("does not fit its images")
    expect(reader.page.get_by_label("Reading room")).to_contain_text("It is not shown, so that nothing is shown wrong")
    reader.page.get_by_role("button", name="Try again").click()
    reader.until(lambda state: state["phase"] == "ready")


def test_a_study_withdrawn_while_open_leaves_the_screen_and_says_so(web: Web, reader: ReadingRoom) -> None:
    case = web.seed("--seed", "71", "--modalities", "MR")[-1]
    web.cases.remove(case)  # nobody else is handed it
    room = reader.open(case["id"])
    pseudonym = room.page.locator("h1").first.inner_text()
    manager = signed_in(web.url, "manager")
    subject = next(
        each["id"] for each in manager.get("/api/subjects?project=lumbar-demo&limit=500")["results"] if each["pseudonym"] == pseudonym
    )
    manager.post(f"/api/subjects/{subject}/withdraw", {"reason": "The patient asked for it."})
    paint_some(room, 1)
    room.until(lambda state: state["phase"] == "withdrawn")
    expect(room.page.get_by_label("Reading room")).to_contain_text("has withdrawn")
    expect(room.page.get_by_label("Reading room")).to_contain_text("stay sealed on this computer")
    expect(room.page.locator("canvas")).to_have_count(0)
    assert room.state["stacks"] == []
    room.page.get_by_role("button", name="Back to the worklist").click()
    room.page.wait_for_url("**/worklist")
