"""Grading in a real browser: keys, images that follow, and what is not graded is never normal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browser import ReadingRoom, Web
from tests.journeys.own import own_server, person

pytestmark = pytest.mark.journey
STENOSIS = ["rsna_canal", "rsna_subarticular", "rsna_foraminal"]
FORMS = [*STENOSIS, "pfirrmann", "modic", "genant", "meyerding"]


@pytest.fixture(scope="module")
def server() -> Iterator[Web]:
    with own_server("grading", "--modalities", "MR", forms=FORMS, required=STENOSIS) as web:
        yield web


@pytest.fixture(scope="module")
def room(server: Web, browser: Browser) -> Iterator[ReadingRoom]:
    """One reader at one case, with the grades open, for all claims of this file in their order."""
    context = browser.new_context(viewport={"width": 1500, "height": 900}, service_workers="block")
    found = ReadingRoom.enter(context, server.url).open(server.case("MR")["id"])
    found.page.get_by_role("tab", name="Grades").click()
    found.until(lambda state: state["grading"]["level"] != "")
    yield found
    context.close()


def stenosis(room: ReadingRoom) -> dict[str, str]:
    """Return what stands in the stenosis grid: "L4/5 Canal" → the cell's words."""
    room.rest()
    cells = room.page.get_by_role("grid", name="Stenosis grades").get_by_role("gridcell")
    return dict(label.split(": ", 1) for label in cells.evaluate_all("cells => cells.map((cell) => cell.getAttribute('aria-label'))"))


def test_a_proposal_is_hollow_and_the_rest_is_not_graded(room: ReadingRoom) -> None:
    room.until(lambda _: len(stenosis(room)) == 25)
    grid = stenosis(room)
    assert grid.pop("L4/5 Canal") == "the model proposes Moderate, not confirmed"
    assert set(grid.values()) == {"not graded"}
    assert room.state["grading"]["missing"] == 25


def test_submitting_lists_the_cells_that_are_missing(room: ReadingRoom, server: Web) -> None:
    room.press("Control+Enter")
    missing = room.page.get_by_role("list", name="Not graded")
    missing.wait_for()
    expect(missing.get_by_role("button")).to_have_count(25)
    missing.get_by_role("button", name="L5/S1 Foraminal stenosis, left").click()
    room.until(lambda state: (state["grading"]["level"], state["grading"]["column"]) == ("L5/S1", "For L"))
    assert person(server, "reader").get(f"/api/annotations/{room.state['annotation']}")["state"] == "draft"


def test_the_images_follow_the_cell_to_its_level_and_side(room: ReadingRoom) -> None:
    def here() -> tuple[str, str]:
        return room.state["grading"]["level"], room.state["grading"]["column"]

    slices = {}
    for _ in range(4):
        before = here()
        slices[before[1]] = room.calm()["panes"][0]["slice"]
        room.press("ArrowLeft")
        room.until(lambda _, before=before: here() != before)
    slices[here()[1]] = room.calm()["panes"][0]["slice"]
    assert len({slices["For R"], slices["Canal"], slices["For L"]}) == 3, "each side has a sagittal slice of its own"
    assert slices["Canal"] in range(*sorted((slices["For R"], slices["For L"])))

    before = {pane["id"]: (pane["slice"], pane.get("letters")) for pane in room.state["panes"]}
    for _ in range(4):
        room.press("ArrowUp")
    room.until(lambda state: state["grading"]["level"] == "L1/2")
    room.until(lambda state: {pane["id"]: (pane["slice"], pane.get("letters")) for pane in state["panes"]} != before)


def test_25_grades_are_given_by_25_keys(room: ReadingRoom) -> None:
    assert (room.state["grading"]["level"], room.state["grading"]["column"]) == ("L1/2", "Canal")
    undoable = room.state["undoable"]
    room.press(*"1231112311123111231112311")
    room.until(lambda state: state["undoable"] == undoable + 25)
    room.until(lambda state: state["grading"]["missing"] == 0)
    room.until(lambda _: all(words.startswith("graded") for words in stenosis(room).values()))
    state = room.saved()
    kept = state["grades"]["rsna_canal"]
    assert {cell["status"] for cell in kept.values()} == {"confirmed"}


def test_undo_takes_a_grade_back_and_a_confirmed_cell_keeps_who_and_when(room: ReadingRoom, server: Web) -> None:
    room.press("Control+z")
    room.until(lambda state: state["grading"]["missing"] == 1)
    room.until(lambda _: stenosis(room)["L5/S1 For L"] == "not graded")
    room.press("Control+Shift+z")
    room.until(lambda state: state["grading"]["missing"] == 0)
    room.saved()
    held = person(server, "reader").get(f"/api/annotations/{room.state['annotation']}")
    cell = next(iter(held["grades"]["rsna_canal"].values()))
    assert cell["by"] == held["author"]
    assert cell["at"]


def test_shift_1_grades_the_rest_of_a_level_normal_in_one_step(room: ReadingRoom) -> None:
    room.press(*["Control+z"] * 25)
    room.until(lambda state: state["grading"]["missing"] == 25)
    room.page.get_by_role("gridcell", name="L3/4 Sub R").click()
    room.press("3", "Shift+1")
    room.until(lambda state: state["grading"]["missing"] == 20)
    grid = stenosis(room)
    assert grid["L3/4 Sub R"] == "graded Severe"
    assert {grid[f"L3/4 {column}"] for column in ("Canal", "Sub L", "For R", "For L")} == {"graded Normal or mild"}
    assert grid["L2/3 Canal"] == "not graded"
    room.press("Control+z")
    room.until(lambda state: state["grading"]["missing"] == 24)


def test_enter_confirms_what_the_model_proposed(room: ReadingRoom) -> None:
    room.page.get_by_role("gridcell", name="L4/5 Canal").click()
    room.press("Enter")
    room.until(lambda _: stenosis(room)["L4/5 Canal"] == "graded Moderate")


def test_pfirrmann_and_modic_are_walked_with_pictures_beside_them(room: ReadingRoom) -> None:
    room.page.get_by_text("Discs", exact=True).click()
    answers = room.page.get_by_role("region", name="Answers of Pfirrmann")
    expect(answers.get_by_role("img")).to_have_count(5)
    room.page.get_by_role("gridcell", name="L4/5 Pfirrmann").click()
    room.press("Shift+2", "4")
    grades = room.until(lambda state: len(state["grades"].get("modic", {})) == 2)["grades"]
    assert {cell["value"] for cell in grades["modic"].values()} == {"2"}
    assert "4" in {cell["value"] for cell in grades["pfirrmann"].values() if cell["status"] == "confirmed"}


def test_bodies_of_normal_height_are_confirmed_together_only_after_every_slice_was_seen(room: ReadingRoom) -> None:
    room.page.get_by_text("Bodies", exact=True).click()
    heights = room.page.get_by_role("region", name="Heights of the bodies")
    button = heights.get_by_role("button", name="others as normal")
    button.wait_for()
    expect(button).to_have_attribute("aria-disabled", "true")
    room.page.get_by_role("tab", name="Structures").click()
    room.press("Home")
    for _ in range(room.pane()["count"]):
        room.step()
    room.page.get_by_role("tab", name="Grades").click()
    button.click()
    grades = room.until(lambda state: "genant" in state["grades"])["grades"]["genant"]
    assert {cell["value"] for cell in grades.values()} == {"0"}
    assert room.problems == []
