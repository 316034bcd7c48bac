"""What a radiologist must not miss, in a real browser: large studies, earlier ones, other planes, clips, and series that are no volume."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from tests.journeys.browser import ReadingRoom, Web

pytestmark = pytest.mark.journey

SCENES = ("trunk", "then", "now", "gapped", "clip", "films")


@pytest.fixture(scope="module")
def scenes(web: Web) -> dict[str, dict[str, Any]]:
    before = {case["id"] for case in web.cases}
    web.seed("--scenes", *SCENES)
    return {case["scene"]: case for case in web.cases if case["id"] not in before}


@pytest.fixture(scope="module")
def desk(web: Web, browser: Browser) -> Iterator[ReadingRoom]:
    """One page for all of these tests."""
    with ReadingRoom.at_desk(browser, web.url, 1280, 800) as room:
        yield room


@pytest.fixture
def room(desk: ReadingRoom) -> Iterator[ReadingRoom]:
    yield desk
    assert desk.problems == []


def grey(room: ReadingRoom, x: float, y: float) -> float:
    """Return the mean brightness of 5 × 5 pixels of the page, 0 to 255."""
    shot = room.page.screenshot(clip={"x": round(x) - 2, "y": round(y) - 2, "width": 5, "height": 5})
    return float(np.asarray(Image.open(io.BytesIO(shot)).convert("L")).mean())


def picture(room: ReadingRoom, box: Any) -> Any:
    """Return the greys of a part of the page, [row, column]."""
    return np.asarray(Image.open(io.BytesIO(room.page.screenshot(clip=box))).convert("L"), np.float32)


def at(room: ReadingRoom, slice_: int, row: int, column: int) -> int:
    stack = room.pane()["stack"]
    return int(room.look("([stack, at]) => window.columna.at(stack, 'instances', ...at)", [stack, [slice_, row, column]]))


def axial(room: ReadingRoom) -> str:
    """Return the name of the pane that shows the slices as they were made, active."""
    pane = next(pane for pane in room.state["panes"] if pane["view"] in ("stack", "axial"))
    return str(pane["id"])


def go(room: ReadingRoom, pane: str, slice_: int) -> None:
    room.page.evaluate("([pane, to]) => window.columna.goTo(pane, to)", [pane, slice_])
    room.until(lambda state: room.pane(pane)["slice"] == slice_ and room.pane(pane)["loading"] == "loaded")


def hangings(room: ReadingRoom, names: dict[str, str]) -> dict[str, list[str]]:
    """Return every hanging that H comes by, by name: its pictures as series and plane."""
    found: dict[str, list[str]] = {}
    while (name := room.state["hanging"]) not in found:
        found[name] = [f"{names[pane['stack']]} {pane['view']}" for pane in room.state["panes"]]
        room.press("h")
        room.until(lambda state, name=name: state["hanging"] != name)
    return found


def words(room: ReadingRoom, pane: str) -> str:
    return room.page.locator(f'[data-pane="{pane}"]').inner_text()


def add_structure(room: ReadingRoom) -> None:
    room.page.get_by_placeholder("Add a structure").click()
    room.page.get_by_role("option").first.click()
    room.until(lambda state: state["active"] is not None)


def test_a_large_ct_opens_round_the_spine_is_edited_in_its_true_voxels_and_loads_whole(room: ReadingRoom, scenes: dict[str, Any]) -> None:
    from tests.storage.trunks import spine_column

    asked: list[str] = []
    room.page.on("request", lambda request: asked.append(request.url) if "/frames" in request.url else None)
    room.open(scenes["trunk"]["id"])
    assert asked
    assert all("region=" in url for url in asked)
    part = room.page.locator("[data-region]").first
    expect(part).to_contain_text(re.compile(r"^\s*spine region,"))
    room.until(lambda state: state["progress"] and all(part["loaded"] == part["total"] for part in state["progress"].values()))
    small = room.look("window.columna.imageBytes()")

    # what shows at a voxel is that voxel: bone where the bone is, muscle beside it
    add_structure(room)
    pane = axial(room)
    room.page.evaluate("([pane]) => window.columna.goTo(pane, 32)", [pane])
    room.until(lambda state: room.pane(pane)["slice"] == 32 and room.pane(pane)["loading"] == "loaded")
    row, column = (int(value) for value in spine_column((64, 512, 512))[32])
    room.press("Space")
    room.page.mouse.move(5, 5)
    bone, muscle = room.place(row + 34 + 13, column, pane=pane), room.place(row, column - 30, pane=pane)
    room.until(lambda _: grey(room, *bone) > grey(room, *muscle) + 30)
    room.press("Space")

    # a stroke goes into the voxels of the whole grid
    target = (row, column - 30)
    assert at(room, 32, *target) == 0
    room.press("b")
    room.page.mouse.click(*room.place(*target, pane=pane))
    room.until(lambda state: at(room, 32, *target) == state["active"]["id"])
    room.saved()
    digest = room.digest(room.pane()["stack"])

    # the rest is one press away, at the same place, and only then can be drawn on
    part.get_by_role("button").click()
    room.until(lambda state: all(part["loaded"] == part["total"] for part in state["progress"].values()))
    room.until(lambda state: all(pane["loading"] == "loaded" for pane in state["panes"]))
    expect(room.page.locator("[data-region]")).to_have_count(0)
    assert room.pane(pane)["slice"] == 32
    assert any("region=" not in url for url in asked)
    assert room.digest(room.pane()["stack"]) == digest
    room.until(lambda _: bool(room.look("window.columna.imageBytes()") > 2 * small))


def test_a_ct_hangs_for_levels_cobb_and_fractures(room: ReadingRoom, scenes: dict[str, Any]) -> None:
    (stack,) = scenes["trunk"]["stacks"].values()
    hung = hangings(room, {stack: "ct"})
    assert hung["Levels"] == ["ct sagittal", "ct coronal"]
    assert hung["Cobb"] == ["ct coronal", "ct sagittal"]
    assert hung["Fractures"] == ["ct sagittal"]
    assert ["ct sagittal", "ct stack", "ct coronal"] in hung.values()


def test_films_hang_for_cobb_and_balance(room: ReadingRoom, scenes: dict[str, Any]) -> None:
    room.open(scenes["films"]["id"])
    hung = hangings(room, {stack: name for name, stack in scenes["films"]["stacks"].items()})
    assert hung["Cobb"] == ["Spine AP stack"]
    assert hung["Sagittal balance"] == ["Spine lateral stack", "Spine AP stack"]
    assert hung["Fractures"] == ["Spine lateral stack"]


def test_series_of_one_frame_scroll_together_in_space_and_others_say_that_they_do_not(room: ReadingRoom, scenes: dict[str, Any]) -> None:
    from tests.journeys.scenes import thick_grid, thin_grid

    room.open(scenes["now"]["id"])
    thick, thin = thick_grid(), thin_grid()
    alone = room.pane("side-2")["slice"]
    for slice_ in (1, 4, 0):
        go(room, "large", slice_)
        middle = thick.to_world([slice_, 47.5, 47.5])
        expected = round(float(thin.to_index(middle)[0]))
        room.until(lambda state, expected=expected: room.pane("side-1")["slice"] == expected)
    assert room.pane("side-2")["slice"] == alone
    room.page.locator('[data-pane="large"]').click(position={"x": 200, "y": 300}, button="middle")
    room.until(lambda state: state["activePane"] == "large")
    room.until(lambda _: "another frame of reference: not linked" in words(room, "side-2"))
    room.press("Shift+K")
    room.until(lambda state: state["notice"] == "Each series scrolls by itself")
    stays = room.pane("side-1")["slice"]
    go(room, "large", 5)
    assert room.pane("side-1")["slice"] == stays
    room.press("Shift+K")
    room.until(lambda state: state["notice"] == "Series scroll together")


def test_an_earlier_study_hangs_beside_by_its_interval_follows_and_is_only_looked_at(room: ReadingRoom) -> None:
    room.press("Shift+Q")
    room.until(lambda state: any(pane["id"] == "prior" and pane.get("loading") == "loaded" for pane in state["panes"]))
    room.until(lambda _: "14 months before" in words(room, "prior"))
    assert not re.search(r"(19|20)\d\d", words(room, "prior"))
    go(room, "large", 8)
    room.until(lambda state: room.pane("prior")["slice"] == 6)
    go(room, "large", 4)
    room.until(lambda state: room.pane("prior")["slice"] == 3)
    room.press("b")
    room.page.mouse.click(*room.place(50, 50, pane="prior"))
    room.until(lambda state: state["notice"] == "Nothing drawn")
    room.press("Shift+Q")
    room.until(lambda state: all(pane["id"] != "prior" for pane in state["panes"]))


@pytest.mark.parametrize("tool", ["b", "e", "l", "u", "Shift+I"], ids=["brush", "eraser", "lasso", "length", "naming"])
def test_every_tool_is_magnified_while_a_key_is_held(room: ReadingRoom, tool: str) -> None:
    count = """() => {
      const canvas = document.querySelector('[data-pane="large"] canvas[data-overlay="cursor"]')
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
      return data.filter((value, at) => at % 4 === 3 && value > 0).length
    }"""
    room.press(tool)
    room.page.mouse.move(*room.place(40, 40))
    bare = room.look(count)
    room.page.keyboard.down("9")
    room.page.mouse.move(*room.place(48, 48))
    room.until(lambda _: room.look(count) > bare + 15_000)
    room.page.keyboard.up("9")
    room.until(lambda _: room.look(count) < bare + 5_000)


def test_number_keys_choose_the_window_of_the_sequence(room: ReadingRoom) -> None:
    room.press("g")  # the tool that names bodies would ask for a name, and type the digits into it
    room.page.mouse.click(*room.place(48, 48))
    for key, label in (("2", "T2 overview"), ("3", "T2 discs"), ("4", "T2 canal and fluid")):
        room.press(key)
        room.page.locator('[data-pane="large"]').get_by_role("button", name=f"Window preset: {label}").wait_for()
    assert "not drawn" not in room.state["notice"]


def test_a_window_that_is_dragged_counts_for_every_picture_of_its_stack(room: ReadingRoom) -> None:
    stack = room.pane()["stack"]
    windows = lambda state: [pane["window"] for pane in state["panes"] if pane["stack"] == stack]  # noqa: E731
    before = windows(room.state)[0]
    x, y = room.place(48, 48)
    room.page.mouse.move(x, y)
    room.page.mouse.down(button="right")
    room.page.mouse.move(x + 40, y + 20, steps=4)
    room.page.mouse.up(button="right")
    room.until(lambda state: windows(state)[0] != before and len({str(window) for window in windows(state)}) == 1)


def test_a_series_that_is_no_volume_is_read_as_a_stack_and_says_why(room: ReadingRoom, scenes: dict[str, Any]) -> None:
    room.open(scenes["gapped"]["id"])
    room.until(lambda state: [pane["view"] for pane in state["panes"]] == ["stack"])
    room.until(lambda _: "a slice may be missing. It is read slice by slice" in words(room, "large"))
    go(room, "large", 0)
    go(room, "large", 7)
    room.press("2")
    room.page.get_by_role("button", name="Window preset: Soft tissue W 400 L 40").wait_for()
    room.press("Shift+Q")
    room.until(lambda state: state["notice"] == "No earlier study")


def test_an_ultrasound_clip_plays_and_is_measured_where_it_is_calibrated(room: ReadingRoom, scenes: dict[str, Any]) -> None:
    room.open(scenes["clip"]["id"])
    room.until(lambda _: "Frames that follow each other in time" in words(room, "large"))
    room.until(lambda _: "inside the calibrated part only" in words(room, "large"))
    at_first = room.pane()["slice"]
    room.press("Shift+P")
    room.until(lambda state: state["isPlaying"] and state["panes"][0]["slice"] != at_first)
    room.press("Escape")
    room.until(lambda state: not state["isPlaying"] and state["panes"][0]["loading"] == "loaded")
    room.press("u")
    room.stroke((100, 60), (100, 160))
    (length,) = room.until(lambda state: len(state["measurements"]) == 1)["measurements"]
    assert length["values"]["length"]["value"] == pytest.approx(50, abs=1.5)
    assert (length["values"]["length"]["unit"], length["calibration"]["source"]) == ("mm", "us_region")


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [((10, 10), (100, 200), "Nothing measured"), ((120, 100), (20, 120), "Nothing measured"), ((100, 60), (20, 60), "Not moved")],
    ids=["begun outside", "ended outside", "a handle dragged outside"],
)
def test_ultrasound_outside_a_region_is_not_measured_and_says_so(
    room: ReadingRoom, start: tuple[int, int], end: tuple[int, int], said: str
) -> None:
    """On the clip that was just measured inside its region."""
    room.press("Escape")
    (before,) = room.state["measurements"]
    room.stroke(start, end)
    card = room.page.get_by_role("status").filter(has_text=said)
    expect(card).to_contain_text("Outside the calibrated regions of this ultrasound picture nothing is measured.")
    assert room.state["measurements"] == [before]
    assert room.state["measuring"]["placing"] is None


def test_the_first_picture_is_seen_before_the_library_is_there_and_lies_where_the_library_has_it(
    room: ReadingRoom, scenes: dict[str, Any]
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    room.page.route("**/library-*.js", hold)
    room.page.goto(f"{room.url}/read/{scenes['gapped']['id']}", wait_until="commit")
    seen = room.until(lambda state: bool(state["panes"]) and state["panes"][0].get("isStill", False))["panes"][0]
    room.until(lambda state: state["phase"] == "ready" and state["panes"][0]["loading"] == "waiting")  # no low resolution any more
    box = room.page.locator('canvas[data-still="large"]').bounding_box()
    before = picture(room, box)
    for route in held:
        route.continue_()
    room.calm()
    assert (room.pane()["slice"], room.pane()["letters"]) == (seen["slice"], seen["letters"])
    assert room.page.locator("canvas[data-still]").count() == 0
    assert before.std() > 20
    assert np.median(np.abs(before - picture(room, box))) < 5
    room.page.unroute_all()
