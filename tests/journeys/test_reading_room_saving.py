"""Saving in the reading room: what the chip says, what is offered again, who writes, and what is held against what is stored."""

from __future__ import annotations

import gzip
import re
import sqlite3
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.journeys.browser import ReadingRoom, Web
from tests.journeys.session import signed_in
from tests.journeys.test_reading_room import digest, paint_some, server_mask

Take = Callable[[str], dict[str, Any]]
pytestmark = pytest.mark.journey


def chip(room: ReadingRoom, word: str = "") -> str:
    """Return what the chip says, once it says ``word``."""
    found = room.page.locator("[data-save]")
    expect(found).to_contain_text(word)
    return found.inner_text()


HURRY = """window.pace = 1
const wait = window.setTimeout
window.setTimeout = (call, ms = 0, ...rest) => wait(call, ms / window.pace, ...rest)"""
PACE = 10


def test_half_a_minute_offline_loses_nothing_and_ends_by_itself(web: Web, reader: ReadingRoom, context: BrowserContext, take: Take) -> None:
    """Ten strokes while the server does not answer, for 30 s by the page's timers, which run ten times as fast meanwhile."""
    reader.page.add_init_script(HURRY)
    room = reader.open(take("MR")["id"])
    stack = room.pane()["stack"]
    room.press("Shift+ArrowDown")
    room.choose("L3")
    tries: list[str] = []
    pattern = "**/api/annotations/*/operations"

    def nobody_answers(route: Route) -> None:
        tries.append(route.request.url)
        route.abort("connectionfailed")

    context.route(pattern, nobody_answers)
    begun = room.page.evaluate("(pace) => { window.pace = pace; return performance.now() }", PACE)
    paint_some(room, 1)
    room.until(lambda state: state["save"] == "offline")
    paint_some(room, 10 - room.state["unsent"], first=1)
    room.until(lambda _: room.page.evaluate("performance.now()") - begun > 30_000 / PACE)
    room.until(lambda _: len(tries) >= 4)
    room.page.evaluate("window.pace = 1")
    room.until(lambda state: state["unsent"] == state["kept"] == 10)
    expect(room.page.locator("[data-save]")).to_have_text("Offline – 10 changes kept on this computer")
    expect(room.page.locator("[data-save]")).to_have_attribute("aria-live", "polite")
    room.press("Control+Enter")
    expect(
        room.page.get_by_text("not reached the server yet").or_(room.page.get_by_role("button", name="Submit all the same")).first
    ).to_be_visible()
    if room.page.get_by_role("button", name="Submit all the same").is_visible():
        room.page.get_by_role("button", name="Submit all the same").click()
    expect(room.page.get_by_text("10 changes have not reached the server yet")).to_be_visible()
    assert room.state["phase"] == "ready", "submitting is refused, and the case stays open"
    context.unroute(pattern)
    state = room.saved()
    expect(room.page.locator("[data-save]")).to_have_text(re.compile(r"^Saved \d\d:\d\d:\d\d$"))
    assert digest(server_mask(web, state, stack)) == room.digest(stack)


def test_the_chip_has_five_states(reader: ReadingRoom, take: Take) -> None:
    """Saved, Saving n, Offline n, Conflict, Error: the server's answers are made up here, one by one."""
    room = reader.open(take("MR")["id"])
    seen = [chip(room, "Saved")]
    refusal = {"status": 503}
    held: list[Route] = []

    def answer(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
        elif refusal["status"] == 0:
            held.append(route)
        else:
            code = {409: "old_value_mismatch"}.get(refusal["status"], "refused")
            route.fulfill(status=refusal["status"], json={"error": {"code": code, "message": "Not like this.", "state": {}}})

    room.page.route("**/api/annotations/*/operations", answer)
    for status, state in ((503, "Offline"), (409, "Conflict")):
        refusal["status"] = status
        if status == 503:
            paint_some(room, 1)
        room.until(lambda found, state=state: found["save"] == state.lower())
        seen.append(chip(room, state))
    room.page.get_by_role("button", name=re.compile("^Drop my")).click()
    room.until(lambda found: found["phase"] == "ready" and found["save"] == "saved")
    refusal["status"] = 400
    paint_some(room, 1, first=1)
    room.until(lambda found: found["save"] == "error")
    seen.append(chip(room, "Error"))
    refusal["status"] = 0
    room.press("Control+s")
    room.until(lambda found: found["save"] == "saving" and bool(held))
    seen.append(chip(room, "Saving"))
    held.pop().continue_()
    room.saved()
    room.page.unroute("**/api/annotations/*/operations")
    assert [re.split("[: ]", text)[0] for text in seen] == ["Saved", "Offline", "Conflict", "Error", "Saving"]
    assert "kept on this computer" in seen[1]
    assert "Not like this." in seen[3]


def damage(web: Web, annotation: str) -> int:
    """Spoil the stored bytes of every slice that was drawn on, as a bad disk would; return how many."""
    database = sqlite3.connect(web.folder / "columna.sqlite3", timeout=30)
    with database:
        found = database.execute(
            "UPDATE annotation_chunk SET data = ? WHERE annotation_id = ?",
            (gzip.compress(np.zeros(16, dtype=np.uint8).tobytes()), annotation.replace("-", "")),
        )
    database.close()
    return found.rowcount


def test_a_slice_that_went_bad_at_the_server_is_sent_again(web: Web, reader: ReadingRoom, take: Take) -> None:
    room = reader.open(take("MR")["id"])
    stack = room.pane()["stack"]
    paint_some(room, 3)
    state = room.saved()
    painted = room.digest(stack)
    assert damage(web, state["annotation"]) > 0
    room.press("Control+s")
    room.until(lambda found: found["resent"] > 0)
    assert digest(server_mask(web, state, stack)) == painted
    expect(room.page.get_by_label("Status")).to_contain_text("sent again")
    seq = room.state["seq"]
    assert seq == state["seq"], "healing adds nothing to the log"
    damage(web, state["annotation"])
    paint_some(room, 1, first=3)
    state = room.saved()
    assert digest(server_mask(web, state, stack)) == room.digest(stack), "a stroke on a damaged slice heals it first"


def test_the_losers_work_becomes_a_branch_that_is_compared_and_taken_over(
    web: Web, reader: ReadingRoom, context: BrowserContext, take: Take
) -> None:
    case = take("MR")
    room = reader.open(case["id"])
    stack = room.pane()["stack"]
    paint_some(room, 1)
    room.saved()
    context.set_offline(True)
    paint_some(room, 2, first=1)
    room.until(lambda state: state["kept"] == state["unsent"] >= 2)
    mine = room.digest(stack)
    other = signed_in(web.url, "reader").open(case["id"], takeover=True)
    keys = other.stack(stack)["keys"]
    plane = other.mask(stack, "instances")[len(keys) // 2].copy()
    plane[2:6, 2:6] = next(each["id"] for each in other.segments if each["layer"] == "instances")
    other.paint(stack, "instances", len(keys) // 2, plane)
    other.flush()
    context.set_offline(False)
    room.until(lambda state: state["phase"] == "read-only" or state["save"] == "conflict")
    theirs = digest(other.mask(stack, "instances", fresh=True))
    other.release()
    room.keep_as_branch()
    if room.state["phase"] == "read-only":
        room.page.get_by_role("button", name="Take over").click()
    room.until(lambda state: state["phase"] == "ready" and state["branches"] == 1)
    assert room.digest(stack) == theirs, "nobody's work was overwritten"
    room.take_branch_over()
    room.until(lambda _: room.digest(stack) == mine)
    state = room.saved()
    assert digest(server_mask(web, state, stack)) == mine
    room.press("Control+z")
    room.until(lambda state: state["redoable"] == 1 and room.digest(stack) == theirs)


class Fetched:
    """What a page's answers were, by their paths: of the network, or of the browser's own cache."""

    def __init__(self, room: ReadingRoom) -> None:
        self.by_network: list[str] = []
        self.by_cache: list[str] = []
        protocol = room.page.context.new_cdp_session(room.page)
        protocol.on("Network.responseReceived", self._answered)
        protocol.send("Network.enable")

    def _answered(self, event: dict[str, Any]) -> None:
        answer = event["response"]
        (self.by_cache if answer.get("fromDiskCache") else self.by_network).append(urlsplit(answer["url"]).path)


def test_submitting_twice_is_one_submission_and_the_next_case_is_there(web: Web, reader: ReadingRoom, take: Take) -> None:
    case = take("MR")
    take("MR")
    asked: list[str] = []
    reader.page.on("request", lambda request: asked.append(f"{request.method} {request.url.removeprefix(web.url)}"))
    fetched = Fetched(room := reader.open(case["id"]))
    room.until(lambda state: all(part["loaded"] == part["total"] for part in state["progress"].values()))
    own = set(case["stacks"].values())
    for kind in ("/manifest", "/preview", "/frames", "/mask"):  # of another case, before this one is handed in
        room.until(lambda _, kind=kind: any(kind in line for line in asked if "stack" in line and not any(stack in line for stack in own)))
    path = next(line.removeprefix("GET ") for line in asked if "/api/cases/upcoming?" in line)
    follows = signed_in(web.url, "reader").get(path)["case"]
    middles = [f"/api/stacks/{stack['id']}/frames/{stack['slice_count'] // 2}" for stack in follows["stacks"]]
    room.until(lambda _: set(middles) <= set(fetched.by_network))
    accept_all(room)
    room.press("Control+Enter", "Control+Enter")  # nothing is open: no dialog stands between the two
    room.page.wait_for_url(lambda url: case["id"] not in url)
    assert sum("/submit" in line for line in asked) == 1
    reading = signed_in(web.url, "reader").get(f"/api/cases/{case['id']}")
    assert reading["state"] == "submitted"
    assert follows["id"] in room.page.url
    first = room.until(lambda state: bool(state["panes"]) and state["panes"][0].get("loading") == "loaded")["panes"][0]
    (middle,) = (path for path in middles if first["stack"] in path)
    room.until(lambda _: middle in fetched.by_cache)
    assert fetched.by_network.count(middle) == 1, "the first image was drawn from what was fetched ahead"


def accept_all(room: ReadingRoom) -> None:
    """Accept everything that the model proposed, the doubtful too."""
    room.until(lambda state: state["doubts"] >= 1)
    room.press("Shift+Enter")
    room.page.get_by_role("dialog").get_by_role("button", name="Accept these too").click()
    room.page.get_by_role("dialog").wait_for(state="hidden")
    room.until(lambda state: {segment["status"] for segment in state["segments"]} == {"accepted"})
    room.saved()
