"""The picture of the reading room in the README: ``python -m tests.journeys.picture docs/images/reading-room.png``.

A phantom on clinical grids, opened by a reader in a real browser; some structures are accepted and one is being corrected.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.journeys.browser import ReadingRoom, Web, chromium, missing


def main() -> None:
    if lacking := missing():
        raise SystemExit(lacking)
    with tempfile.TemporaryDirectory(prefix="columna-picture-") as name, sync_playwright() as playwright, chromium(playwright) as browser:
        web = Web(Path(name))
        web.seed("--clinical", "--modalities", "MR")
        web.start()
        try:
            room = ReadingRoom.enter(browser.new_context(viewport={"width": 1600, "height": 1000}), web.url).open(web.case("MR")["id"])
            room.until(lambda state: state["doubts"] > 0 and all(part["loaded"] == part["total"] for part in state["progress"].values()))
            for structure in ("T11", "T12", "L1", "L2", "L3"):
                room.page.get_by_label("Levels").get_by_role("button", name=structure, exact=True).or_(
                    room.page.get_by_label("Levels").get_by_role("button", name=f"{structure} proposed", exact=True)
                ).first.click()
                room.page.get_by_label("Structures").get_by_role("button", name="Accept", exact=False).filter(
                    has_text="Enter"
                ).first.click()
            room.press("n", "r")
            room.saved()
            room.page.mouse.move(*room.place(room.state["stacks"][0]["rows"] * 0.55, room.state["stacks"][0]["columns"] * 0.42))
            room.page.wait_for_timeout(7000)
            room.page.screenshot(path=sys.argv[1])
        finally:
            web.kill()


if __name__ == "__main__":
    main()
