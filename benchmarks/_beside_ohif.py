"""The same study in Columna's reading room and in OHIF, each in a Chromium of its own, from the same server and data."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Playwright, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from benchmarks._large_case import SLICES
from tests.journeys.browser import Web, chromium
from tests.servers import ohif

GREYS = 16
PAINTED = """async (greys) => {
  const small = new OffscreenCanvas(48, 48).getContext('2d', { willReadFrequently: true })
  const rich = (canvas) => {
    if (canvas.width < 100 || canvas.height < 100) return false
    small.drawImage(canvas, 0, 0, 48, 48)
    return new Set(small.getImageData(0, 0, 48, 48).data.filter((_, index) => index % 4 === 0)).size > greys
  }
  while (![...document.querySelectorAll('canvas')].some(rich)) await new Promise((done) => setTimeout(done, 50))
  return performance.now()
}"""
TOOLS = """async () => {
  const ready = () => { const panes = window.columna?.state().panes ?? []; return panes.length > 0 && panes.every((pane) => pane.loading === 'loaded') }
  while (!ready()) await new Promise((done) => setTimeout(done, 50))
  return performance.now()
}"""
WHOLE_SECONDS, SETTLE_MS = 150, 3000
ROUNDS = 3
LEASES = """(() => {
  const real = window.fetch
  window.fetch = async (...asked) => {
    const answer = await real(...asked)
    if (answer.ok && answer.url.endsWith('/open')) {
      const { assignment } = await answer.clone().json()
      sessionStorage.setItem('leases', JSON.stringify([...JSON.parse(sessionStorage.getItem('leases') ?? '[]'), assignment.id]))
    }
    return answer
  }
})()"""
RELEASE = """async () => {
  const token = /csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? ''
  const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': token }
  for (const id of new Set(JSON.parse(sessionStorage.getItem('leases') ?? '[]'))) await fetch(`/api/assignments/${id}/release`, { method: 'POST', headers, body: '{}' })
}"""
TOUR = "document.querySelectorAll('.shepherd-modal-overlay-container, .shepherd-element').forEach((element) => element.remove())"


@dataclass
class Opening:
    """Milliseconds from the navigation to the first image and to the last frame, frames that came, and memory in MB when all was quiet.

    ``tools`` is when the pictures can be worked with too; 0 where the page does not say.
    """

    first: float
    whole: float
    frames: int
    heap: float
    memory: float
    tools: float = 0
    masked: float = 0
    """Memory with the mask of 50 structures open too; 0 where it could not be opened."""


def compare(playwright: Playwright, line: Callable[..., None]) -> None:
    """Print both viewers' times and memory, medians of some rounds taken in turn, and the ratios."""
    if lacking := ohif.missing():
        print(lacking)
        return
    with tempfile.TemporaryDirectory(prefix="columna-beside-") as name:
        web = Web(Path(name) / "data")
        facts = _prepare(web)
        web.start()
        ours, theirs = [], []
        try:
            with ohif.start(Path(name) / "ohif", web.folder) as peer:
                for _ in range(ROUNDS):
                    ours.append(_measure(playwright, web.url, f"/read/{facts['case']}", facts["session"], _ours_whole))
                    path = f"/viewer?StudyInstanceUIDs={facts['study']}"
                    theirs.append(_measure(playwright, peer.url, path, facts["session"], _theirs_whole))
        finally:
            web.kill()
    for who, rounds, what in (
        ("Columna", ours, f"three panes and a mask of {facts['structures']} structures"),
        ("OHIF", theirs, "one pane and no mask"),
    ):
        line(f"512×512×{SLICES}, {who}: first image, cold", _of(rounds, 0, "first"), f"warm {_of(rounds, 1, 'first'):.0f} ms")
        line(
            f"512×512×{SLICES}, {who}: all {rounds[0][0].frames} frames, cold",
            _of(rounds, 0, "whole"),
            f"warm {_of(rounds, 1, 'whole'):.0f} ms",
        )
        if _of(rounds, 0, "tools"):
            line(f"512×512×{SLICES}, {who}: tools can be used, cold", _of(rounds, 0, "tools"), f"warm {_of(rounds, 1, 'tools'):.0f} ms")
        heap = _of(rounds, 0, "heap")
        print(
            f"{'':4}memory then, {what}: {_of(rounds, 0, 'memory'):.0f} MB (PSS of renderers and GPU process), of it JavaScript heap {heap:.0f} MB"
        )
    masked = _of(theirs, 1, "masked")
    if masked:
        print(f"{'':4}OHIF with the same mask as DICOM SEG from the same server: {masked:.0f} MB")
    else:
        print(f"{'':4}OHIF did not open the mask as DICOM SEG within its time: its memory with a mask is not known")
    print(f"ratio to OHIF, medians of {ROUNDS}, a fresh browser each: " + "; ".join([
        *(f"{what} {when} {_of(ours, at, key) / _of(theirs, at, key):.2f}" for what, key in (("first image", "first"), ("all frames", "whole")) for at, when in ((0, "cold"), (1, "warm"))),
        f"memory {_of(ours, 0, 'memory') / _of(theirs, 0, 'memory'):.2f}, where OHIF holds no mask",
        *([f"{_of(ours, 0, 'memory') / masked:.2f} where both hold it"] if masked else []),
    ]))  # fmt: skip


def _of(rounds: list[tuple[Opening, Opening]], at: int, name: str) -> float:
    """Return the median of one figure over the rounds, of the cold opening (0) or the warm one (1)."""
    return float(statistics.median(getattr(each[at], name) for each in rounds))


def _prepare(web: Web) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._large_case"],
        cwd=Path(__file__).resolve().parents[1],
        env=web.environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(
    playwright: Playwright, url: str, path: str, session: str, whole: Callable[[Page, list[Response]], float]
) -> tuple[Opening, Opening]:
    """Return the first opening of a fresh browser, and the second one of the same browser; the case is given back after them."""
    with chromium(playwright) as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
        context.add_init_script(LEASES)
        page = context.new_page()
        frames: list[Response] = []
        page.on("response", lambda answer: frames.append(answer) if "/frames" in urlsplit(answer.url).path else None)
        openings = []
        for _ in range(2):
            frames.clear()
            page.goto("about:blank")
            page.goto(url + path, wait_until="commit")
            first = page.evaluate(PAINTED, GREYS)
            tools = page.evaluate(TOOLS) if whole is _ours_whole else 0
            last = whole(page, frames)
            page.wait_for_timeout(SETTLE_MS)
            heap, held = memory(browser, page)
            openings.append(Opening(first, last, SLICES if whole is _ours_whole else len(frames), heap, held, tools))
        if whole is _theirs_whole:
            openings[-1].masked = _with_mask(browser, page)
        else:
            page.evaluate(RELEASE)
        return openings[0], openings[1]


def _with_mask(browser: Browser, page: Page) -> float:
    """Open the segmentation of the study in OHIF as a person would, and return the memory in MB then; 0 when it does not come."""
    page.evaluate(TOUR)
    try:
        page.locator('[data-cy="study-browser-thumbnail-no-image"]').first.dblclick(timeout=15_000)
        page.get_by_role("button", name="Yes").first.click(timeout=60_000)
    except PlaywrightTimeout:
        return 0
    page.wait_for_timeout(3 * SETTLE_MS)
    return memory(browser, page)[1]


def _ours_whole(page: Page, frames: list[Response]) -> float:
    """The room itself says when every frame and every slice of the mask is there."""
    found: float = page.evaluate(
        """async () => {
          const whole = () => {
            const state = window.columna?.state()
            const all = Object.values(state?.progress ?? {})
            return all.length > 0 && all.every((one) => one.loaded === one.total) && state.masks[0] === state.masks[1]
          }
          while (!whole()) await new Promise((done) => setTimeout(done, 50))
          return performance.now()
        }"""
    )
    return found


def _theirs_whole(page: Page, frames: list[Response]) -> float:
    """OHIF prefetches the stack in view: whole is when as many frames as there are slices have come."""
    for _ in range(WHOLE_SECONDS * 10):
        if len(frames) >= SLICES:
            break
        page.wait_for_timeout(100)
    found: float = page.evaluate("performance.now()")
    return found


def memory(browser: Browser, page: Page) -> tuple[float, float]:
    """Return (JavaScript heap in use of the page, proportional set size of renderers and GPU process) in MB, after a garbage collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {item["name"]: item["value"] for item in session.send("Performance.getMetrics")["metrics"]}
    listed = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    size = sum(_pss(item["id"]) for item in listed if item["type"] in ("renderer", "GPU"))
    return metrics["JSHeapUsedSize"] / 1e6, size / 1e6


def _pss(pid: int) -> int:
    """Return bytes: private pages, and the share of those that several processes have."""
    for text in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if text.startswith("Pss:"):
            return int(text.split()[1]) * 1024
    return 0
