"""A browser test waits for what it claims: a claim read in the same breath as the act before it passes or fails by how busy the machine is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
JOURNEYS = Path(__file__).parent / "journeys"
ACTS = {
    "press", "click", "dblclick", "tap", "stroke", "fill", "type", "up", "goto", "reload", "open", "choose", "check", "paint_some", "set_offline",
    "draw_line", "say", "pick", "option", "dispatch_event",
}  # fmt: skip
LOOKS = {
    "state",
    "pane",
    "drawn",
    "voxels",
    "count",
    "inner_text",
    "text_content",
    "is_visible",
    "is_enabled",
    "get_attribute",
    "input_value",
}
WAITS = {"until", "until_drawn", "drawn_at_rest", "saved", "calm", "expect", "wait_for", "wait_for_url"}


def called(node: ast.AST) -> set[str]:
    """Return the last name of everything that is called in a piece of code."""
    calls = (each.func for each in ast.walk(node) if isinstance(each, ast.Call))
    return {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}


def looked_at(node: ast.AST) -> set[str]:
    return {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)} & LOOKS


def blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for part in ("body", "orelse", "finalbody"):
            found = getattr(node, part, None)
            if isinstance(found, list) and found and isinstance(found[0], ast.stmt):
                yield found


def hasty(source: str) -> list[int]:
    """Return the lines of the asserts that look at the page right after an act, with nothing that waits between."""
    found = []
    for block in blocks(ast.parse(source)):
        is_after_act = False
        for statement in block:
            names = called(statement)
            if isinstance(statement, ast.Assert):
                if is_after_act and looked_at(statement) and not names & WAITS:
                    found.append(statement.lineno)
            elif isinstance(statement, ast.Expr):
                is_after_act = bool(names & ACTS) and not names & WAITS
            elif names & WAITS:
                is_after_act = False
    return found


def test_the_rule_knows_haste_from_patience() -> None:
    assert hasty("room.press('b')\nassert room.state['tool'] == 'brush'\n") == [2]
    assert hasty("room.press('b')\nbefore = 1\nassert row.inner_text() == 'x'\n") == [3]
    assert hasty("room.press('b')\nroom.until(lambda state: state['tool'] == 'brush')\nassert room.state['radius'] == 1\n") == []


@pytest.mark.parametrize("path", sorted(JOURNEYS.glob("test_*.py")), ids=lambda path: path.stem)
def test_no_claim_is_read_in_the_same_breath_as_an_act(path: Path) -> None:
    found = [f"{path.name}:{line}" for line in hasty(path.read_text())]
    assert not found, f"{found}: the page may not be there yet; use room.until(lambda state: …) or expect(…), which wait for it"
