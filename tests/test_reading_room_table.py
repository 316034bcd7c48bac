"""docs/reference/reading-room.md names the test that holds each of the 40 requirements: what it names exists, and drives a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "reading-room.md"


def rows() -> dict[int, str]:
    """Return what stands in the third column, by the number of the requirement."""
    found: dict[int, str] = {}
    for line in PAGE.read_text().splitlines():
        if match := re.match(r"\| ([\d, ]+) \|.*\| ([^|]+) \|$", line):
            found |= dict.fromkeys(map(int, match[1].split(", ")), match[2])
    return found


def defined(folder: str) -> set[str]:
    return {name for file in (ROOT / folder).rglob("test_*.py") for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}


def test_every_named_test_and_file_exists() -> None:
    text = PAGE.read_text()
    assert set(re.findall(r"`(test_\w+)`", text)) - defined("tests") == set()
    missing = [name for name in re.findall(r"`(tests/[\w/]+\.py)`", text) if not (ROOT / name).is_file()]
    missing += [name for name in re.findall(r"`(\w+/\w+\.test\.ts)`", text) if not (ROOT / "frontend" / "src" / name).is_file()]
    assert missing == []


@pytest.mark.parametrize("number", range(1, 41))
def test_a_requirement_is_held_in_a_browser(number: int) -> None:
    held = rows()[number]
    journeys = defined("tests/journeys")
    files = [ROOT / name for name in re.findall(r"`(tests/journeys/\w+\.py)`", held)]
    assert set(re.findall(r"`(test_\w+)`", held)) & journeys or any(file.is_file() for file in files)
