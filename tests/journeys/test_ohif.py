"""OHIF in Chromium reads what Columna de-identified: the study list, and a study opened."""

from __future__ import annotations

import os
import time

import pytest
from playwright.sync_api import Page

from tests.columns import session_folder
from tests.journeys.browser import ReadingRoom
from tests.servers import ohif

PAINTED = """() => {
  const shown = [...document.querySelectorAll('.viewport-element canvas, canvas.cornerstone-canvas')]
  return shown.map((canvas) => {
    const copy = new OffscreenCanvas(64, 64).getContext('2d')
    copy.drawImage(canvas, 0, 0, 64, 64)
    return new Set(copy.getImageData(0, 0, 64, 64).data.filter((_, index) => index % 4 === 0)).size
  })
}"""


def shades(page: Page, seconds: float = 90) -> int:
    """Return how many greys the richest canvas shows, as soon as it shows an image."""
    end, found = time.monotonic() + seconds, 0
    while found <= 16 and time.monotonic() < end:
        page.wait_for_timeout(100)
        found = max(page.evaluate(PAINTED), default=0)
    return found


@pytest.fixture(scope="module")
def viewer(web):
    if lacking := ohif.missing():
        if os.environ.get("COLUMNA_TEST_STRICT"):
            pytest.fail(lacking)
        pytest.skip(lacking)
    with ohif.start(session_folder("ohif"), web.folder) as server:
        yield server


def test_ohif_lists_the_pseudonyms_and_shows_the_images_of_a_study(web, viewer, context):
    page = ReadingRoom.enter(context, web.url).page
    studies = page.evaluate("fetch('/dicomweb/studies').then((answer) => answer.json())")
    name, uid = (studies[0][tag]["Value"][0] for tag in ("00100020", "0020000D"))
    failed = []
    page.on(
        "response",
        lambda answer: failed.append((answer.status, answer.url)) if answer.status >= 400 and "/dicomweb/" in answer.url else None,
    )
    page.goto(viewer.url)
    page.get_by_text(name).first.wait_for()
    page.goto(f"{viewer.url}/viewer?StudyInstanceUIDs={uid}")
    assert shades(page) > 16, "a canvas with more than sixteen greys"
    assert not failed
