"""The page that the browser starts from, and what it says ahead of a case."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

DIST = Path(settings.BASE_DIR) / "frontend" / "dist"
pytestmark = pytest.mark.skipif(
    not (DIST / ".vite" / "manifest.json").is_file(), reason="the browser part is not built: npm run build in frontend/"
)


def test_the_page_of_a_case_asks_for_it_and_for_all_its_code_at_once() -> None:
    body = Client().get("/read/0830e7e1-bec6-4e44-8e50-916b893f451f").content.decode()
    named = re.findall(r'(?:href|src)="/(assets/[^"]+)"', body)
    assert all((DIST / name).is_file() for name in named)
    for part in ("early", "ReadingRoom", "engine"):
        assert any(Path(name).name.startswith(f"{part}-") for name in named), part


def test_other_pages_ask_for_nothing_of_the_reading_room() -> None:
    assert "ReadingRoom-" not in Client().get("/worklist").content.decode()
