"""An installation that begins with nothing: it says what comes next, until the first data manager is at work."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests import columns
from tests.journeys.browser import ROOT, Web
from tests.journeys.test_pages import Visit
from tests.servers.installation import migrated_copy

pytestmark = pytest.mark.journey
PASSWORD = "the first password of all"


@pytest.fixture(scope="module")
def empty(browser: Browser) -> Iterator[Web]:
    server = Web(columns.session_folder("first-run"))
    migrated_copy(server.folder)
    for command in (
        ["migrate", "--verbosity", "0"],
        ["createsuperuser", "--no-input", "--username", "root", "--email", "root@example.org"],
    ):
        environment = server.environment | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True, capture_output=True)
    server.start()
    yield server
    server.kill()


def test_an_empty_installation_leads_to_its_first_data_manager(browser: Browser, empty: Web) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    visit = Visit.begin(context, empty.url).sign_in("root", PASSWORD)
    page = visit.page
    steps = page.get_by_role("region", name="This installation is empty")
    expect(steps).to_be_visible()
    for waiting in steps.get_by_role("button", name="Make an organisation first").all():
        expect(waiting).to_be_disabled()
    steps.get_by_role("button", name="Make an organisation", exact=True).click()
    page.get_by_label("Name").fill("St. Mary's Hospital")
    page.get_by_role("dialog").get_by_role("button", name="Make the organisation").click()
    steps.get_by_role("button", name="Make accounts").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User name").fill("maria")
    dialog.get_by_label("Name on the screen").fill("Maria M.")
    dialog.get_by_role("button", name="Make the account").click()
    expect(dialog.get_by_text("shown this once")).to_be_visible()
    first = dialog.get_by_label("First password").inner_text().strip()
    dialog.get_by_role("button", name="Done").click()
    steps.get_by_role("button", name="Begin a project").click()
    dialog.get_by_label("Name", exact=True).fill("Lumbar spine")
    expect(dialog.get_by_label("Address")).to_have_value("lumbar-spine")
    dialog.get_by_label("First data manager").fill("maria")
    dialog.get_by_role("button", name="Begin the project").click()
    expect(page.get_by_role("region", name="Members")).to_contain_text("maria")
    assert visit.problems == []
    context.close()

    fresh = browser.new_context(viewport={"width": 1280, "height": 800})
    maria = Visit.begin(fresh, empty.url).sign_in("maria", first)
    expect(maria.page.get_by_role("heading", name="Choose your own password")).to_be_visible()
    maria.page.get_by_label("The password you were given").fill(first)
    maria.page.get_by_label("Your new password").fill("one that only I know")
    maria.page.get_by_label("The same again").fill("one that only I know")
    maria.page.keyboard.press("Enter")
    expect(maria.page.get_by_role("heading", name="Worklist", level=1)).to_be_visible()
    expect(maria.page.get_by_text("No study has arrived in this project yet.")).to_be_visible()
    assert maria.problems == []
    fresh.close()
