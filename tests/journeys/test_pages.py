"""The pages around the reading room, on the built bundle against the product's own web process."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, generate_uid

from tests.journeys.browser import PATIENCE_SECONDS, ROOT, Web
from tests.journeys.session import session_bring

pytestmark = pytest.mark.journey

PAGES = {
    "worklist": "Start next case",
    "learning": "Retrain",
    "intake": "Import",
    "projects": "Members",
}


@dataclass
class Visit:
    """A browser page that remembers everything that went wrong on it."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, context: BrowserContext, url: str) -> Visit:
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        visit = cls(context.new_page(), url)
        visit.page.on("pageerror", lambda error: visit.problems.append(f"page error: {error}"))
        visit.page.on("console", lambda line: visit.problems.append(f"console: {line.text}") if line.type == "error" else None)
        return visit

    def come(self, username: str) -> Visit:
        """Come as somebody who is signed in already."""
        session_bring(self.page.context, self.url, username)
        return self

    def sign_in(self, username: str, password: str | None = None) -> Visit:
        self.page.goto(self.url + "/sign-in")
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password").fill(password or f"{username}-columna-demo")
        self.page.get_by_role("button", name="Sign in").click()
        return self

    def go(self, path: str) -> Visit:
        self.page.goto(f"{self.url}/{path}")
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        return self


@pytest.fixture
def visit(web: Web, context: BrowserContext) -> Visit:
    return Visit.begin(context, web.url)


@pytest.fixture
def manager(visit: Visit) -> Visit:
    return visit.come("manager").go("worklist")


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_page_shows_its_main_content_without_an_error(manager: Visit, path: str) -> None:
    manager.go(path)
    expect(manager.page.get_by_text(PAGES[path], exact=False).first).to_be_visible()
    expect(manager.page.get_by_role("contentinfo", name="Status")).to_be_visible()
    assert manager.problems == []


def test_the_datasets_page_says_what_to_do_where_there_is_none(manager: Visit) -> None:
    manager.go("datasets")
    expect(manager.page.get_by_role("button", name="Make a dataset")).to_be_visible()
    assert manager.problems == []


def test_a_wrong_password_is_refused_and_then_throttled(visit: Visit) -> None:
    for _ in range(6):
        visit.sign_in("chair", "not the password")
        expect(visit.page.get_by_role("alert")).not_to_be_empty()
    expect(visit.page.get_by_role("alert")).to_contain_text("Too many attempts")


def test_who_is_not_signed_in_comes_back_to_the_page_asked_for(visit: Visit) -> None:
    visit.page.goto(visit.url + "/learning")
    visit.page.wait_for_url("**/sign-in?next=*")
    visit.page.get_by_label("User name").fill("manager")
    visit.page.get_by_label("Password").fill("manager-columna-demo")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("heading", name="Learning", level=1)).to_be_visible()


def test_the_worklist_is_walked_by_keyboard_alone(visit: Visit) -> None:
    visit.come("reader").go("worklist")
    rows = visit.page.locator("tr[data-row]")
    expect(rows.first).to_be_visible()
    visit.page.keyboard.press("End")
    expect(rows.last).to_have_attribute("aria-selected", "true")
    visit.page.keyboard.press("/")
    visit.page.keyboard.type("no case is called this")
    expect(visit.page.get_by_text("No case fits this filter.")).to_be_visible()
    visit.page.keyboard.press("Escape")
    expect(rows.first).to_be_visible()
    assert visit.problems == []


def test_the_worklist_says_that_a_study_still_arrives_and_when_it_is_complete(web: Web, visit: Visit) -> None:
    def studies(change: str) -> None:
        with sqlite3.connect(Path(web.environment["COLUMNA_DATA_DIR"]) / "columna.sqlite3", timeout=20) as database:
            database.execute(f"UPDATE storage_study SET {change}")  # noqa: S608  a test's own words

    studies("last_received_at = '2026-01-01', ended_at = NULL, expected = 4000")
    visit.come("reader").go("worklist")
    expect(visit.page.locator("tr[data-row]").first).to_contain_text(re.compile(r"Still arriving: [\d,]+ of 4.000 images"))
    expect(visit.page.get_by_text(re.compile(r"stud(y|ies) still arriving"))).to_be_visible()
    studies("ended_at = '2026-01-01', ended_by = 'count', expected = NULL")
    expect(visit.page.get_by_text("Still arriving")).to_have_count(0, timeout=30_000)
    expect(visit.page.get_by_text(re.compile(r"Complete: \d+ images"))).to_be_visible()
    assert visit.problems == []


def test_every_key_of_a_page_is_shown_and_a_taken_one_is_refused(manager: Visit) -> None:
    manager.page.keyboard.press("?")
    keys = manager.page.get_by_role("dialog", name="Keys")
    expect(keys.get_by_text("Next row")).to_be_visible()
    keys.get_by_role("button", name="Set the key of “Next row”").click()
    manager.page.keyboard.press("k")
    expect(keys.get_by_text("K is “Previous row”")).to_be_visible()
    keys.get_by_role("button", name="Set the key of “Next row”").click()
    manager.page.keyboard.press("z")
    expect(keys.get_by_role("button", name="Restore the key of “Next row”")).to_be_visible()


def test_a_lost_session_asks_for_the_password_over_the_unchanged_screen(manager: Visit) -> None:
    box = manager.page.get_by_label("Filter cases")
    box.fill("sp")
    manager.page.context.clear_cookies(name="sessionid")
    dialog = manager.page.get_by_role("dialog", name="You were signed out")
    expect(dialog).to_be_visible()
    expect(box).to_have_value("sp")
    dialog.get_by_label("Password").fill("manager-columna-demo")
    manager.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(box).to_have_value("sp")


def test_a_page_that_the_roles_do_not_open_says_why(visit: Visit) -> None:
    visit.come("reader").go("intake")
    expect(visit.page.get_by_text("Intake is for data managers")).to_be_visible()
    assert visit.problems == []


def test_the_browser_keeps_nothing_of_who_is_there(manager: Visit) -> None:
    manager.go("projects")
    expect(manager.page.get_by_text("Dana Manager").first).to_be_visible()
    kept = json.dumps(manager.page.evaluate("({ ...localStorage, session: { ...sessionStorage } })"))
    assert not [word for word in ("manager", "Dana", "SP-", "reader") if word in kept]
    assert "Dana" not in manager.page.title()


def test_the_policy_lets_no_script_into_the_page(manager: Visit) -> None:
    answer = manager.page.goto(manager.url + "/worklist")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    scripts = next(part for part in policy.split(";") if "script-src" in part)
    assert "unsafe-inline" not in scripts
    expect(manager.page.get_by_role("heading", name="Worklist", level=1)).to_be_visible()
    assert [line for line in manager.problems if "Content Security Policy" in line] == []


@pytest.mark.parametrize("path", ["sign-in", "worklist", "learning", "datasets", "intake", "projects"])
def test_a_page_has_no_fault_that_axe_knows(manager: Visit, path: str) -> None:
    """WCAG 2.1 A and AA: names, roles, contrast, structure."""
    axe = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed: run npm ci in frontend/.")
    manager.go(path)
    manager.page.evaluate(axe.read_text())
    end, found = time.monotonic() + PATIENCE_SECONDS, ["not looked at"]
    while found and time.monotonic() < end:
        manager.page.wait_for_timeout(1000)  # what fades in has too little contrast until it stands
        found = manager.page.evaluate(
            "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })"
            ".then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`))"
        )
    assert found == []


def test_what_was_not_taken_is_named_on_the_intake_page(manager: Visit, tmp_path: Path) -> None:
    (tmp_path / "DOE^JOHN.txt").write_text("not an image at all")
    (tmp_path / "nothing.dcm").touch()
    manager.go("intake")
    manager.page.keyboard.press("i")
    dialog = manager.page.get_by_role("dialog", name="Import into")
    dialog.get_by_label("Files", exact=True).set_input_files([str(file) for file in tmp_path.iterdir()])
    dialog.get_by_role("button", name="Import 2 files").click()
    expect(dialog).to_be_hidden()
    found = manager.page.get_by_role("region", name="What was found")
    expect(found.get_by_text("Not dicom")).to_be_visible()
    expect(found.get_by_text("Empty file")).to_be_visible()
    assert "DOE" not in manager.page.content()
    assert manager.problems == []


def test_what_is_held_back_is_dropped_only_by_a_second_press(manager: Visit, tmp_path: Path) -> None:
    """A document that no person may let in: it has no picture, and dropping it is the one way on."""
    (tmp_path / "1.dcm").write_bytes(document())
    manager.go("intake")
    manager.page.keyboard.press("i")
    dialog = manager.page.get_by_role("dialog", name="Import into")
    dialog.get_by_label("Files", exact=True).set_input_files(str(tmp_path / "1.dcm"))
    dialog.get_by_role("button", name="Import 1 file").click()
    expect(dialog).to_be_hidden()
    held = manager.page.get_by_role("region", name="Quarantine")
    held.get_by_role("button", name="Decide about Encapsulated document").click()
    decision = manager.page.get_by_role("dialog", name="Encapsulated document")
    expect(decision.get_by_text("What cannot be understood can only be dropped")).to_be_visible()
    decision.get_by_role("button", name="Drop it").click()
    expect(decision).to_be_visible()
    decision.get_by_role("button", name="Drop it for good").click()
    expect(decision).to_be_hidden()
    expect(held.get_by_text("Nothing is held back.")).to_be_visible()


def document() -> bytes:
    """Return an encapsulated PDF as DICOM."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.PatientID, dataset.PatientName, dataset.Modality = "TST-1", "Canary^Made Up", "DOC"
    dataset.EncapsulatedDocument, dataset.MIMETypeOfEncapsulatedDocument = b"%PDF-1.4 x ", "application/pdf"
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()
