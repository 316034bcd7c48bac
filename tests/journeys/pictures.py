"""The pictures of the README: ``python -m tests.journeys.pictures docs/images``.

Each is a page of the running product, as a reader left it: a real lumbar MR and a real film where the public sample data is there
(see the README for whose they are), phantoms elsewhere.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.journeys.browser import ROOT, ReadingRoom, Web, chromium, missing
from tests.journeys.own import protocol_set

SAMPLES = ROOT.parent / "shared" / "data"
FORMS = ["rsna_canal", "rsna_subarticular", "rsna_foraminal", "pfirrmann", "modic"]


class Studio:
    """A server with the cases that the pictures show, and a reader at it."""

    def __init__(self, web: Web, browser: Browser, folder: Path) -> None:
        self.web, self.browser, self.folder = web, browser, folder
        self.room = ReadingRoom.enter(browser.new_context(viewport={"width": 1600, "height": 1000}), web.url)

    def case(self, *seed: str) -> str:
        """Bring a case in and return its id."""
        known = {case["id"] for case in self.web.cases}
        self.web.seed(*seed)
        return next(str(case["id"]) for case in self.web.cases if case["id"] not in known)

    def take(self, name: str) -> None:
        """Wait until everything is there and no notice hides anything, then take the picture."""
        self.room.until(lambda state: all(part["loaded"] == part["total"] for part in state["progress"].values()), seconds=240)
        self.room.page.wait_for_timeout(7000)
        self.room.page.screenshot(path=self.folder / f"{name}.jpg", type="jpeg", quality=80)


def lumbar(studio: Studio) -> str:
    images = sorted((SAMPLES / "mr_spider_t2space").glob("sub-*_T2w.nii.gz"))
    for image in images[:8]:
        case = studio.case("--real", str(image))
        if any(found["id"] == case and found["proposed"] for found in studio.web.cases):
            return case
    return studio.case("--clinical", "--modalities", "MR")


def segment(studio: Studio, case: str) -> None:
    """A lumbar MR with the model's proposal; three structures are accepted, one is being painted."""
    room = studio.room.open(case)
    room.until(lambda state: state["doubts"] > 0)
    for structure in ("L1", "L2", "L3"):
        room.choose(structure)
        room.page.get_by_label("Structures").get_by_role("button", name="Accept", exact=False).filter(has_text="Enter").first.click()
    room.choose("L4")
    rows, columns = room.state["stacks"][0]["rows"], room.state["stacks"][0]["columns"]
    room.press("b")
    room.stroke((rows * 0.62, columns * 0.5), (rows * 0.64, columns * 0.52))
    room.saved()
    studio.take("segment-a-lumbar-mr")


def review(studio: Studio, case: str) -> None:
    """Review by exception: the most doubtful place, zoomed, with the list of what is left."""
    room = studio.room.open(case)
    room.until(lambda state: state["doubts"] > 0)
    room.press("n", "n")
    studio.take("review-by-exception")


def grade(studio: Studio, case: str) -> None:
    """A grid of stenosis grades, half filled; the pictures stand at the level."""
    room = studio.room.open(case)
    room.page.get_by_role("tab", name="Grades").click()
    room.until(lambda state: state["grading"]["level"] != "")
    room.press(*"11111211112311")
    room.saved()
    studio.take("grade-a-lumbar-mr")


def number(studio: Studio, case: str) -> None:
    """A whole spine in CT with six lumbar vertebrae, numbered as one chain."""
    room = studio.room.open(case)
    room.press("r")
    studio.take("number-a-spine-with-l6")


def cobb(studio: Studio, case: str) -> None:
    """A curve on a film: two endplates and the angle between them."""
    room = studio.room.open(case)
    stack = room.state["stacks"][0]
    room.press("j")
    for start, end in (((0.230, 0.508), (0.299, 0.562)), ((0.522, 0.456), (0.496, 0.562))):
        places = [room.place(row * stack["rows"], column * stack["columns"]) for row, column in (start, end)]
        room.page.mouse.move(*places[0])
        room.page.mouse.down()
        room.page.mouse.move(*places[1], steps=4)
        room.page.mouse.up()
    for end, level in (("Upper", "T5"), ("Lower", "T12")):
        room.page.get_by_role("combobox", name=f"{end} end vertebra").click()
        room.page.get_by_role("option", name=level, exact=True).click()
    room.saved()
    studio.take("cobb-on-a-film")


def main() -> None:
    if lacking := missing():
        raise SystemExit(lacking)
    folder, chosen = Path(sys.argv[1]), set(sys.argv[2:])
    with tempfile.TemporaryDirectory(prefix="columna-picture-") as name, sync_playwright() as playwright, chromium(playwright) as browser:
        web = Web(Path(name))
        web.seed("--cases", "0")
        web.start()
        try:
            protocol_set(web, forms=FORMS)
            studio = Studio(web, browser, folder)
            films = sorted((SAMPLES / "xray_scoliosis").glob("scoliosis_*.jpg"))
            spine: list[str] = []

            def real() -> str:
                if not spine:
                    spine.append(lumbar(studio))
                return spine[0]

            pictures: dict[str, Callable[[], None]] = {
                "segment": lambda: segment(studio, real()),
                "review": lambda: review(studio, real()),
                "grade": lambda: grade(studio, real()),
                "number": lambda: number(studio, studio.case("--whole", "--variant", "L6", "--modalities", "CT", "--clinical")),
                "cobb": lambda: cobb(studio, studio.case(*(("--picture", str(films[3])) if films else ("--film", "900", "600")))),
            }
            for wanted, take in pictures.items():
                if not chosen or wanted in chosen:
                    take()
        finally:
            web.kill()


if __name__ == "__main__":
    main()
