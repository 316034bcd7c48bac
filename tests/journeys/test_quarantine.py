"""What is held back, in a real browser: seen masked, blanked and let in, dropped, decided by two, revealed for a reason, hidden from readers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, expect
from pydicom.uid import generate_uid

from tests.journeys.browser import Web
from tests.journeys.session import signed_in
from tests.journeys.test_pages import Visit
from tests.reader import Reader, Refused
from tests.storage.dicoms import slice_of, to_bytes

pytestmark = pytest.mark.journey

PROJECT = "lumbar-demo"
NAME = "WYMBACH ILVARO"
SC, US = "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.6.1"


def capture(kind: str = SC) -> bytes:
    """Return a picture of a screen, or an ultrasound image without regions, that carries a name."""
    picture = Image.new("L", (320, 240), 30)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((90, 90, 230, 210), fill=120)
    draw.text((20, 40), NAME, fill=255, font=ImageFont.load_default(24))
    uid = generate_uid()
    return to_bytes(
        slice_of(
            study=uid,
            series=generate_uid(),
            pixels=np.asarray(picture),
            position=None,
            sop_class=kind,
            Modality="OT" if kind == SC else "US",
        )
    )


def person(web: Web, username: str) -> Reader:
    return signed_in(web.url, username)


@pytest.fixture(scope="module")
def manager(web: Web) -> Iterator[Reader]:
    """The data manager over HTTP; the project holds captures while these tests run."""
    someone = person(web, "manager")
    someone.post("/api/intake/profile", {"project": PROJECT, "options": {"captures": "hold"}})
    yield someone
    someone.post("/api/intake/profile", {"project": PROJECT, "options": {"captures": "clean", "two_person_release": False}})


@pytest.fixture
def at(web: Web, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """The intake page as somebody sees it, each in a browser of their own."""
    contexts = []

    def open_(username: str) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 1000}, service_workers="block")
        contexts.append(context)
        return Visit.begin(context, web.url).come(username).go("intake").page

    yield open_
    for context in contexts:
        context.close()


def hold(page: Page, tmp_path: Path, data: bytes) -> None:
    """Import a file by the page and wait until it stands in quarantine."""
    held = page.get_by_role("region", name="Quarantine")
    rows = held.get_by_role("button", name="Decide about")
    expect(held.get_by_text("Nothing is held back.").or_(rows).first).to_be_visible()
    before = rows.count()
    (tmp_path / "1.dcm").write_bytes(data)
    page.get_by_role("button", name="Import").first.click()
    dialog = page.get_by_role("dialog", name="Import into")
    dialog.get_by_label("Files", exact=True).set_input_files(str(tmp_path / "1.dcm"))
    dialog.get_by_role("button", name="Import 1 file").click()
    expect(dialog).to_be_hidden()
    expect(rows).to_have_count(before + 1)


def decide(page: Page) -> Any:
    page.get_by_role("region", name="Quarantine").get_by_role("button", name="Decide about Text in pixels").first.click()
    dialog = page.get_by_role("dialog", name="Text in pixels")
    expect(dialog.get_by_role("img", name="The image, text hidden")).to_be_visible()
    return dialog


def draw_box(page: Page, dialog: Any) -> None:
    place = dialog.get_by_role("img", name="The image, text hidden").bounding_box()
    page.mouse.move(place["x"] + 0.03 * place["width"], place["y"] + 0.1 * place["height"])
    page.mouse.down()
    page.mouse.move(place["x"] + 0.95 * place["width"], place["y"] + 0.35 * place["height"], steps=4)
    page.mouse.up()


def shot(page: Page, name: str) -> None:
    if folder := os.environ.get("COLUMNA_TEST_SCREENS"):
        page.screenshot(path=f"{folder}/{name}.png")


def test_a_held_capture_is_seen_masked_blanked_and_let_in(manager: Reader, at: Callable[[str], Page], tmp_path: Path) -> None:
    page = at("manager")
    hold(page, tmp_path, capture())
    shot(page, "quarantine-held")
    dialog = decide(page)
    draw_box(page, dialog)
    expect(dialog.get_by_text(re.compile(r"rows \d+–\d+, columns \d+–\d+"))).to_be_visible()
    shot(page, "quarantine-decide")
    dialog.get_by_role("button", name="Redact 1 box and hand on").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("region", name="Quarantine").get_by_text("Nothing is held back.")).to_be_visible()
    let_in = manager.get(f"/api/quarantine?project={PROJECT}&state=released")["results"][0]
    assert (let_in["decision"]["action"], len(let_in["decision"]["boxes"])) == ("redact", 1)


def test_an_ultrasound_without_regions_is_revealed_for_a_reason_and_dropped(
    manager: Reader, at: Callable[[str], Page], tmp_path: Path
) -> None:
    page = at("manager")
    hold(page, tmp_path, capture(US))
    dialog = decide(page)
    expect(dialog.get_by_role("button", name="Write why first")).to_be_visible()
    dialog.get_by_label("Reveal what is hidden: why?").fill("the box may hide a finding")
    dialog.get_by_role("button", name="Reveal", exact=True).click()
    expect(dialog.get_by_role("img", name="The image with nothing hidden")).to_be_visible()
    trail = [event for event in manager.get(f"/api/audit?project={PROJECT}")["results"] if event["verb"] == "quarantine.reveal"]
    assert trail[0]["detail"]["reason"] == "the box may hide a finding"
    dialog.get_by_role("button", name="Drop it").click()
    dialog.get_by_role("button", name="Drop it for good").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("region", name="Quarantine").get_by_text("Nothing is held back.")).to_be_visible()


def test_two_people_let_it_in_and_the_second_sees_what_the_first_decided(
    manager: Reader, at: Callable[[str], Page], tmp_path: Path
) -> None:
    page = at("manager")
    page.get_by_role("region", name="The door").get_by_role("button", name="Change").click()
    profile = page.get_by_role("dialog", name="Profile of de-identification")
    profile.get_by_role("radiogroup", name="Two people").get_by_text("Yes").click()
    shot(page, "profile")
    profile.get_by_role("button", name=re.compile(r"Make version \d+ with 1 change")).click()
    expect(profile).to_be_hidden()
    expect(page.get_by_role("region", name="The door").get_by_text("Two people")).to_be_visible()
    hold(page, tmp_path, capture())
    dialog = decide(page)
    draw_box(page, dialog)
    dialog.get_by_role("button", name="Redact 1 box and hand on").click()
    expect(dialog).to_be_hidden()
    dialog = decide(page)
    expect(dialog.get_by_role("button", name="A second person confirms, not the one who proposed")).to_be_visible()
    second = at("privacy")
    dialog = decide(second)
    expect(dialog.get_by_text("blank 1 box and let it in, by Dana Manager", exact=False)).to_be_visible()
    shot(second, "quarantine-second-person")
    dialog.get_by_role("button", name="Confirm as the second person").click()
    expect(dialog).to_be_hidden()
    expect(second.get_by_role("region", name="Quarantine").get_by_text("Nothing is held back.")).to_be_visible()


def test_nothing_held_is_ever_visible_to_a_reader(web: Web, manager: Reader, at: Callable[[str], Page], tmp_path: Path) -> None:
    page = at("manager")
    stacks = person(web, "reader").get("/api/stacks")["count"]
    hold(page, tmp_path, capture())
    item = manager.get(f"/api/quarantine?project={PROJECT}&state=held")["results"][0]
    reader = person(web, "reader")
    assert reader.get("/api/quarantine")["count"] == 0
    assert reader.get("/api/stacks")["count"] == stacks
    for path in ("", "/image"):
        with pytest.raises(Refused) as refused:
            reader.get(f"/api/quarantine/{item['id']}{path}")
        assert refused.value.status == 404
    seen = at("reader")
    expect(seen.get_by_text("Intake is for data managers")).to_be_visible()
    assert not re.search("Text in pixels|WYMBACH", seen.content())
    assert NAME not in str(manager.get("/api/quarantine"))
    manager.post(f"/api/quarantine/{item['id']}/decide", {"action": "drop"})


def test_who_it_was_takes_two_people_and_is_read_once(manager: Reader, at: Callable[[str], Page]) -> None:
    page = at("manager")
    page.get_by_role("button", name="What was done to the study of").first.click()
    report = page.get_by_role("dialog", name="What was done to a study of")
    report.get_by_label("Filter elements").fill("PatientName")
    expect(report.get_by_text("by a rule of its own").first).to_be_visible()
    shot(page, "study-report")
    report.get_by_label("Who was this?", exact=False).fill("an incidental finding has to be told")
    report.get_by_role("button", name="Ask for the identity").click()
    report.get_by_role("button", name="Close").last.click()
    asked = page.get_by_role("region", name="Who was it?")
    expect(asked.get_by_text("Another person decides").first).to_be_visible()
    second = at("privacy")
    second.get_by_role("region", name="Who was it?").get_by_role("button", name="Approve").click()
    asked.get_by_role("button", name="Read it, once").click()
    who = page.get_by_role("dialog", name="Who it was")
    expect(who.get_by_text("Patient id").first).to_be_visible()
    shot(page, "identity")
    who.get_by_role("button", name="Close for good").click()
    expect(asked.get_by_text("Opened").first).to_be_visible()
    expect(asked.get_by_role("button", name="Read it, once")).to_have_count(0)


def test_small_groups_are_listed(at: Callable[[str], Page], manager: Reader) -> None:
    page = at("manager")
    page.get_by_role("region", name="The door").get_by_role("button", name="Small groups").click()
    dialog = page.get_by_role("dialog", name="Small groups")
    expect(dialog.get_by_text("share age band, sex, scanner and month", exact=False)).to_be_visible()
    shot(page, "small-groups")
