"""The reading room in a real browser at a real server: what is painted is what is saved, to the voxel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, expect

from tests.journeys.browser import ReadingRoom, Web
from tests.journeys.session import signed_in

Take = Callable[[str], dict[str, Any]]
pytestmark = pytest.mark.journey


def server_mask(web: Web, state: dict[str, Any], stack: str, layer: str = "instances", *, username: str = "reader") -> NDArray[np.uint8]:
    """Return the annotation's mask as the server holds it, uint8 [slice, row, column]."""
    import gzip

    from tests.reader import bundle_decode

    reader = signed_in(web.url, username)
    header, rest = bundle_decode(reader.bytes(f"/api/annotations/{state['annotation']}/mask?stack={stack}&layer={layer}"))
    manifest = reader.get(f"/api/stacks/{stack}/manifest")
    index = {entry["key"]: at for at, entry in enumerate(manifest["slices"])}
    mask = np.zeros((len(index), header["rows"], header["columns"]), dtype=np.uint8)
    start = 0
    for piece in header["slices"]:
        raw = gzip.decompress(rest[start : start + piece["length"]])
        mask[index[piece["key"]]] = np.frombuffer(raw, dtype=np.uint8).reshape(mask.shape[1:])
        start += piece["length"]
    return mask


def digest(mask: NDArray[np.uint8]) -> str:
    return hashlib.sha256(mask.tobytes()).hexdigest()


def paint_some(room: ReadingRoom, count: int, *, first: int = 0) -> None:
    """Draw ``count`` short strokes in front of the spine, each in a place of its own, on several slices."""
    rows = room.state["stacks"][0]["rows"]
    for number in range(first, first + count):
        if number % 5 == 4:
            room.step()
        row, column = rows * (0.2 + 0.03 * (number % 20)), rows * 0.2
        room.stroke((row, column), (row + 3, column + 6))


def paint_in_turn(room: ReadingRoom, count: int) -> None:
    """Draw ``count`` short strokes, each in the next picture and in a place of its own, on several slices of the large one."""
    panes = room.state["panes"]
    assert len(panes) == 3
    for number in range(count):
        if number % 6 == 4:
            room.step()  # after a stroke in the large picture: the keys are for the one that was worked in last
        pane, acts = room.state["panes"][number % 3], int(room.state["undoable"])
        stack = next(each for each in room.state["stacks"] if each["id"] == pane["stack"])
        row, column = stack["rows"] * (0.2 + 0.025 * number), stack["columns"] * 0.2
        voxels = [(pane["slice"], row, column), (pane["slice"], row + 3, column + 6)]
        # where a picture lies across sagittal slices, its slice is a row or a column: it is painted from slice to slice
        if pane["view"] == "axial":
            voxels = [(1 + number % 6, pane["slice"], column - number), (2 + number % 6, pane["slice"], column - number + 3)]
        elif pane["view"] == "coronal":
            voxels = [(1 + number % 6, row, pane["slice"]), (2 + number % 6, row + 3, pane["slice"])]
        places = [room.page.evaluate("([pane, at]) => window.columna.placeOf(pane, ...at)", [pane["id"], voxel]) for voxel in voxels]
        room.page.mouse.move(places[0]["x"], places[0]["y"])
        room.page.mouse.down()
        room.page.mouse.move(places[1]["x"], places[1]["y"], steps=3)
        room.page.mouse.up()
        room.until(lambda state, acts=acts: state["undoable"] == acts + 1)


def test_a_proposal_lies_over_mr_and_ct(reader: ReadingRoom, take: Take) -> None:
    for modality in ("MR", "CT"):
        case = take(modality)
        state = reader.open(case["id"]).state
        assert {segment["status"] for segment in state["segments"]} == {"proposed"}
        stack = state["panes"][0]["stack"]
        shown = reader.digest(stack)
        assert shown != digest(np.zeros(1, dtype=np.uint8))
        reader.until_drawn(lambda points: points > 200)  # outlines lie over the image
    assert reader.problems == []


def paint_take_back_and_submit(web: Web, room: ReadingRoom, case: str) -> None:
    """Paint 20 strokes in three pictures in turn, undo 20, redo 20, submit: at every turn the masks are what they should be, here and on the server."""
    stacks = sorted({pane["stack"] for pane in room.state["panes"]})

    def shown() -> list[str]:
        return [room.digest(stack) for stack in stacks]

    proposed = shown()
    paint_in_turn(room, 20)
    painted = shown()
    assert all(now != before for now, before in zip(painted, proposed, strict=True)), "every series that hangs was painted on"
    room.press(*["Control+z"] * 20)
    room.until(lambda state: state["undoable"] == 0 and state["redoable"] == 20)
    assert shown() == proposed
    room.press(*["Control+Shift+z"] * 20)
    room.until(lambda state: state["undoable"] == 20)
    assert shown() == painted
    state = room.saved()
    assert [digest(server_mask(web, state, stack)) for stack in stacks] == painted
    room.press("Control+Enter")
    room.page.get_by_role("button", name="Submit all the same").click()
    room.page.wait_for_url(lambda url: case not in url)
    person = signed_in(web.url, "reader")
    assert person.get(f"/api/annotations/{state['annotation']}")["state"] == "submitted"
    assert [digest(server_mask(web, state, stack)) for stack in stacks] == painted
    assert room.problems == []


def test_twenty_strokes_are_undone_redone_and_submitted_to_the_voxel(web: Web, reader: ReadingRoom, take: Take) -> None:
    case = take("MR")
    paint_take_back_and_submit(web, reader.open(case["id"]), case["id"])


def test_the_same_on_a_real_mr_with_the_models_own_proposal(web: Web, reader: ReadingRoom, test_data: Path) -> None:
    for image in sorted((test_data / "mr_spider_t2space").glob("*_T2w.nii.gz")):
        case = web.seed("--real", str(image))[-1]
        if case["modality"] == "real" and not case["sealed"]:
            break
    assert case["proposed"]
    room = reader.open(case["id"])
    room.until_drawn(lambda points: points > 200)
    paint_take_back_and_submit(web, room, case["id"])


def test_killing_web_while_painting_loses_nothing(web: Web, reader: ReadingRoom, take: Take) -> None:
    room = reader.open(take("MR")["id"])
    stack = room.pane()["stack"]
    paint_some(room, 3)
    web.kill()
    try:
        paint_some(room, 5, first=3)
        offline = room.until(lambda state: state["save"] == "offline")
        assert offline["unsent"] > 0
        expect(room.page.get_by_label("Status")).to_contain_text("kept on this computer")
    finally:
        web.start()
    state = room.saved()
    assert state["undoable"] == 8
    assert digest(server_mask(web, state, stack)) == room.digest(stack)


def test_a_killed_tab_goes_on_where_it_was(web: Web, reader: ReadingRoom, context: BrowserContext, take: Take) -> None:
    case = take("MR")
    room = reader.open(case["id"])
    stack = room.pane()["stack"]
    context.set_offline(True)
    paint_some(room, 4)
    room.until(lambda state: state["undoable"] == 4 and state["kept"] == state["unsent"] >= 4)
    painted = room.digest(stack)
    room.crash()
    context.set_offline(False)
    again = reader.tab(context).open(case["id"])
    again.until(lambda state: state["offered"] >= 4)
    assert again.digest(stack) != painted, "nothing is put on the images without a word"
    again.page.get_by_role("button", name="Take them up").click()
    state = again.until(lambda state: state["restored"] >= 4 and state["save"] == "saved" and state["unsent"] == 0)
    assert again.digest(stack) == painted
    assert digest(server_mask(web, state, stack)) == painted


def test_a_tab_closed_in_the_middle_of_sending_loses_nothing(web: Web, reader: ReadingRoom, context: BrowserContext, take: Take) -> None:
    """Its last batch may have arrived, or it may still lie in the browser; the next tab shows it, or offers it, and never half of it."""
    case = take("MR")
    room = reader.open(case["id"])
    stack = room.pane()["stack"]
    paint_some(room, 3)
    room.until(lambda state: state["undoable"] == 3 and state["kept"] == state["unsent"])
    painted = room.digest(stack)
    room.page.close(run_before_unload=False)
    again = reader.tab(context).open(case["id"])
    if again.state["offered"]:
        again.page.get_by_role("button", name="Take them up").click()
        again.until(lambda state: state["restored"] > 0)
    before = again.state["undoable"]
    paint_some(again, 1, first=6)
    again.until(lambda state: state["undoable"] == before + 1)
    again.take_back()
    state = again.saved()
    assert again.digest(stack) == painted
    assert digest(server_mask(web, state, stack)) == painted


def test_a_second_tab_reads_only_until_it_takes_over(web: Web, reader: ReadingRoom, context: BrowserContext, take: Take) -> None:
    case = take("MR")
    room = reader.open(case["id"])
    stack = room.pane()["stack"]
    paint_some(room, 2)
    painted = room.digest(stack)
    room.saved()
    second = reader.tab(context)
    second.open(case["id"], phase="read-only")
    before = second.state["seq"]
    paint_some(second, 1)
    second.until(lambda state: (state["undoable"], state["unsent"], state["seq"]) == (0, 0, before))
    second.page.get_by_role("button", name="Take over").click()
    second.until(lambda state: state["phase"] == "ready")
    assert second.digest(stack) == painted
    room.until(lambda state: state["phase"] == "read-only")
    paint_some(second, 1, first=6)
    state = second.saved()
    assert digest(server_mask(web, state, stack)) == second.digest(stack)


@pytest.mark.parametrize("key", ["q", "w"])
def test_structures_are_gone_through_by_keys(reader: ReadingRoom, take: Take, key: str) -> None:
    room = reader.open(take("MR")["id"])
    before = room.state["active"]
    room.press("w", "w", key)
    room.until(lambda state: state["active"] != before)
