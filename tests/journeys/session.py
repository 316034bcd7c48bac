"""Who is signed in at a server under test: once per person over HTTP, for every browser that comes as that person."""

from __future__ import annotations

from playwright.sync_api import BrowserContext

from tests.reader import Reader, Refused

_SIGNED_IN: dict[tuple[str, str], Reader] = {}


def signed_in(url: str, username: str) -> Reader:
    """Return the demo person of that name with a session that the server knows; a new one where the last was ended."""
    known = _SIGNED_IN.get((url, username))
    if known is not None:
        try:
            known.get("/_allauth/browser/v1/auth/session")
        except Refused:
            known = None
    if known is None:
        known = _SIGNED_IN[url, username] = Reader(url).sign_in(username, f"{username}-columna-demo")
    return known


def session_bring(context: BrowserContext, url: str, username: str) -> None:
    """Give a browser the session of somebody, as if they had signed in by the page."""
    context.clear_cookies()
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in signed_in(url, username).cookies.items()])
