"""Two or three readings against each other in a real browser: settled by keys, written as a consensus, or sent back with a note."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.journeys.browser import ROOT, ReadingRoom, Web
from tests.journeys.own import PROJECT, own_server, person, protocol_set

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def server() -> Iterator[Web]:
    with own_server("adjudication", "--modalities", "MR", "--unsealed", "--cases", "3", readers=2, review="always") as web:
        manager = person(web, "manager")
        for username, role in (("chair", "adjudicator"), ("researcher", "radiologist")):
            manager.post(f"/api/projects/{PROJECT}/members", {"username": username, "role": role})
        *two, last = cases(web)
        for case in two:
            read(web, "reader", case, grade="3")
            read(web, "reader2", case, grade="5", thinner=True)
        settle(web)
        protocol_set(web, readers=3)
        for username, grade in (("reader", "3"), ("reader2", "5"), ("researcher", "3")):
            read(web, username, last, grade=grade, thinner=grade == "5")
        settle(web)
        yield web


def settle(web: Web) -> None:
    subprocess.run([sys.executable, "-m", "tests.journeys.settle"], cwd=ROOT, env=web.environment, check=True, timeout=600)


def read(web: Web, username: str, case: dict[str, Any], *, grade: str, thinner: bool = False) -> None:
    """Hand in the proposal with a grade; ``thinner`` takes the front third off L4."""
    reading = person(web, username).open(case["id"])
    numbers = {entry["structure"]: entry["id"] for entry in reading.segments if entry["layer"] == "instances"}
    bodies = [{"id": f"b{numbers[name]}", "name": name, "segment": numbers[name]} for name in ("L3", "L4", "L5") if name in numbers]
    reading.queue.append(({"id": str(uuid.uuid4()), "kind": "ladder", "action": "set", "ladder": {"bodies": bodies}}, []))
    cell = {"form": "pfirrmann", "site": f"b{numbers['L4']}/disc", "value": grade}
    reading.queue.append(({"id": str(uuid.uuid4()), "kind": "grades", "set": [cell], "clear": []}, []))
    if thinner:
        for stack in case["stacks"].values():
            mask = reading.mask(stack, "instances")
            for index in np.flatnonzero((mask == numbers["L4"]).any(axis=(1, 2))).tolist():
                after = mask[index].copy()
                columns = np.flatnonzero((after == numbers["L4"]).any(axis=0))
                front = np.zeros(after.shape, dtype=bool)
                front[:, columns[: max(1, len(columns) // 3)]] = True
                after[front & (after == numbers["L4"])] = 0
                reading.paint(stack, "instances", index, after)
    reading.submit()


@pytest.fixture(scope="module")
def page_of(server: Web, browser: Browser) -> Iterator[ReadingRoom]:
    context = browser.new_context(viewport={"width": 1600, "height": 1000}, service_workers="block")
    yield ReadingRoom.enter(context, server.url, "chair")
    context.close()


def on_the_bench(room: ReadingRoom, case: str) -> ReadingRoom:
    room.page.goto(f"{room.url}/review/{case}")
    room.until(
        lambda state: state["phase"] == "review" and bool(state["panes"]) and all(p.get("loading") == "loaded" for p in state["panes"])
    )
    return room


def cases(server: Web) -> list[dict[str, Any]]:
    return [case for case in server.cases if not case["sealed"]]


def test_a_key_pressed_while_the_case_still_opens_is_not_undone_when_it_has_opened(server: Web, page_of: ReadingRoom) -> None:
    held: list[Route] = []
    page_of.page.route("**/api/adjudications/*/open", lambda route: held.append(route))
    page_of.page.goto(f"{page_of.url}/review/{cases(server)[0]['id']}")
    page_of.until(lambda state: state["phase"] == "opening" and bool(held) and len(state["panes"]) == 3)
    worst = page_of.state["finding"]
    page_of.press("n")
    chosen = page_of.until(lambda state: state["finding"] != worst)["finding"]
    held[0].continue_()
    page_of.page.unroute("**/api/adjudications/*/open")
    assert page_of.until(lambda state: state["phase"] == "review")["finding"] == chosen


def test_a_case_is_settled_by_keys_and_the_consensus_says_what_was_picked(server: Web, page_of: ReadingRoom) -> None:
    case = cases(server)[0]["id"]
    room = on_the_bench(page_of, case)
    expect(room.page.get_by_text("A against B, names hidden")).to_be_visible()
    expect(room.page.locator("body")).not_to_contain_text(re.compile("Rea Reader|Ruben Reader"))
    state = room.state
    outline = next(name for name in state["findings"] if name.startswith("outline"))
    grade = next(name for name in state["findings"] if name.startswith("grade"))
    assert {pane["slice"] for pane in state["panes"]} == {state["panes"][0]["slice"]}, "the three pictures show one slice"
    for _ in state["findings"]:
        current = room.state["finding"]
        if current == outline:
            break
        room.press("n")
        room.until(lambda found, current=current: found["finding"] != current)
    shown = room.drawn_at_rest("difference")
    room.press("d")
    room.until_drawn(lambda points: points < shown, "difference")
    room.press("d")
    room.until_drawn(bool, "difference")
    found = person(server, "chair").get(f"/api/adjudications?case={case}")["results"][0]
    sizes = next(entry for entry in found["findings"] if entry["id"] == outline)["ml"]
    smaller = "2" if sizes[1] < sizes[0] else "1"
    for _ in state["findings"]:
        current = room.state["finding"]
        room.press(smaller if current == outline else "1")
        room.until(lambda now, current=current: current in now["picks"])
    submit = room.page.get_by_role("button", name="Submit consensus")
    expect(submit).not_to_have_attribute("aria-disabled", "true")
    room.press("Control+Enter")
    room.page.wait_for_url("**/worklist")
    manager = person(server, "manager")
    assert manager.get(f"/api/cases/{case}")["state"] == "accepted"
    (frozen,) = [r for r in manager.get(f"/api/revisions?case={case}&kind=submit")["results"] if r["author_kind"] == "adjudicator"]
    assert frozen["derived_from"]
    answer = next(entry for entry in found["findings"] if entry["id"] == grade)["a"]
    assert [cell["value"] for cell in frozen["grades"]["pfirrmann"].values() if cell["status"] == "confirmed"] == [answer]
    log = manager.get(f"/api/annotations/{frozen['annotation']}/operations?after=0")["ops"]
    assert {"patch", "grades"} & {op["kind"] for op in log}
    assert page_of.problems == []


def test_a_reading_goes_back_to_its_reader_with_a_note(server: Web, page_of: ReadingRoom, browser: Browser) -> None:
    case = cases(server)[1]["id"]
    room = on_the_bench(page_of, case)
    room.press("Backspace")
    dialog = room.page.get_by_role("dialog")
    dialog.get_by_label("What to look at").fill("The front of L4, please.")
    dialog.get_by_role("button", name="Return A").click()
    room.page.wait_for_url("**/worklist")
    back = [name for name in ("reader", "reader2") if person(server, name).get(f"/api/cases/{case}")["returned"]]
    assert len(back) == 1
    context = browser.new_context(viewport={"width": 1400, "height": 860}, service_workers="block")
    reader = ReadingRoom.enter(context, server.url, back[0]).open(case)
    expect(reader.page.get_by_label("Returned to you")).to_contain_text("The front of L4, please.")
    context.close()
    assert page_of.problems == []


def test_of_three_readers_the_vote_is_taken_for_an_outline_and_the_majority_is_told_for_a_grade(server: Web, page_of: ReadingRoom) -> None:
    case = cases(server)[-1]["id"]
    room = on_the_bench(page_of, case)
    found = person(server, "chair").get(f"/api/adjudications?case={case}")["results"][0]
    outline, grade = found["findings"]
    assert [pane["id"] for pane in room.state["panes"]] == ["a", "b", "c", "difference"]
    room.until(lambda state: state["finding"] == outline["id"])
    room.press("5")
    room.until(lambda state: state["picks"].get(outline["id"]) == {"take": "vote"} and state["finding"] == grade["id"])
    most = grade["majority"]
    room.page.get_by_text(f"Two of three say as {most.upper()}").wait_for()
    room.press({"a": "1", "b": "2", "c": "4"}[most])
    room.until(lambda state: len(state["picks"]) == 2)
    expect(room.page.get_by_role("button", name="Submit consensus")).not_to_have_attribute("aria-disabled", "true")
    room.press("Control+Enter")
    room.page.wait_for_url("**/worklist")
    manager = person(server, "manager")
    (frozen,) = [r for r in manager.get(f"/api/revisions?case={case}&kind=submit")["results"] if r["author_kind"] == "adjudicator"]
    (cell,) = frozen["grades"]["pfirrmann"].values()
    assert cell["value"] == "3"
    whole = max(outline["ml"])
    assert sorted(outline["ml"])[1] == whole, "two of three drew all of it"
    held = {entry["structure"]: entry["voxels"] for entry in frozen["segments"]}
    drawn = {
        entry["structure"]: entry["voxels"] for entry in manager.get(f"/api/revisions?case={case}&kind=proposal")["results"][0]["segments"]
    }
    assert held["L4"] == drawn["L4"]
    assert page_of.problems == []
