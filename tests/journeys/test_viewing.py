"""What a radiologist must not miss, in a real browser: large studies, earlier ones, other planes, clips, and series that are no volume."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.journeys.browser import ReadingRoom, Web

pytestmark = pytest.mark.journey

SCENES = ("trunk",)


@pytest.fixture(scope="module")
def scenes(web: Web) -> dict[str, dict[str, Any]]:
    before = {case["id"] for case in web.cases}
    web.seed("--scenes", *SCENES)
    return {case["scene"]: case for case in web.cases if case["id"] not in before}


@pytest.fixture(scope="module")
def desk(web: Web, browser: Browser) -> Iterator[ReadingRoom]:
    """One page for all of these tests."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, service_workers="block")
    yield ReadingRoom.enter(context, web.url)
    context.close()


@pytest.fixture
def room(desk: ReadingRoom) -> Iterator[ReadingRoom]:
    yield desk
    assert desk.problems == []


def grey(room: ReadingRoom, x: float, y: float) -> float:
    """Return the mean brightness of 5 × 5 pixels of the page, 0 to 255."""
    shot = room.page.screenshot(clip={"x": round(x) - 2, "y": round(y) - 2, "width": 5, "height": 5})
    return float(np.asarray(Image.open(io.BytesIO(shot)).convert("L")).mean())


def at(room: ReadingRoom, slice_: int, row: int, column: int) -> int:
    stack = room.pane()["stack"]
    return int(room.page.evaluate("([stack, at]) => window.columna.at(stack, 'instances', ...at)", [stack, [slice_, row, column]]))


def axial(room: ReadingRoom) -> str:
    """Return the name of the pane that shows the slices as they were made, active."""
    pane = next(pane for pane in room.state["panes"] if pane["view"] in ("stack", "axial"))
    return str(pane["id"])


def test_a_large_ct_opens_round_the_spine_is_edited_in_its_true_voxels_and_loads_whole(room: ReadingRoom, scenes: dict[str, Any]) -> None:
    from tests.storage.trunks import spine_column

    asked: list[str] = []
    room.page.on("request", lambda request: asked.append(request.url) if "/frames" in request.url else None)
    room.open(scenes["trunk"]["id"])
    assert asked
    assert all("region=" in url for url in asked)
    words = room.page.locator("[data-region]").first
    assert words.inner_text().startswith("spine region,")
    room.until(lambda state: all(part["loaded"] == part["total"] for part in state["progress"].values()))
    small = room.page.evaluate("window.columna.imageBytes()")

    # what shows at a voxel is that voxel: bone where the bone is, muscle beside it
    room.page.get_by_placeholder("Add a structure").click()
    room.page.get_by_role("option").first.click()
    pane = axial(room)
    room.page.evaluate("([pane]) => window.columna.goTo(pane, 32)", [pane])
    room.until(lambda state: room.pane(pane)["slice"] == 32 and room.pane(pane)["loading"] == "loaded")
    row, column = (int(value) for value in spine_column((64, 512, 512))[32])
    room.press("Space")
    room.page.mouse.move(5, 5)
    bone = grey(room, *room.place(row + 34 + 13, column, pane=pane))
    muscle = grey(room, *room.place(row, column - 30, pane=pane))
    assert bone > muscle + 30
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
    words.get_by_role("button").click()
    room.until(lambda state: all(part["loaded"] == part["total"] for part in state["progress"].values()))
    room.until(lambda state: all(pane["loading"] == "loaded" for pane in state["panes"]))
    assert room.page.locator("[data-region]").count() == 0
    assert room.pane(pane)["slice"] == 32
    assert any("region=" not in url for url in asked)
    assert room.digest(room.pane()["stack"]) == digest
    whole = room.page.evaluate("window.columna.imageBytes()")
    assert small < 0.5 * whole
