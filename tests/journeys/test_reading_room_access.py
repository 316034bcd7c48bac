"""The reading room for everybody: keyboard alone, any layout, any colour vision, dark; and nobody else's eyes."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from storage.phantom_dicom.identity import identity_draw
from tests.journeys.browser import ROOT, ReadingRoom, Web
from tests.journeys.test_reading_room import digest, paint_some, server_mask

Take = Callable[[str], dict[str, Any]]
pytestmark = pytest.mark.journey


def axe_faults(room: ReadingRoom) -> list[str]:
    axe = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed: run npm ci in frontend/.")
    room.page.evaluate(axe.read_text())
    found: list[str] = room.page.evaluate(
        "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })"
        ".then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`)))"
    )
    return found


FOCUSED = """() => {
  const at = document.activeElement
  if (!at || at === document.body) return null
  const style = getComputedStyle(at)
  const box = at.getBoundingClientRect()
  return {
    name: `${at.tagName} ${at.getAttribute('aria-label') ?? at.textContent.trim().slice(0, 40)} ${Math.round(box.x)} ${Math.round(box.y)}`,
    seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none',
  }
}"""


def test_a_structure_is_drawn_by_keys_alone_and_the_focus_is_seen_everywhere(reader: ReadingRoom, take: Take) -> None:
    room = reader.open(take("MR")["id"])
    before = room.digest(room.pane()["stack"])
    room.press("w", "b", *["Control+Shift+ArrowLeft"] * 3, ",", *["Control+ArrowDown"] * 6, ",")
    room.until(lambda state: state["undoable"] == 1)
    assert room.digest(room.pane()["stack"]) != before
    room.press("Control+z")
    room.until(lambda state: state["undoable"] == 0)
    assert room.digest(room.pane()["stack"]) == before
    visited: list[str] = []
    for _ in range(160):
        room.press("Tab")
        focused = room.page.evaluate(FOCUSED)
        if focused is None:
            break
        assert focused["seen"], f"nobody sees that this is focused: {focused['name']}"
        assert focused["name"] not in visited[-1:], "the focus is stuck"
        visited.append(focused["name"])
        if visited.count(visited[0]) > 1:
            break
    assert len(set(visited)) > 15
    assert axe_faults(room) == []


def test_keys_are_found_on_other_keyboards_changed_and_switched_off(reader: ReadingRoom, take: Take) -> None:
    room = reader.open(take("MR")["id"])

    def type_key(key: str, code: str) -> None:
        room.page.evaluate(
            "([key, code]) => { for (const kind of ['keydown', 'keyup'])"
            " window.dispatchEvent(new KeyboardEvent(kind, { key, code, bubbles: true, cancelable: true })) }",
            [key, code],
        )

    type_key("у", "KeyE")
    # a Cyrillic keyboard has the eraser where the map says E
    room.until(lambda _: room.state["tool"] == "erase")
    type_key("и", "KeyB")
    radius = room.state["radius"]
    type_key("$", "BracketRight")
    # a French keyboard has $ where the map says ]
    room.until(lambda _: room.state["radius"] > radius)
    type_key("ü", "BracketLeft")
    # a German keyboard has ü where the map says [
    room.until(lambda _: room.state["radius"] == radius)
    room.press("?")
    keys = room.page.get_by_role("dialog", name="Keys")
    keys.get_by_role("button", name=re.compile("set the key of “Eraser”", re.I)).click()
    room.press("b")
    expect(keys.get_by_text("B is “Brush”")).to_be_visible()
    keys.get_by_role("button", name=re.compile("set the key of “Eraser”", re.I)).click()
    room.press("Shift+b")
    keys.get_by_role("button", name="Switch off the key of “Brush”").click()
    room.press("Escape")
    keys.wait_for(state="hidden")
    room.press("Shift+b")
    room.until(lambda _: room.state["tool"] == "erase")
    room.press("b", "e")
    # B is off, and E means nothing any more
    room.until(lambda _: room.state["tool"] == "erase")
    room.press("?")
    keys.get_by_role("button", name="Restore all keys").click()
    room.press("Escape")
    room.press("b")
    room.until(lambda state: state["tool"] == "brush")


# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB
DEFICIENT = {
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])


def lab(colour: str, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return CIE L*a*b* (D65) of ``rgb(r, g, b)`` as an eye sees it whose cones are ``matrix``."""
    rgb = np.array([int(part) for part in re.findall(r"\d+", colour)[:3]]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(matrix @ linear, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def level_of(name: str) -> int:
    """Return the place along the spine of "T12Proposed", from the head."""
    found = re.match(r"([TL])(\d+)", name)
    assert found is not None
    return "TL".index(found[1]) * 20 + int(found[2])


FLASHES = """() => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule instanceof CSSStyleRule)
  .filter(({ style }) => style.animationIterationCount === 'infinite' && parseFloat(style.animationDuration) * (/ms/.test(style.animationDuration) ? 0.001 : 1) < 1 / 3)
  .map((rule) => rule.selectorText)"""


def luminance(room: ReadingRoom) -> tuple[float, float]:
    """Return the mean relative luminance (WCAG 2) of the images as they stand on the screen, and of all of the page around them."""
    linear = np.where((shot := screen(room)) <= 0.04045, shot / 12.92, ((shot + 0.055) / 1.055) ** 2.4)
    bright = linear @ [0.2126, 0.7152, 0.0722]
    is_picture = np.zeros(bright.shape, dtype=bool)
    for box in room.page.evaluate("[...document.querySelectorAll('[data-pane]')].map((each) => each.getBoundingClientRect().toJSON())"):
        is_picture[round(box["top"]) : round(box["bottom"]), round(box["left"]) : round(box["right"])] = True
    return float(bright[is_picture].mean()), float(bright[~is_picture].mean())


def screen(room: ReadingRoom) -> NDArray[np.float64]:
    """Return the page as it stands, sRGB 0 to 1 [row, column, channel]."""
    return np.asarray(Image.open(io.BytesIO(room.page.screenshot())).convert("RGB"), dtype=np.float64) / 255


def test_neighbours_differ_for_every_eye_and_the_room_is_dark_and_still(reader: ReadingRoom, take: Take) -> None:
    room = reader.open(take("CT")["id"])
    swatches: list[dict[str, str]] = room.page.evaluate(
        "() => [...document.querySelectorAll('[aria-label=\"Structures\"] li')].flatMap((row) => {"
        " const swatch = [...row.querySelectorAll('i')].find((each) => each.style.background);"
        " return swatch ? [{ name: row.textContent.trim(), colour: getComputedStyle(swatch).backgroundColor }] : [] })"
    )
    assert all(swatch["name"] for swatch in swatches), "no structure is told by its colour alone"
    discs = {swatch["colour"] for swatch in swatches if re.match(r"[CTL]\d+/", swatch["name"])}
    canal = {swatch["colour"] for swatch in swatches if swatch["name"].startswith("Canal")}
    levels = sorted(
        (swatch for swatch in swatches if re.match(r"[TL]\d+(?![\d/])", swatch["name"])), key=lambda swatch: level_of(swatch["name"])
    )
    assert len(levels) > 3
    assert discs
    assert canal
    pairs = [(one["colour"], other["colour"]) for one, other in itertools.pairwise(levels)]
    pairs += [(level["colour"], other) for level in levels for other in discs | canal]
    pairs += list(itertools.product(discs, canal))
    for kind, matrix in {"normal": np.eye(3), **{name: np.array(rows) for name, rows in DEFICIENT.items()}}.items():
        for one, other in pairs:
            distance = float(np.linalg.norm(lab(one, np.asarray(matrix)) - lab(other, np.asarray(matrix))))
            assert distance >= 20, f"{kind}: {one} and {other} are {distance:.0f} apart"
    bright: list[str] = room.page.evaluate(
        "() => [...document.querySelectorAll('*')].filter((each) => { const box = each.getBoundingClientRect();"
        " const [r, g, b, a = 1] = getComputedStyle(each).backgroundColor.match(/[\\d.]+/g).map(Number);"
        " return box.width * box.height > 40000 && a > 0.5 && Math.max(r, g, b) > 0x2a }).map((each) => each.className)"
    )
    assert bright == [], "no large area is bright"
    ground = room.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", ground)[:3]) <= 0x11
    pictures, around = luminance(room)
    assert around < pictures, "the screen is darker than the images it surrounds"
    assert room.page.evaluate(FLASHES) == [], "nothing moves more often than three times a second"
    room.page.emulate_media(reduced_motion="reduce")
    moving: list[str] = room.page.evaluate(
        "() => [...document.querySelectorAll('*')].filter((each) => { const style = getComputedStyle(each);"
        " const long = (text) => text.split(',').some((part) => parseFloat(part) > 0.05);"
        " return style.animationName !== 'none' && long(style.animationDuration) || long(style.transitionDuration) })"
        ".map((each) => `${each.tagName} ${each.className}`)"
    )
    assert moving == [], "who asked for no motion sees none"


STORES = """async () => {
  const found = { url: location.href, title: document.title, local: { ...localStorage }, session: { ...sessionStorage }, stores: {} }
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve) => { const asked = indexedDB.open(name); asked.onsuccess = () => resolve(asked.result) })
    for (const store of database.objectStoreNames) {
      const rows = await new Promise((resolve) => {
        const asked = database.transaction(store).objectStore(store).getAll(); asked.onsuccess = () => resolve(asked.result) })
      const readable = (key, value) => value instanceof ArrayBuffer ? new TextDecoder('latin1').decode(value)
        : ArrayBuffer.isView(value) ? new TextDecoder('latin1').decode(value) : value
      found.stores[`${name}/${store}`] = JSON.stringify(rows, readable)
    }
    database.close()
  }
  found.caches = await caches.keys()
  return found
}"""


def test_nobody_is_named_in_address_title_logs_or_storage(web: Web, reader: ReadingRoom, context: BrowserContext, take: Take) -> None:
    heard: list[str] = []
    reader.page.on("console", lambda line: heard.append(line.text))
    reader.page.on("request", lambda request: heard.append(request.url))
    room = reader.open(take("MR")["id"])
    pseudonym = room.page.locator("h1").first.inner_text()
    context.set_offline(True)
    paint_some(room, 2)
    room.until(lambda state: state["kept"] == state["unsent"] >= 2)
    kept = room.page.evaluate(STORES)
    context.set_offline(False)
    room.saved()
    assert set(kept["local"]) <= {"columna.preferences", "cornerstone3D.renderingCapabilities", "loglevel"}
    assert kept["session"] == {}
    assert kept["caches"] == []
    assert any("sealed" in rows for rows in kept["stores"].values()), "the unsent strokes are there, sealed"
    everything = json.dumps(kept) + "\n".join(heard) + (web.folder / "web.log").read_text()
    assert pseudonym not in everything
    for seed in range(1, 12):
        person = identity_draw(seed)
        names = [person.name, *person.name.split("^"), person.patient_id, person.accession, f"{person.birth_date:%Y%m%d}", person.telephone]
        assert [name for name in names if name in everything] == []


def sign_out(room: ReadingRoom) -> None:
    room.page.on("dialog", lambda dialog: dialog.accept())
    room.page.get_by_role("link", name="Worklist").click()
    room.page.get_by_role("button", name="Your account").click()
    room.page.get_by_role("menuitem", name="Sign out").click()
    room.page.wait_for_url("**/sign-in")


CACHED = "([path, cache]) => fetch(path, { cache, mode: 'same-origin', headers: { Accept: 'image/jphc' } }).then((answer) => answer.status, () => 0)"


def test_signing_out_empties_the_cache_of_images(reader: ReadingRoom, take: Take) -> None:
    room = reader.open(take("MR")["id"])
    frame = f"/api/stacks/{room.pane()['stack']}/frames/{room.pane()['slice']}"
    assert room.page.evaluate(CACHED, [frame, "default"]) == 200
    assert room.page.evaluate(CACHED, [frame, "only-if-cached"]) == 200, "it lies in the cache while somebody is signed in"
    sign_out(room)
    assert room.page.evaluate(CACHED, [frame, "only-if-cached"]) != 200, "the images went with the session"


def test_a_session_that_runs_out_takes_the_images_from_the_cache_and_leaves_what_is_unsent_sealed(
    reader: ReadingRoom, context: BrowserContext, take: Take
) -> None:
    """The browser drops the cookie of a session whose time is over, in the middle of the work; nobody pressed anything."""
    room = reader.open(take("MR")["id"])
    pane = room.pane()
    assert room.page.evaluate(CACHED, [f"/api/stacks/{pane['stack']}/frames/{pane['slice']}", "default"]) == 200
    before = {cookie["name"] for cookie in context.cookies()}
    context.set_offline(True)
    paint_some(room, 2)
    room.until(lambda state: state["kept"] == state["unsent"] >= 2)
    context.clear_cookies(name="sessionid")
    context.set_offline(False)
    room.until(lambda state: state["save"] == "error")
    for index in range(pane["count"]):
        frame = f"/api/stacks/{pane['stack']}/frames/{index}"
        room.until(lambda _, frame=frame: room.page.evaluate(CACHED, [frame, "only-if-cached"]) != 200)
    kept = room.page.evaluate(STORES)
    assert (kept["caches"], kept["session"]) == ([], {})
    (rows,) = [rows for name, rows in kept["stores"].items() if name.endswith("/operations")]
    assert {name for row in json.loads(rows) for name in row} <= {"order", "id", "user", "annotation", "sealed", "nonce", "base"}
    assert {cookie["name"] for cookie in context.cookies()} <= before - {"sessionid", "images"}, "what is left names nobody"

    painted = room.digest(pane["stack"])
    room.page.evaluate("{ const now = Date.now; Date.now = () => now() + 61_000 }")
    with room.page.expect_response(lambda answer: answer.url.endswith("/api/me") and answer.status in (401, 403)):
        room.page.evaluate("window.dispatchEvent(new Event('visibilitychange'))")  # somebody looks at the page again
    secret = room.page.locator("input[autocomplete=current-password]")
    secret.fill("reader-columna-demo")
    secret.press("Enter")
    state = room.saved()
    assert (state["undoable"], room.digest(pane["stack"])) == (2, painted), "the screen is as it was"


def test_unsent_strokes_survive_a_sign_out_for_their_owner_alone(
    web: Web, reader: ReadingRoom, context: BrowserContext, take: Take
) -> None:
    case = take("MR")
    room = reader.open(case["id"])
    stack = room.pane()["stack"]
    pattern = "**/api/annotations/*/operations"
    context.route(pattern, lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    paint_some(room, 3)
    room.until(lambda state: state["kept"] == state["unsent"] >= 3)
    painted, unsent = room.digest(stack), room.state["unsent"]
    sign_out(room)
    context.unroute(pattern)
    room.page.close()

    other = ReadingRoom.enter(context, web.url, "reader2")
    other.page.goto(f"{web.url}/read/{case['id']}")
    other.until(lambda state: state["phase"] in ("ready", "read-only"))
    if other.state["phase"] == "read-only":
        other.page.get_by_role("button", name="Take over").click()
    state = other.until(lambda found: found["phase"] == "ready" and found["masks"][0] == found["masks"][1] > 0)
    assert (state["offered"], state["restored"], state["unsent"]) == (0, 0, 0)
    assert other.digest(stack) != painted
    other.page.evaluate(
        "fetch('/_allauth/browser/v1/auth/session', { method: 'DELETE', headers: { 'X-CSRFToken': /csrftoken=([^;]+)/.exec(document.cookie)[1] } }).then(() => 1)"
    )
    other.page.close()

    again = ReadingRoom.enter(context, web.url)
    again.page.goto(f"{web.url}/read/{case['id']}")
    again.until(lambda found: found["phase"] in ("ready", "read-only"))
    if again.state["phase"] == "read-only":
        again.page.get_by_role("button", name="Take over").click()
    again.until(lambda found: found["phase"] == "ready" and found["offered"] == unsent)
    again.page.get_by_role("button", name="Take them up").click()
    state = again.saved()
    assert again.digest(stack) == painted
    assert digest(server_mask(web, state, stack)) == painted
