"""What can be set, asked or typed is documented, and the documents are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import load_command_class

from config.environment import BASE_DIR, Environment
from config.reference import FOLDER, commands, own_routes, pages

pytestmark = pytest.mark.once
DOCS = sorted([*BASE_DIR.glob("*.md"), *(BASE_DIR / "docs").rglob("*.md")])


@pytest.mark.parametrize("name", ["settings.md", "commands.md", "routes.md"])
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    assert (FOLDER / name).read_text() == pages()[name], "run `manage.py docs`"


def test_every_setting_says_what_it_is() -> None:
    assert not [name for name, field in Environment.model_fields.items() if not (field.description or "").endswith((".", "`"))]


def test_every_command_says_what_it_does_and_what_its_options_are() -> None:
    silent = []
    for name, room in commands().items():
        command = load_command_class(room, name)
        if not command.help:
            silent.append(name)
        parser = command.create_parser("manage.py", name)
        silent += [f"{name} {action.dest}" for action in parser._actions if not action.help and not action.choices]
    assert not silent


def test_every_route_says_what_it_answers() -> None:
    assert not [route for route, text in own_routes() if not text]


def test_every_environment_variable_that_docs_name_is_a_setting() -> None:
    known = {f"COLUMNA_{name.upper()}" for name in Environment.model_fields}
    known |= {
        "COLUMNA_TEST_COLUMN",
        "COLUMNA_TEST_STRICT",
        "COLUMNA_TEST_NO_APT",
        "COLUMNA_HOME",
        "COLUMNA_TOKEN",
        "COLUMNA_URL",
        "COLUMNA_CACHE_DIR",
        "COLUMNA_CONFIG_DIR",
    }
    named = {(path.name, name) for path in DOCS for name in re.findall(r"\bCOLUMNA_[A-Z0-9_]+\b", path.read_text())}
    assert not {(page, name) for page, name in named if name not in known and not name.endswith("_")}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(BASE_DIR).as_posix())
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://|mailto:|#)([^)\s]+)\)", path.read_text())
    assert not [link for link in links if not (path.parent / link.split("#")[0]).exists()]


def test_every_make_target_is_in_its_help() -> None:
    text = (BASE_DIR / "Makefile").read_text()
    phony = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split()
    assert sorted(phony) == sorted(re.findall(r"^([a-z]+): .*##", text, re.MULTILINE))
