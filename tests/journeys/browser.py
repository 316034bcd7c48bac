"""A real Chromium at a real server: what the journeys of the reading room are made of."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from playwright.sync_api import Error as BrowserError

from tests.journeys.session import session_bring
from tests.servers.installation import migrated_copy

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("COLUMNA_TEST_CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
)  # fmt: skip

AT_REST = """() => new Promise((done) => {
  const late = setTimeout(done, 1000)
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => { clearTimeout(late); done() })))
})"""
"""Two frames later: what the last act set off inside the page, layout and drawing too, is done. A page in the background has no frames."""
PATIENCE_SECONDS = 60.0
"""How long a claim waits for what it says: the machine may be busy with something else."""
expect.set_options(timeout=PATIENCE_SECONDS * 1000)


def missing() -> str:
    """Return what these tests lack here, or nothing."""
    if not Path(CHROMIUM).exists() and not shutil.which(CHROMIUM):
        return f"Chromium is not at {CHROMIUM}: install the Debian package chromium, or set COLUMNA_TEST_CHROMIUM."
    if not (ROOT / "frontend" / "dist" / "index.html").is_file():
        return "The browser part is not built: run npm ci and npm run build in frontend/."
    return ""


@dataclass
class Web:
    """The product's own web process on a data folder of its own; it can be killed and started again."""

    folder: Path
    port: int = 0
    prompts_port: int = 0
    cases: list[dict[str, Any]] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    prompts: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COLUMNA_")}
        return kept | {
            "COLUMNA_DATA_DIR": str(self.folder), "COLUMNA_WEB_PORT": str(self.port), "COLUMNA_WEB_PROCESSES": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings", "OMP_NUM_THREADS": "1", "COLUMNA_PROMPTS_PORT": str(self.prompts_port),
        }  # fmt: skip

    def seed(self, *options: str) -> list[dict[str, Any]]:
        """Bring cases in by ``tests.journeys.seed`` and return all; "plain" are phantoms as any, which other tests may be handed."""
        migrated_copy(self.folder)
        command = [sys.executable, "-m", "tests.journeys.seed", *options]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=900)
        if done.returncode:
            raise AssertionError(done.stderr[-3000:])
        is_plain = {option for option in options if option.startswith("--")} <= {"--cases", "--seed", "--modalities"}
        self.cases += [{**case, "plain": is_plain} for case in json.loads(done.stdout.splitlines()[-1])]
        return self.cases

    def start(self) -> None:
        self.port = self.port or free_port()
        self.prompts_port = self.prompts_port or free_port()
        command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "config" / "gunicorn.py"), "config.wsgi"]
        with (self.folder / "web.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        self.wait()

    def wait(self) -> None:
        for _ in range(1200):
            try:
                with urllib.request.urlopen(self.url + "/health/live", timeout=10):  # noqa: S310  our own server
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise AssertionError((self.folder / "web.log").read_text()[-3000:])

    def prompts_start(self) -> None:
        """Start the process that answers clicks; it loads the model, so this takes a moment."""
        command = [sys.executable, "manage.py", "prompts"]
        with (self.folder / "prompts.log").open("ab") as log:
            self.prompts = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        for _ in range(1200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.prompts_port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError((self.folder / "prompts.log").read_text()[-3000:])

    def prompts_kill(self) -> None:
        if self.prompts is not None:
            os.killpg(self.prompts.pid, signal.SIGKILL)
            self.prompts.wait()
            self.prompts = None

    def work(self, *kinds: str) -> None:
        """Do every job that waits, as the workers would; of these kinds alone, where some are named."""
        command = [sys.executable, "-m", "tests.journeys.seed", "--work", *kinds]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=900)
        if done.returncode:
            raise AssertionError(done.stderr[-3000:])

    def kill(self) -> None:
        """End it as a power cut would: no goodbye to anybody."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def case(self, modality: str) -> dict[str, Any]:
        return next(case for case in self.cases if case["modality"] == modality)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
    try:
        yield browser
    finally:
        browser.close()


@dataclass
class ReadingRoom:
    """A reader at the reading room. Every claim is read from ``window.columna``, which only looks."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)

    @classmethod
    def enter(cls, context: BrowserContext, url: str, username: str = "reader") -> ReadingRoom:
        """Come as somebody who is signed in, to a page that shows nothing yet; :meth:`open` or ``page.goto`` goes on from there."""
        session_bring(context, url, username)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        page = context.new_page()
        room = cls(page, url)
        page.on("pageerror", lambda error: room.problems.append(str(error)))
        page.goto(url + "/columna.svg")
        return room

    @classmethod
    @contextmanager
    def at_desk(cls, browser: Browser, url: str, width: int, height: int) -> Iterator[ReadingRoom]:
        """One page for all tests of a file, as the reader; at the end nothing may have gone wrong on it."""
        context = browser.new_context(viewport={"width": width, "height": height}, service_workers="block")
        room = cls.enter(context, url)
        yield room
        assert room.problems == []
        context.close()

    def tab(self, context: BrowserContext) -> ReadingRoom:
        """Another tab of the same browser, signed in already."""
        other = ReadingRoom(context.new_page(), self.url)
        other.page.on("pageerror", lambda error: other.problems.append(str(error)))
        return other

    def crash(self) -> None:
        """End the page as a fall of its process does: it says nothing more to anybody, and no request of its own goes out."""
        with self.page.expect_event("crash"), suppress(BrowserError):
            self.page.goto("chrome://crash")
        self.page.close()

    def open(self, case: str, *, phase: str = "ready") -> ReadingRoom:
        self.page.goto(f"{self.url}/read/{case}")
        self.until(
            lambda state: (
                state["phase"] == phase and bool(state["panes"]) and all(pane.get("loading") == "loaded" for pane in state["panes"])
            )
        )
        return self

    def rest(self) -> None:
        """Let the page do what the last act asked of it. What waits for a server, a worker or a picture wants :meth:`until`."""
        try:
            self.page.evaluate(AT_REST)
        except BrowserError as error:  # the act led to another page
            if "context was destroyed" not in str(error):
                raise

    def look(self, expression: str, argument: Any = None) -> Any:
        """Return what ``window.columna`` says once the page is at rest."""
        self.rest()
        return self.page.evaluate(expression, argument)

    @property
    def state(self) -> dict[str, Any]:
        self.rest()
        return self._state()

    def _state(self) -> dict[str, Any]:
        found: dict[str, Any] | None = self.page.evaluate("window.columna ? window.columna.state() : null")
        return found or {"phase": "", "panes": [], "save": "", "unsent": 0, "undoable": 0, "redoable": 0}

    def drawn(self, pane: str = "large") -> int:
        """Return how many points of a picture something is drawn over."""
        found: int = self.look("(pane) => window.columna.drawn(pane)", pane)
        return found

    def until_drawn(self, holds: Callable[[int], bool], pane: str = "large", seconds: float = PATIENCE_SECONDS) -> int:
        """Wait until so much is drawn over a picture: drawing follows what changed by a frame or two, on a busy machine by seconds."""
        end = time.monotonic() + seconds
        while not holds(count := self.drawn(pane)):
            if time.monotonic() > end:
                raise AssertionError(f"not drawn so after {seconds} s: {count} points; {self.problems}")
            self.page.wait_for_timeout(100)
        return count

    def drawn_at_rest(self, pane: str = "large", seconds: float = PATIENCE_SECONDS) -> int:
        """Return how many points are drawn over a picture once that is something, and the same in ten looks: it moves and zooms first."""
        looks: list[int] = []

        def is_at_rest(count: int) -> bool:
            looks.append(count)
            return count > 0 and len(looks) >= 10 and len(set(looks[-10:])) == 1

        return self.until_drawn(is_at_rest, pane, seconds)

    def until(self, holds: Callable[[dict[str, Any]], bool], seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Wait until the state is so. (Playwright's own waiting needs ``eval``, which the page's policy forbids.)"""
        end = time.monotonic() + seconds
        self.rest()
        while True:
            state = self._state()
            if holds(state):
                return state
            if time.monotonic() > end:
                raise AssertionError(f"not so after {seconds} s: {json.dumps(state)[:1500]}; {self.problems}")
            self.page.wait_for_timeout(100)

    def saved(self, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        return self.until(lambda state: state["save"] == "saved" and state["unsent"] == 0, seconds)

    def digest(self, stack: str, layer: str = "instances") -> str:
        found: str = self.look("([stack, layer]) => window.columna.maskDigest(stack, layer)", [stack, layer])
        return found

    def voxels(self, layer: str = "instances") -> dict[int, int]:
        """Return how many voxels each segment has in the series of the large picture."""
        found = self.look("([stack, layer]) => window.columna.voxels(stack, layer)", [self.pane()["stack"], layer])
        return {int(number): count for number, count in found.items()}

    def pane(self, name: str = "large") -> dict[str, Any]:
        return next(pane for pane in self.state["panes"] if pane["id"] == name)

    def place(self, row: float, column: float, *, pane: str = "large") -> tuple[float, float]:
        """Return where a voxel of the slice that shows lies on the page."""
        return self._places([(row, column)], pane)[0]

    def _places(self, voxels: Sequence[tuple[float, float]], pane: str) -> list[tuple[float, float]]:
        found = self.look(
            """([pane, voxels]) => {
              const at = window.columna.state().panes.find(({ id }) => id === pane).slice
              return voxels.map(([row, column]) => window.columna.placeOf(pane, at, row, column))
            }""",
            [pane, [list(voxel) for voxel in voxels]],
        )
        assert all(found), "the pane does not show that slice"
        return [(place["x"], place["y"]) for place in found]

    def stroke(self, *points: tuple[float, float], pane: str = "large", modifier: str = "") -> None:
        """Draw through voxels (row, column) of the slice that shows."""
        places = self._places(points, pane)
        if modifier:
            self.page.keyboard.down(modifier)
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=2)
        self.page.mouse.up()
        if modifier:
            self.page.keyboard.up(modifier)

    def keep_as_branch(self) -> None:
        """Keep what was not sent beside the reading; it is on the server then."""
        self.until(lambda state: state["phase"] == "read-only" or state["save"] == "conflict")
        self.page.get_by_role("button", name=re.compile("as a branch")).click()
        self.until(lambda state: state["unsent"] == 0)

    def take_branch_over(self) -> None:
        """Look at the branch beside the reading, then put it into the reading."""
        bar = self.page.get_by_label("Branch")
        bar.get_by_role("button", name="Compare").click()
        bar.get_by_role("button", name="Take it over").click()

    def choose(self, structure: str) -> None:
        self.page.get_by_label("Structures").get_by_role("button", name=structure, exact=False).first.click()

    def calm(self) -> dict[str, Any]:
        """Wait until every picture shows the slice it stands at."""
        return self.until(lambda state: bool(state["panes"]) and all(pane.get("loading") == "loaded" for pane in state["panes"]))

    def step(self, key: str = "ArrowDown") -> None:
        """Go on by one slice in the large picture, which then shows it; at the end nothing happens."""
        before, last = self.pane()["slice"], self.pane()["count"] - 1
        self.press(key)
        if before != (last if key == "ArrowDown" else 0):
            self.until(lambda state: state["panes"][0]["slice"] != before)
            self.calm()

    def step_to(self, slice_: int) -> None:
        while (now := self.pane()["slice"]) != slice_:
            self.step("ArrowUp" if now > slice_ else "ArrowDown")

    def take_all_back(self) -> None:
        while int(self.state["undoable"]) > 0:
            self.take_back()

    def take_back(self) -> None:
        """Undo one step, and wait until it is undone."""
        before = int(self.state["undoable"])
        self.press("Control+z")
        self.until(lambda state: state["undoable"] < before)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
