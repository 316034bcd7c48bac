"""How soon does a reader see, draw and have it saved? The reading room in Chromium against the real server.

``python -m benchmarks.viewer`` brings a phantom MR and CT in on clinical grids and prints milliseconds: *cold* is a browser with
nothing kept, *warm* the same case again with what the browser kept, *next* the other case after some seconds at this one. The clock starts
at the navigation and stops when the large picture is drawn. Then a CT of 512 × 512 × 300 with a mask of 50 structures is opened here and in
OHIF, from the same data and code, in one run: there the clock stops when any canvas of the page shows more than sixteen greys, for both. In
Columna that is the whole slice where reading begins, checked and through its window, drawn before the drawing library is there; when tools can
be used is printed beside it. Memory is the proportional set size of the browser's renderers and GPU process after a garbage collection, three seconds after the last frame came. The
reading room shows three panes and the mask; OHIF shows its one pane, first without a mask, then with the same mask as DICOM SEG. Both are opened
in turn, each time in a fresh browser, and medians count. *Ten cases* are opened one after another in one page, without loading it anew. There is no graphics card in the measured browser unless the
machine has one: drawing is software, and ratios say more than numbers.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Request, sync_playwright

from benchmarks._beside_ohif import LEASES, RELEASE, compare, memory
from tests.journeys.browser import ReadingRoom, Web, chromium, missing

STROKES, PREFETCH_MS = 10, 5000
SHOWN = """async () => {
  const shown = () => { const state = window.columna?.state(); return state?.panes[0]?.loading === 'loaded' && window.columna.drawn('large') >= 0 }
  while (!shown()) await new Promise(requestAnimationFrame)
  return performance.now()
}"""
LOADED = """async () => {
  const whole = () => { const all = Object.values(window.columna?.state().progress ?? {}); return all.length > 0 && all.every((one) => one.loaded === one.total) }
  while (!whole()) await new Promise(requestAnimationFrame)
  return performance.now()
}"""
STEP = """async () => {
  const slice = () => window.columna.state().panes[0].slice
  const before = slice()
  const start = performance.now()
  window.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', code: 'ArrowDown', bubbles: true }))
  while (slice() === before) await new Promise(requestAnimationFrame)
  return performance.now() - start
}"""


GO = "(path) => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')) }"
STANDS = """async (id) => {
  const there = () => location.pathname.endsWith(id) && window.columna?.state().phase === 'ready' && window.columna.state().panes[0]?.loading === 'loaded'
  while (!there()) await new Promise((done) => setTimeout(done, 50))
}"""
IN_A_ROW, LOOKED_AT_MS = 10, 1500


def line(name: str, milliseconds: float, more: str = "") -> None:
    print(f"{name:40} {milliseconds:9.0f} ms   {more}")


def opening(room: ReadingRoom, case: str) -> tuple[float, float]:
    """Return ms to the first image and to the last one of a case."""
    room.page.goto(f"{room.url}/read/{case}")
    return room.page.evaluate(SHOWN), room.page.evaluate(LOADED)


def strokes(room: ReadingRoom) -> None:
    """Measure a short stroke: until it is on the mask, until the server has it, and the bytes it took."""
    sizes: list[int] = []

    def count(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/operations"):
            sizes.append(len(request.post_data_buffer or b""))

    room.page.on("request", count)
    stack: dict[str, Any] = room.state["stacks"][0]
    drawn, saved = [], []
    for number in range(STROKES):
        row, column = stack["rows"] * (0.25 + 0.04 * number), stack["columns"] * 0.15
        before = room.state["undoable"]
        start: float = room.page.evaluate("performance.now()")
        room.stroke((row, column), (row + 3, column + 8))
        room.until(lambda state, before=before: state["undoable"] > before)  # type: ignore[misc]
        drawn.append(room.page.evaluate("performance.now()") - start)
        room.saved()
        saved.append(room.page.evaluate("performance.now()") - start)
    line("stroke: pressed to on the mask", statistics.median(drawn), "the browser's driver included")
    line(
        "stroke: pressed to acknowledged",
        statistics.median(saved),
        f"{sum(sizes) / STROKES:.0f} bytes a stroke, headers of the operation included",
    )


def cases_in_a_row(browser: Browser, room: ReadingRoom, cases: list[str]) -> None:
    """Open one case after another in one page, and print what the browser holds after the first two and at the end."""
    held = []
    for number in range(IN_A_ROW):
        room.page.evaluate(GO, f"/read/{cases[number % len(cases)]}")
        room.page.evaluate(STANDS, cases[number % len(cases)])
        room.page.evaluate(LOADED)
        room.page.wait_for_timeout(LOOKED_AT_MS)
        held.append(memory(browser, room.page)[1])
    print(f"{'':4}memory after {IN_A_ROW} cases in one page: {held[-1]:.0f} MB, after two {held[1]:.0f} MB ({held[-1] - held[1]:+.0f} MB)")


def main() -> None:
    if lacking := missing():
        raise SystemExit(lacking)
    with tempfile.TemporaryDirectory(prefix="columna-viewer-") as name, sync_playwright() as playwright:
        web = Web(Path(name))
        web.seed("--clinical")
        web.start()
        try:
            for modality in ("MR", "CT"):
                case = web.case(modality)["id"]
                with chromium(playwright) as browser:
                    context = browser.new_context(viewport={"width": 1280, "height": 800})
                    context.add_init_script(LEASES)
                    room = ReadingRoom.enter(context, web.url)
                    room.page.goto(f"{web.url}/worklist")  # where a reader comes from
                    cold, all_cold = opening(room, case)
                    warm, all_warm = opening(room, case)
                    line(f"{modality}: first image, cold", cold, f"all images {all_cold:.0f} ms")
                    line(f"{modality}: first image, warm", warm, f"all images {all_warm:.0f} ms, {warm / cold:.2f} of cold")
                    room.until(lambda state: state["phase"] == "ready" and state["masks"][0] == state["masks"][1])
                    line(
                        f"{modality}: slice step",
                        statistics.median(room.page.evaluate(STEP) for _ in range(5)),
                        "until the room has moved; drawing not included",
                    )
                    if modality == "MR":
                        strokes(room)
                        room.page.wait_for_timeout(PREFETCH_MS)
                        following, _ = opening(room, web.case("CT")["id"])
                        line("CT: first image, as the next case", following, f"after {PREFETCH_MS / 1000:.0f} s at the MR")
                        cases_in_a_row(browser, room, [case, web.case("CT")["id"]])
                    room.page.evaluate(RELEASE)  # the next browser may write on the same cases
        finally:
            web.kill()
        compare(playwright, line)


if __name__ == "__main__":
    main()
