"""Measuring in a real browser: curves, slips and balance, on films and volumes, with and without millimetres."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browser import ReadingRoom, Web

pytestmark = pytest.mark.journey

FILMS = Path(__file__).parents[2].parent / "shared" / "data" / "xray_scoliosis"


@pytest.fixture(scope="module")
def desk(web: Web, browser: Browser) -> Iterator[ReadingRoom]:
    """One page for all of these tests."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, service_workers="block")
    yield ReadingRoom.enter(context, web.url)
    context.close()


@pytest.fixture(scope="module")
def film(web: Web) -> str:
    """A real film of a scoliosis where there is one, else a plain one: neither knows its millimetres."""
    pictures = sorted(FILMS.glob("scoliosis_*.jpg"))
    before = {case["id"] for case in web.cases}
    web.seed(*(("--picture", str(pictures[0])) if pictures else ("--film", "600", "400")))
    return next(str(case["id"]) for case in web.cases if case["id"] not in before)


@pytest.fixture
def room(desk: ReadingRoom) -> Iterator[ReadingRoom]:
    yield desk
    assert desk.problems == []


def at(room: ReadingRoom, row: float, column: float) -> tuple[float, float]:
    """Return the place on the page of a point by shares of the picture that hangs large."""
    stack = next(each for each in room.state["stacks"] if each["id"] == room.pane()["stack"])
    return room.place(row * stack["rows"], column * stack["columns"])


def draw_line(room: ReadingRoom, start: tuple[float, float], end: tuple[float, float]) -> None:
    first, last = at(room, *start), at(room, *end)
    room.page.mouse.move(*first)
    room.page.mouse.down()
    room.page.mouse.move(*last, steps=3)
    room.page.mouse.up()


def values(room: ReadingRoom, definition: str) -> list[dict[str, Any]]:
    return [item["values"] for item in room.state["measurements"] if item["definition"] == definition]


def test_cobb_on_a_film_changes_while_an_endplate_is_dragged_and_two_curves_share_a_vertebra(room: ReadingRoom, film: str) -> None:
    room.open(film)
    room.press("j")
    draw_line(room, (0.30, 0.40), (0.34, 0.55))
    draw_line(room, (0.55, 0.42), (0.50, 0.57))
    room.until(lambda _: len(values(room, "cobb")) == 1)
    (first,) = values(room, "cobb")
    assert first["angle"]["value"] > 10
    assert first["angle"]["unit"] == "deg"
    panel = room.page.get_by_label("Measurements")
    panel.get_by_label("Upper end vertebra one level up").click()
    room.until(lambda _: [item["levels"] for item in room.state["measurements"]] == [["T4", "T11"]])
    expect(panel).to_contain_text("Cobb T4–T11")

    grip = at(room, 0.50, 0.57)
    room.page.mouse.move(*grip)
    room.page.mouse.down()
    room.page.mouse.move(grip[0], grip[1] - 30, steps=4)
    # the value changes before the handle is let go
    room.until(lambda _: values(room, "cobb")[0]["angle"]["value"] > first["angle"]["value"] + 2)
    room.until(lambda state: state["measuring"]["draft"])
    room.page.mouse.up()

    draw_line(room, (0.58, 0.42), (0.54, 0.57))
    draw_line(room, (0.80, 0.42), (0.84, 0.57))
    # the lower curve begins where the upper one ends
    room.until(
        lambda state: (
            sorted(item["levels"] for item in state["measurements"] if item["definition"] == "cobb") == [["T11", "T11"], ["T4", "T11"]]
        )
    )
    room.press("Escape", "Control+z", "Control+z")
    room.until(lambda _: values(room, "cobb")[0]["angle"]["value"] == pytest.approx(first["angle"]["value"]))
    room.saved()


def test_a_point_is_nudged_by_the_arrow_keys_and_that_is_taken_back(room: ReadingRoom, film: str) -> None:
    room.open(film)
    before = values(room, "cobb")[0]["angle"]["value"]
    room.press("z", "ArrowUp", "ArrowUp", "ArrowUp")
    room.until(lambda _: values(room, "cobb")[0]["angle"]["value"] != before)
    room.press("Control+z", "Control+z", "Control+z", "Escape")
    room.until(lambda _: values(room, "cobb")[0]["angle"]["value"] == pytest.approx(before))


def test_a_film_without_spacing_gives_degrees_and_refuses_millimetres_with_the_reason(web: Web, room: ReadingRoom) -> None:
    web.seed("--film", "3000", "2000")
    room.open(web.cases[-1]["id"])
    room.press("u")
    draw_line(room, (0.3, 0.3), (0.4, 0.5))
    room.press("Shift+u")
    for place in ((0.5, 0.2), (0.5, 0.4), (0.7, 0.4)):
        room.page.mouse.click(*at(room, *place))
    room.until(lambda state: len(state["measurements"]) == 2)
    assert values(room, "length") == [{"length": {"value": None, "unit": "mm", "reason": "uncalibrated"}}]
    assert values(room, "angle")[0]["angle"]["value"] == pytest.approx(90, abs=1)
    panel = room.page.get_by_label("Measurements")
    expect(panel).to_contain_text("no mm: the picture has no pixel spacing")
    expect(panel).to_contain_text("not calibrated")
    state = room.saved()
    assert state["seq"] == 2
    expect(room.page.get_by_text("not calibrated: no millimetres")).to_be_visible()


def test_balance_is_live_checks_itself_and_leaves_the_vertical_axis_blank_without_calibration(web: Web, room: ReadingRoom) -> None:
    web.seed("--film", "900", "600")
    room.open(web.cases[-1]["id"])
    room.press("y")
    hips = [(0.80, 0.56), (0.77, 0.53), (0.80, 0.50)], [(0.81, 0.58), (0.78, 0.55), (0.81, 0.52)]
    plates = [(0.66, 0.42), (0.70, 0.53)], [(0.48, 0.48), (0.47, 0.60)], [(0.44, 0.46), (0.42, 0.58)], [(0.20, 0.40), (0.22, 0.52)]
    for points in (*hips, *plates):
        for place in points:
            room.page.mouse.click(*at(room, *place))
        if points == plates[0]:
            # the pelvis stands as soon as it can
            room.until(lambda _: [set(found) for found in values(room, "sagittal_balance")] == [{"PI", "PT", "SS"}])
    room.page.mouse.click(*at(room, 0.10, 0.60))
    room.until(lambda _: "SVA" in values(room, "sagittal_balance")[0])
    (found,) = values(room, "sagittal_balance")
    assert found["PI"]["value"] == pytest.approx(found["PT"]["value"] + found["SS"]["value"], abs=1)
    assert {"LL", "TK_T4_T12", "PI-LL"} <= set(found)
    assert found["SVA"] == {"value": None, "unit": "mm", "reason": "uncalibrated"}
    panel = room.page.get_by_label("Measurements")
    expect(panel).to_contain_text("PI = PT + SS holds")
    expect(panel).to_contain_text("no mm: the picture has no pixel spacing")
    room.saved()


def test_masks_propose_and_a_reader_confirms(room: ReadingRoom, take: Callable[[str], dict[str, Any]]) -> None:
    room.open(take("CT")["id"])
    before = room.state["seq"]
    room.press("Shift+y")
    room.until(lambda state: bool(state["measurements"]) or "Nothing to propose" in room.page.content())
    proposed = room.state["measurements"]
    assert all(item["status"] == "proposed" and item["calibration"]["source"] == "geometry" for item in proposed)
    if proposed:
        room.press("Enter")
        room.until(lambda state: sum(item["status"] == "confirmed" for item in state["measurements"]) == 1)
        assert room.saved()["seq"] > before
        expect(room.page.get_by_label("Measurements")).to_contain_text("mm from the volume")
