"""Grading forms, as data: read once from their file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from annotation.models import Protocol

_FILE = Path(__file__).resolve().parent.parent / "forms" / "spine-forms-1.json"
DEFAULT = ("pfirrmann", "modic", "rsna_canal", "rsna_foraminal", "rsna_subarticular")
"""What a protocol grades when its recipe does not say."""


@cache
def forms_all() -> dict[str, dict[str, Any]]:
    """Return form code → form, in the file's order."""
    return {form["code"]: form for form in json.loads(_FILE.read_text())["forms"]}


def forms_of(protocol: Protocol) -> dict[str, dict[str, Any]]:
    """Return the forms that a protocol grades: those its recipe names."""
    wanted = protocol.recipe.get("forms", DEFAULT)
    return {code: form for code, form in forms_all().items() if code in wanted}
