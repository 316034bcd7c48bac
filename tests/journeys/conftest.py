"""A server with phantom cases, and a browser, once per session; a context of its own for every test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests import columns
from tests.journeys.browser import ReadingRoom, Web, chromium, missing
from tests.journeys.session import signed_in

_TOGETHER = 8
"""Phantoms brought in by one process: starting it costs more than a phantom."""


@pytest.fixture(scope="session")
def web() -> Iterator[Web]:
    """Web on a folder of its own with phantom cases, MR and CT, each with a proposal."""
    if lacking := missing():
        pytest.skip(lacking)
    server = Web(columns.session_folder("journeys"))
    server.seed("--cases", "1")
    server.start()
    yield server
    server.prompts_kill()
    server.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one Chromium of the session: Playwright allows no second one beside it."""
    if lacking := missing():
        pytest.skip(lacking)
    with sync_playwright() as playwright, chromium(playwright) as launched:
        yield launched


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context(viewport={"width": 1100, "height": 720}, service_workers="block")
    yield fresh
    fresh.close()


@pytest.fixture
def reader(web: Web, context: BrowserContext) -> ReadingRoom:
    return ReadingRoom.enter(context, web.url)


@pytest.fixture(scope="session")
def take(web: Web) -> Callable[[str], dict[str, Any]]:
    """Hand out cases that no test has touched, by modality; brings the next phantoms in when none is left.

    A test that starts the next case from the worklist takes one without asking here: what is leased is not handed out.
    """
    given: set[str] = set()
    groups = itertools.count(1)

    def is_free(case: dict[str, Any]) -> bool:
        asked = signed_in(web.url, "reader").get(f"/api/cases/{case['id']}")
        return bool(asked["lease"]["holder"] == "none" and asked["state"] in ("new", "proposed"))

    def next_case(modality: str) -> dict[str, Any]:
        while True:
            for case in web.cases:
                if case["plain"] and case["modality"] == modality and not case["sealed"] and case["id"] not in given:
                    given.add(case["id"])
                    if is_free(case):
                        return case
            web.seed("--seed", str(1 + _TOGETHER * next(groups)), "--cases", str(_TOGETHER), "--modalities", modality)

    return next_case
