"""What the pictures show lies where it is in the patient, and every slice is the one whose number stands beside it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser

from tests.journeys.browser import ReadingRoom, Web
from tests.journeys.made import LANDMARK, SHADES, oblique_grid, upright_grid

pytestmark = [pytest.mark.journey, pytest.mark.story]
AXES = {"oblique": {"stack": 0, "sagittal": 2, "coronal": 1}, "upright": {"stack": 0, "axial": 1, "coronal": 2}}
"""Which axis of the grid each picture looks along."""


@pytest.fixture(scope="module")
def desk(web: Web, browser: Browser) -> Iterator[ReadingRoom]:
    with ReadingRoom.at_desk(browser, web.url, 1280, 760) as room:
        yield room


@pytest.fixture(scope="module")
def case(web: Web) -> dict[str, Any]:
    known = {case["id"] for case in web.cases}
    return next(case for case in web.seed("--made", "landmark") if case["id"] not in known)


def landmark(case: dict[str, Any], pane: dict[str, Any]) -> tuple[NDArray[np.float64], float, int]:
    """Return the landmark's [slice, row, column] in the series of a pane, its smallest spacing there in mm, and the axis looked along."""
    name = next(name for name, stack in case["stacks"].items() if stack == pane["stack"])
    grid = oblique_grid() if name == "oblique" else upright_grid()
    return grid.to_index(LANDMARK), min(grid.spacing), AXES[name][pane["view"]]


def seen(room: ReadingRoom, pane: str, x: float, y: float, reach: int = 45) -> tuple[float, float]:
    """Return the middle of what is bright and grey near a place of the page: the lines and names over it are coloured.

    It is infinitely far where nothing bright is seen.
    """
    box = room.page.locator(f'[data-pane="{pane}"]').bounding_box()
    assert box is not None
    shot = np.asarray(Image.open(io.BytesIO(room.page.screenshot(clip=box))).convert("RGB")).astype(int)
    left, top = max(0, round(x - box["x"]) - reach), max(0, round(y - box["y"]) - reach)
    near = shot[top : top + 2 * reach, left : left + 2 * reach]
    rows, columns = np.nonzero((near.min(axis=-1) > 110) & (np.ptp(near, axis=-1) < 12))
    if len(rows) <= 8:
        return np.inf, np.inf
    return box["x"] + left + float(columns.mean()) + 0.5, box["y"] + top + float(rows.mean()) + 0.5


def place(room: ReadingRoom, pane: str, voxel: NDArray[np.float64]) -> tuple[float, float]:
    found = room.look("([pane, at]) => window.columna.placeOf(pane, ...at)", [pane, voxel.tolist()])
    assert found is not None, f"{pane} does not show the slice of the landmark"
    return found["x"], found["y"]


def go_to_landmark(room: ReadingRoom, case: dict[str, Any]) -> None:
    """By the crosshair: one click in the large picture brings all others to the same point of the patient."""
    voxel, _, axis = landmark(case, room.pane())
    room.page.evaluate("([to]) => window.columna.goTo('large', to)", [round(voxel[axis])])
    room.until(lambda state: state["panes"][0]["slice"] == round(voxel[axis]))
    if room.state["tool"] != "crosshair":
        room.press("g")
    room.page.mouse.click(*place(room, "large", voxel))
    for pane in room.state["panes"]:
        wanted, _, along = landmark(case, pane)
        room.until(
            lambda state, pane=pane, wanted=wanted, along=along: (
                next(p for p in state["panes"] if p["id"] == pane["id"])["slice"] == round(wanted[along])
            )
        )


@pytest.mark.parametrize("hung", ["T2 TSE SAG", "T2 TSE TRA"], ids=["upright", "oblique"])
def test_a_landmark_lies_within_half_a_voxel_of_itself_in_every_picture(desk: ReadingRoom, case: dict[str, Any], hung: str) -> None:
    """The series are oblique, anisotropic and flipped left to right; upright; and cut across both."""
    room = desk.open(case["id"])
    while room.state["hanging"] != hung:
        room.press("h")
    room.until(lambda state: all(pane.get("loading") == "loaded" for pane in state["panes"]))
    go_to_landmark(room, case)
    for pane in room.state["panes"]:
        voxel, spacing, _ = landmark(case, pane)
        x, y = place(room, pane["id"], voxel)

        def is_there(_: dict[str, Any], pane: dict[str, Any] = pane, x: float = x, y: float = y, spacing: float = spacing) -> bool:
            shown = seen(room, pane["id"], x, y)
            return bool(np.hypot(shown[0] - x, shown[1] - y) * pane["mmPerPixel"] <= spacing / 2)

        room.until(is_there)
    if hung == "T2 TSE TRA":
        assert room.pane()["letters"]["left"] == "L", "it is shown as it was made, and says so"


def test_what_is_painted_in_one_picture_is_outlined_at_the_same_point_in_the_others(desk: ReadingRoom, case: dict[str, Any]) -> None:
    room = desk
    assert room.pane()["stack"] == case["stacks"]["oblique"]
    go_to_landmark(room, case)
    room.page.get_by_role("combobox", name="Add a structure").click()
    room.page.get_by_role("option", name="L4", exact=True).click()
    room.press("b", *["Shift+["] * 4, "]", "]", "]")
    panes = [pane for pane in room.state["panes"] if pane["stack"] == case["stacks"]["oblique"]]
    assert len(panes) > 1
    voxel = landmark(case, panes[0])[0].round().astype(int).tolist()
    for painted in panes:
        acts = room.state["undoable"]
        before = [at_rest(room, pane["id"], place(room, pane["id"], landmark(case, pane)[0])) for pane in panes]
        room.page.mouse.click(*place(room, painted["id"], landmark(case, painted)[0]))
        room.until(lambda state, acts=acts: state["undoable"] == acts + 1)
        assert room.look("([stack, at]) => window.columna.at(stack, 'instances', ...at)", [painted["stack"], voxel]) > 0
        for pane, nothing in zip(panes, before, strict=True):
            spot = place(room, pane["id"], landmark(case, pane)[0])
            room.until(lambda _, pane=pane, spot=spot, nothing=nothing: outlined(room, pane["id"], spot) > nothing)
        room.press("Control+z")
        room.until(lambda state, acts=acts: state["undoable"] == acts)
    room.saved()


def at_rest(room: ReadingRoom, pane: str, spot: tuple[float, float]) -> int:
    """Return what :func:`outlined` comes to: the same in ten looks, for the frame round what was undone goes by itself."""
    looks: list[int] = []

    def is_at_rest(_: dict[str, Any]) -> bool:
        looks.append(outlined(room, pane, spot))
        return len(looks) >= 10 and len(set(looks[-10:])) == 1

    room.until(is_at_rest)
    return looks[-1]


def outlined(room: ReadingRoom, pane: str, spot: tuple[float, float]) -> int:
    """Return how many pixels the overlay covers within 12 of a place of the page, once the next frame is drawn."""
    return int(
        room.page.evaluate(
            """([pane, x, y]) => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
              const canvas = document.querySelector(`[data-pane="${pane}"] canvas[data-overlay="mask"]`)
              const box = canvas.getBoundingClientRect()
              const { data } = canvas.getContext('2d').getImageData(Math.round(x - box.left) - 12, Math.round(y - box.top) - 12, 24, 24)
              done(data.filter((value, at) => at % 4 === 3 && value > 0).length)
            })))""",
            [pane, *spot],
        )
    )


EDGES = """([places]) => {
  const pane = document.querySelector('[data-pane="large"]')
  const [picture] = [...pane.querySelectorAll('canvas')].filter((each) => !each.dataset.overlay)
  const coarse = pane.querySelector('canvas[data-overlay="coarse"]')
  const looked = coarse.style.display === 'none' ? picture : coarse
  const copy = document.createElement('canvas')
  copy.width = looked.width; copy.height = looked.height
  const context = copy.getContext('2d', { willReadFrequently: true })
  context.drawImage(looked, 0, 0)
  const box = looked.getBoundingClientRect()
  const shades = places.map(([x, y]) => context.getImageData(Math.round(x - box.left), Math.round(y - box.top), 1, 1).data[0])
  const { slice, window: shown } = window.columna.state().panes.find((each) => each.id === 'large')
  return { slice, values: shades.map((shade) => shown.center - shown.width / 2 + (shade / 255) * shown.width) }
}"""
ROLL = """([by]) => { const element = document.querySelector('[data-pane="large"] canvas[data-overlay="cursor"]').parentElement
  for (let at = 0; at < by; at += 1) element.dispatchEvent(new WheelEvent('wheel', { deltaY: 100, bubbles: true, cancelable: true })) }"""


def test_600_slices_are_scrolled_through_and_each_is_the_one_whose_number_stands(web: Web, desk: ReadingRoom) -> None:
    known = {case["id"] for case in web.cases}
    case = next(case for case in web.seed("--made", "numbered") if case["id"] not in known)
    room = desk.open(case["id"])
    room.page.locator('[data-pane="large"]').get_by_role("button", name="hang another series here").click()
    room.page.get_by_role("menuitem", name="as it was made").first.click()
    room.until(lambda state: state["panes"][0]["view"] == "stack")
    room.press("m", "Home")
    room.until(lambda state: state["panes"][0]["slice"] == 0 and state["panes"][0]["loading"] == "loaded")
    places = [list(room.place(20, column)) for column in (4, 60)]
    for wanted in (0, *range(7, 599, 37), 599):
        room.page.evaluate(ROLL, [wanted - room.pane()["slice"]])
        room.until(lambda state, wanted=wanted: state["panes"][0]["slice"] == wanted)
        room.until(lambda _, wanted=wanted: number_seen(room, places) == wanted)


def number_seen(room: ReadingRoom, places: list[list[float]]) -> int:
    """Return the number that the shades on the screen spell."""
    low, high = ((value + 1024 - 500) / 60 for value in room.look(EDGES, [places])["values"])
    if max(abs(low - round(low)), abs(high - round(high))) >= 0.45:  # a shade between two
        return -1
    return round(high) * SHADES + round(low)
