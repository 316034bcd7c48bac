"""The same study in Columna's reading room and in OHIF, each in a Chromium of its own, from the same server and data."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Playwright, Response

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
  while (![...document.querySelectorAll('canvas')].some(rich)) await new Promise((done) => setTimeout(done, 20))
  return performance.now()
}"""
WHOLE_SECONDS, SETTLE_MS = 150, 3000


@dataclass
class Opening:
    """Milliseconds from the navigation to the first image and to the last frame, frames that came, and memory in MB when all was quiet."""

    first: float
    whole: float
    frames: int
    heap: float
    memory: float


def compare(playwright: Playwright, line: Callable[..., None]) -> None:
    """Print both viewers' times and memory, and the ratios."""
    if lacking := ohif.missing():
        print(lacking)
        return
    with tempfile.TemporaryDirectory(prefix="columna-beside-") as name:
        web = Web(Path(name) / "data")
        facts = _prepare(web)
        web.start()
        try:
            ours = _measure(playwright, web.url, f"/read/{facts['case']}", facts["session"], _ours_whole)
        finally:
            web.kill()
        with ohif.start(Path(name) / "ohif", web.folder) as peer:
            theirs = _measure(playwright, peer.url, f"/viewer?StudyInstanceUIDs={facts['study']}", facts["session"], _theirs_whole)
    for who, (cold, warm), what in (
        ("Columna", ours, f"with a mask of {facts['structures']} structures"),
        ("OHIF", theirs, "without a mask"),
    ):
        line(f"512×512×{SLICES}, {who}: first image, cold", cold.first, f"warm {warm.first:.0f} ms")
        line(f"512×512×{SLICES}, {who}: all {cold.frames} frames, cold", cold.whole, f"warm {warm.whole:.0f} ms")
        print(f"{'':4}memory then, {what}: renderer and GPU process {cold.memory:.0f} MB (PSS), of it JavaScript heap {cold.heap:.0f} MB")
    (cold, warm), (their_cold, their_warm) = ours, theirs
    print(
        f"ratio to OHIF: first image cold {cold.first / their_cold.first:.2f}, warm {warm.first / their_warm.first:.2f}; "
        f"all frames cold {cold.whole / their_cold.whole:.2f}, warm {warm.whole / their_warm.whole:.2f}; "
        f"memory {cold.memory / their_cold.memory:.2f}, where OHIF holds no mask"
    )


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
    """Return the first opening of a fresh browser, and the second one of the same browser."""
    with chromium(playwright) as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
        page = context.new_page()
        frames: list[Response] = []
        page.on("response", lambda answer: frames.append(answer) if "/frames" in urlsplit(answer.url).path else None)
        openings = []
        for _ in range(2):
            frames.clear()
            page.goto("about:blank")
            page.goto(url + path, wait_until="commit")
            first = page.evaluate(PAINTED, GREYS)
            last = whole(page, frames)
            page.wait_for_timeout(SETTLE_MS)
            heap, memory = _memory(browser, page)
            openings.append(Opening(first, last, SLICES if whole is _ours_whole else len(frames), heap, memory))
        return openings[0], openings[1]


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


def _memory(browser: Browser, page: Page) -> tuple[float, float]:
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
