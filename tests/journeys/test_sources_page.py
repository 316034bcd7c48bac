"""A data manager connects a PACS on the intake page: adds it, gives its address, tests the line, and reads how it is doing."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.browser import Web
from tests.journeys.test_pages import Visit
from tests.servers.process import Server

pytestmark = pytest.mark.journey


@pytest.fixture
def page(web: Web, context: BrowserContext) -> Page:
    """The intake page with a source called PACS, opened."""
    page = Visit.begin(context, web.url).come("manager").go("intake").page
    known = page.get_by_role("button", name="PACS", exact=True)
    expect(page.get_by_role("table", name="Sources").or_(page.get_by_text("No PACS may send yet"))).to_be_visible()
    if not known.count():
        page.get_by_role("button", name="Add a source").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("PACS")
        dialog.get_by_label("AE title").fill("ORTHANC")
        dialog.get_by_role("button", name="Add it").click()
    known.click()
    return page


def change(page: Page, **fields: str) -> None:
    page.get_by_role("button", name="Change it").click()
    for label, value in fields.items():
        page.get_by_role("dialog").get_by_label(label.replace("_", " "), exact=True).fill(value)
    page.get_by_role("button", name="Save").click()


def test_the_line_is_tested_and_its_state_told(page: Page, orthanc_server: Server) -> None:
    expect(page.get_by_text("Not tested yet")).to_be_visible()
    expect(page.get_by_role("button", name="It has no address to call")).to_be_visible()
    change(page, Host="127.0.0.1", Port=orthanc_server.settings["DICOM_PORT"])
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("Answered in")).to_be_visible()
    expect(page.get_by_text("Everything that came went in.")).to_be_visible()


def test_a_line_that_is_down_says_what_to_do(page: Page) -> None:
    change(page, Host="127.0.0.1", Port="1")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("Nothing answers at its address.")).to_be_visible()


def test_what_goes_on_the_worklist_is_counted_and_never_shown(page: Page) -> None:
    change(page, Add_to_its_worklist="AQX1234 AQX5678", Fetch_modalities="MR")
    expect(page.get_by_text("2 accession numbers, sealed")).to_be_visible()
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("2 wait.")).to_be_visible()
    assert "AQX" not in page.content()


def test_a_filter_that_cannot_be_used_is_said_on_the_form(page: Page) -> None:
    change(page, Fetch_body_part="not a code!")
    expect(page.get_by_text("A body part is a DICOM code such as LSPINE.")).to_be_visible()
