"""The tools that change masks, in a real browser: each does what it says, is one step, and comes back whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browser import ReadingRoom, Web

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def desk(web: Web, browser: Browser, take: Callable[[str], dict[str, Any]]) -> Iterator[ReadingRoom]:
    """One MR case that all of these tests work on; each takes back what it did."""
    context = browser.new_context(viewport={"width": 1280, "height": 760}, service_workers="block")
    yield ReadingRoom.enter(context, web.url).open(take("MR")["id"])
    context.close()


@pytest.fixture
def room(desk: ReadingRoom) -> Iterator[ReadingRoom]:
    desk.press("b", "r")
    choose(desk, "L2")
    desk.calm()
    before = desk.digest(desk.pane()["stack"])
    yield desk
    desk.take_all_back()
    assert desk.digest(desk.pane()["stack"]) == before
    assert desk.problems == []


def choose(room: ReadingRoom, level: str) -> None:
    room.page.get_by_label("Levels").get_by_role("button", name=re.compile(rf"^{level}( |$)")).first.click()


def middle(room: ReadingRoom) -> tuple[float, float]:
    """Return a voxel well inside the active structure, on the slice that shows."""
    found = room.look("window.columna.widest('large')")
    return float(found["row"]), (found["from"] + found["to"]) / 2


def option(room: ReadingRoom, name: str) -> None:
    """Choose among the options of the tool in hand; they are there when the tool is."""
    options = room.page.get_by_role("group", name="Tool options")
    options.get_by_text(name, exact=True).click()
    expect(options.get_by_role("radio", name=name, exact=True)).to_be_checked()


def go_to(room: ReadingRoom, slice_: int) -> None:
    room.step_to(slice_)


def active(room: ReadingRoom) -> int:
    return int(room.state["active"]["id"])


def part_is_below(room: ReadingRoom, part: int, row: float) -> bool:
    assert active(room) == part
    return middle(room)[0] > row


def test_scissors_cut_inside_and_with_shift_outside_in_one_step_each(room: ReadingRoom) -> None:
    row, column = middle(room)
    whole = room.voxels()[active(room)]
    room.press("Shift+E")
    option(room, "Rectangle")
    room.stroke((row - 40, column - 40), (row + 40, column))
    room.until(lambda state: state["undoable"] == 1)
    half = room.voxels()[active(room)]
    assert 0 < half < whole
    room.take_back()
    room.stroke((row - 40, column - 40), (row + 40, column), modifier="Shift")
    room.until(lambda state: state["undoable"] == 1)
    other = room.voxels()[active(room)]
    on_slice = (whole - half) + (whole - other)
    assert 0 < other < whole
    room.take_back()
    option(room, "Every slice")
    room.stroke((row - 40, column - 40), (row + 40, column + 40))
    room.until(lambda _: whole - room.voxels().get(active(room), 0) > on_slice)
    option(room, "This slice")


def test_the_mask_follows_a_border_drawn_anew(room: ReadingRoom) -> None:
    row, _ = middle(room)
    whole = room.voxels()[active(room)]
    edge = room.look("window.columna.widest('large')")["from"] - 0.5
    room.press("c")
    room.stroke((row - 3, edge), (row - 3, edge - 6), (row + 3, edge - 6), (row + 3, edge))
    room.until(lambda _: room.voxels()[active(room)] > whole)
    room.until(lambda _: room.state["undoable"] == 1)
    room.take_back()
    room.stroke((row - 3, edge), (row - 3, edge + 4), (row + 3, edge + 4), (row + 3, edge))
    room.until(lambda _: room.voxels()[active(room)] < whole)


def test_an_instance_is_split_by_a_line_and_merged_again(room: ReadingRoom) -> None:
    stack = room.pane()["stack"]
    row, column = middle(room)
    before, first = room.digest(stack), active(room)
    whole = room.voxels()[first]
    on_slice = room.pane()["slice"]
    room.press("Shift+S")
    room.stroke((row, column - 50), (row + 0.5, column + 50))
    room.until(lambda state: state["active"]["id"] != first)
    part = active(room)
    assert room.voxels()[part] + room.voxels()[first] == whole
    room.until(lambda _: room.state["undoable"] == 1)
    state = room.saved()
    assert {segment["id"] for segment in state["segments"]} >= {first, part}
    go_to(room, on_slice)
    room.press("Shift+M")
    inside = row - 3 if part_is_below(room, part, row) else row + 3
    room.page.mouse.click(*room.place(inside, column))
    room.until(lambda state: state["undoable"] == 2)
    assert room.voxels()[part] == whole
    assert first not in room.voxels()
    room.saved()
    room.press("Control+z", "Control+z")
    room.until(lambda state: state["undoable"] == 0)
    assert room.digest(stack) == before


def test_two_instances_change_places(room: ReadingRoom) -> None:
    one = active(room)
    row, column = middle(room)
    slice_before = room.pane()["slice"]
    choose(room, "L1")
    room.until(lambda state: state["active"]["id"] != one)
    go_to(room, slice_before)
    other = active(room)
    before = room.voxels()
    room.press("Shift+W")
    room.page.mouse.click(*room.place(row, column))
    room.until(lambda state: state["undoable"] == 1)
    after = room.voxels()
    assert (after[one], after[other]) == (before[other], before[one])
    room.saved()


def test_slices_between_are_filled_in_one_step(room: ReadingRoom) -> None:
    row, column = middle(room)
    stack, at = room.pane()["stack"], room.pane()["slice"]
    room.press("Shift+E")
    option(room, "Rectangle")
    room.stroke((row - 45, column - 45), (row + 45, column + 45))
    room.until(lambda state: state["undoable"] == 1)
    gap = room.digest(stack)
    assert active(room) not in on_slice(room, at)
    room.press("f")
    room.until(lambda state: state["undoable"] == 2)
    assert active(room) in on_slice(room, at)
    room.press("Control+z")
    room.until(lambda state: state["undoable"] == 1)
    assert room.digest(stack) == gap


def on_slice(room: ReadingRoom, slice_: int) -> set[int]:
    """Return the segments that a slice of the large picture's series has."""
    stack = next(each for each in room.state["stacks"] if each["id"] == room.pane()["stack"])
    looked = (
        "([stack, slice, rows, columns]) => { const found = new Set(); for (let row = 0; row < rows; row += 1)"
        " for (let column = 0; column < columns; column += 1) found.add(window.columna.at(stack, 'instances', slice, row, column)); return [...found] }"
    )
    return set(room.page.evaluate(looked, [stack["id"], slice_, stack["rows"], stack["columns"]])) - {0}


def test_holes_are_filled_in_one_step(room: ReadingRoom) -> None:
    row, column = middle(room)
    whole = room.voxels()[active(room)]
    room.press("e", "[", "[", "[", "[")
    room.stroke((row, column), (row, column + 1))
    room.until(lambda _: room.voxels()[active(room)] < whole)
    room.press("Shift+F")
    room.until(lambda state: state["undoable"] == 2)
    assert room.voxels()[active(room)] == whole
    room.press("]", "]", "]", "]")


def test_only_background_is_painted_when_nothing_may_be_overwritten(room: ReadingRoom) -> None:
    row, column = middle(room)
    other = room.voxels()
    slice_before = room.pane()["slice"]
    choose(room, "L1")
    go_to(room, slice_before)
    room.press("b")
    option(room, "None")
    room.stroke((row, column - 2), (row, column + 2))
    room.until(lambda state: "kept" in state["notice"])
    assert room.voxels() == other
    option(room, "Visible")
    room.stroke((row, column - 2), (row, column + 2))
    room.until(lambda _: room.voxels() != other)


def test_a_locked_structure_is_painted_by_nobody(room: ReadingRoom) -> None:
    row, column = middle(room)
    before = room.voxels()
    room.press("Shift+L")
    room.until(lambda state: state["undoable"] == 1)
    room.stroke((row, column - 20), (row, column + 20))
    slice_before = room.pane()["slice"]
    choose(room, "L1")
    go_to(room, slice_before)
    room.stroke((row, column - 2), (row, column + 2))
    room.until(lambda state: "kept" in state["notice"])
    assert room.voxels()[active(room)] == before[active(room)]


def test_the_brush_keeps_to_the_values_it_is_told(room: ReadingRoom) -> None:
    row, column = middle(room)
    whole = room.voxels()[active(room)]
    options = room.page.get_by_role("group", name="Tool options")
    options.get_by_text("In a range").click()
    low, high = options.get_by_label("Paint values from"), options.get_by_label("Paint values to")
    high.fill("1000000")
    low.fill("999999")
    room.page.locator("h1").first.click()
    room.stroke((row - 30, column), (row + 30, column))
    room.until(lambda state: state["undoable"] == 0 and room.voxels()[active(room)] == whole)
    low.fill("0")
    room.page.locator("h1").first.click()
    room.stroke((row - 30, column), (row + 30, column))
    room.until(lambda state: state["undoable"] == 1)
    assert room.voxels()[active(room)] > whole
    room.press("Control+z")
    room.until(lambda state: state["undoable"] == 0)
    assert room.voxels()[active(room)] == whole, "it is one step"
    options.get_by_text("Any value").click()


def test_a_sphere_paints_the_slices_within_its_radius_in_mm(room: ReadingRoom) -> None:
    row, column = room.state["stacks"][0]["rows"] * 0.5, room.state["stacks"][0]["columns"] * 0.12
    slices = room.pane()["count"]
    option(room, "Sphere")
    room.press(*["Shift+]"] * 3)
    before = room.look("([stack]) => window.columna.slices(stack, 'instances')", [room.pane()["stack"]])
    room.stroke((row, column), (row, column))
    room.until(lambda state: state["undoable"] == 1)
    after = room.look("([stack]) => window.columna.slices(stack, 'instances')", [room.pane()["stack"]])
    changed = [at for at in range(slices) if before[at] != after[at]]
    spacing = room.look("([stack]) => window.columna.spacing(stack)", [room.pane()["stack"]])
    reach = int(room.state["radius"] // spacing[0])
    at = room.pane()["slice"]
    assert changed == list(range(max(0, at - reach), min(slices - 1, at + reach) + 1))
    option(room, "Disc")
    room.press(*["Shift+["] * 3)


def test_each_tool_remembers_its_size(room: ReadingRoom) -> None:
    room.press("b", "]", "]")
    brush = room.until(lambda state: state["tool"] == "brush")["radius"]
    room.press("e")
    room.until(lambda state: state["tool"] == "erase" and state["radius"] != brush)
    room.press("b")
    room.until(lambda state: state["tool"] == "brush" and state["radius"] == brush)
    room.press("[", "[")
