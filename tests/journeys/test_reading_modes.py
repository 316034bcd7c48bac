"""Blind first, then reveal, in a real browser: nothing of the model crosses the network before its time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Response, expect

from tests.journeys.browser import ReadingRoom, Web
from tests.journeys.own import PROJECT, own_server, person, protocol_set
from tests.journeys.seed import MODEL
from tests.servers.installation import until

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def server() -> Iterator[Web]:
    with own_server("modes", "--modalities", "MR", "--cases", "2", reading_mode="blind_first") as web:
        yield web


@pytest.fixture(scope="module")
def context(server: Web, browser: Browser) -> Iterator[BrowserContext]:
    """One browser for the file, so that a case leased in one claim is still its reader's in the next."""
    found = browser.new_context(viewport={"width": 1400, "height": 860}, service_workers="block")
    ReadingRoom.enter(found, server.url).page.close()
    yield found
    found.close()


@pytest.fixture
def page_of(server: Web, context: BrowserContext) -> Iterator[ReadingRoom]:
    room = ReadingRoom(context.new_page(), server.url)
    room.page.on("pageerror", lambda error: room.problems.append(str(error)))
    yield room
    room.page.close()


class Traffic:
    """Every answer of the server, as it came over the network."""

    def __init__(self, room: ReadingRoom) -> None:
        self.answers: list[Response] = []
        room.page.on("response", lambda answer: self.answers.append(answer))

    def text(self) -> str:
        """Return what came since the last asking; a body is gone once the page has been left."""
        found, answers, self.answers = [], list(self.answers), []
        for answer in answers:
            if "/api/" in answer.url:
                found.append(answer.url)
                if "json" in answer.headers.get("content-type", ""):
                    found.append(answer.text())
        return "\n".join(found)


def test_no_mask_score_or_name_of_the_model_arrives_before_the_reveal_and_the_blind_state_is_kept(
    server: Web, page_of: ReadingRoom
) -> None:
    case, *_ = (case for case in server.cases if not case["sealed"])
    (proposal,) = person(server, "manager").get(f"/api/revisions?project={PROJECT}&case={case['id']}&kind=proposal")["results"]
    traffic = Traffic(page_of)
    page_of.page.goto(f"{server.url}/worklist")
    page_of.page.get_by_text("left in").first.wait_for()
    seen = traffic.text()
    room = page_of.open(case["id"])
    assert room.state["segments"] == []
    room.page.get_by_role("combobox", name="Add a structure").click()
    room.page.get_by_role("option", name="L4", exact=True).click()
    room.until(lambda state: len(state["segments"]) == 1)
    rows = room.state["stacks"][0]["rows"]
    room.stroke((rows * 0.5, rows * 0.4), (rows * 0.55, rows * 0.5))
    room.until(lambda state: state["undoable"] == 2)
    room.saved()
    seen += traffic.text()
    for word in (
        proposal["id"],
        proposal["annotation"],
        proposal["digest"],
        str(MODEL),
        "entropy",
        "/api/revisions/",
        "/api/predictions?case",
    ):
        assert word not in seen, word
    assert '"state":"proposed"' not in seen
    drawn = room.drawn()
    room.page.get_by_role("button", name="Reveal the model").click()
    room.page.get_by_role("button", name="Hide the model").wait_for()
    room.until_drawn(lambda points: points > drawn)  # the model's outlines lie over the reader's
    assert proposal["id"] in traffic.text()
    own = room.voxels()
    room.press("Shift+d")
    room.until(lambda state: state["undoable"] == 3)
    (taken,) = room.voxels().values()
    assert sum(own.values()) < taken <= max(entry["voxels"] for entry in proposal["segments"])
    room.press("Control+z")
    room.until(lambda state: state["undoable"] == 2)
    assert room.voxels() == own
    room.press("d")
    room.page.get_by_role("button", name="Show the model").wait_for()
    drawn_before = room.state["undoable"]
    room.stroke((rows * 0.3, rows * 0.4), (rows * 0.35, rows * 0.5))
    room.until(lambda state: state["undoable"] == drawn_before + 1)
    room.saved()
    room.press("Control+Enter")
    room.page.wait_for_url(lambda url: case["id"] not in url)
    reader = person(server, "reader")
    annotation = next(found for found in reader.get(f"/api/annotations?case={case['id']}")["results"])
    kept = {revision["kind"]: revision for revision in reader.get(f"/api/revisions?annotation={annotation['id']}")["results"]}
    assert set(kept) == {"blind", "submit"}
    assert kept["submit"]["figures"]["after_reveal"]["slices"] >= 1
    assert page_of.problems == []


def test_where_the_ai_is_hidden_there_is_nothing_to_reveal(server: Web, page_of: ReadingRoom) -> None:
    protocol_set(server, reading_mode="ai_hidden")
    case = [case for case in server.cases if not case["sealed"]][1]
    room = page_of.open(case["id"])
    assert room.state["segments"] == []
    expect(room.page.get_by_role("button", name="Reveal the model")).to_have_count(0)


def test_time_is_counted_shown_and_kept_and_stands_still_without_anybody(server: Web, page_of: ReadingRoom) -> None:
    protocol_set(server, reading_mode="ai_first")
    case = [case for case in server.cases if not case["sealed"]][1]
    page_of.page.clock.install()
    room = page_of.open(case["id"])
    clock = room.page.get_by_label("Active time")
    room.press("w")
    for _ in range(3):
        room.page.clock.run_for(2000)
    expect(clock).not_to_contain_text("paused")
    room.page.clock.fast_forward(65_000)
    room.page.clock.run_for(2000)
    expect(clock).to_contain_text("paused")
    room.press("w")
    room.page.clock.run_for(1500)
    expect(clock).not_to_contain_text("paused")
    room.page.get_by_role("link", name="Worklist").click()
    room.page.wait_for_url("**/worklist")

    def told() -> Any:  # the page says it as it goes
        spent = person(server, "reader").get(f"/api/annotations?case={case['id']}")["results"][0]["effort"]
        return spent.get("active_seconds", 0) >= 60 and spent

    held = until(told, what="the time spent")
    assert held["idle_seconds"] > 0
    assert set(held) == {"active_seconds", "idle_seconds", "structures", "visits"}
    assert held["structures"], "each structure has its own time"
    assert all(code.isupper() or "_" in code for code in held["structures"])


def test_everything_left_is_accepted_by_one_key_which_asks_only_while_doubts_are_open(server: Web, page_of: ReadingRoom) -> None:
    case = [case for case in server.cases if not case["sealed"]][1]
    room = page_of.open(case["id"])
    doubts = room.until(lambda state: state["doubts"] >= 1)["doubts"]
    room.press("Shift+Enter")
    room.page.get_by_role("dialog").get_by_role("button", name="Look at them").click()
    room.page.get_by_role("dialog").wait_for(state="hidden")
    assert {segment["status"] for segment in room.state["segments"]} != {"accepted"}
    room.page.get_by_label("looked at").first.wait_for()
    for _ in range(doubts):
        room.press("Enter")
    room.until(lambda state: sum(segment["status"] == "accepted" for segment in state["segments"]) >= doubts)
    room.press("Shift+Enter")
    room.until(lambda state: {segment["status"] for segment in state["segments"]} == {"accepted"})
    expect(room.page.get_by_role("dialog")).to_have_count(0)
    room.press(*["n"] * (doubts + 1))
    if doubts > 1:
        room.page.get_by_text("That was the last one").wait_for()
    assert page_of.problems == []
