"""Grading forms, as data: read once from their file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from annotation.models import Case, Protocol

_FILE = Path(__file__).resolve().parent.parent / "forms" / "spine-forms-1.json"
DEFAULT = ("pfirrmann", "modic", "rsna_canal", "rsna_foraminal", "rsna_subarticular", "genant", "meyerding")
"""What a protocol grades when its recipe does not say."""


@cache
def forms_all() -> dict[str, dict[str, Any]]:
    """Return form code → form, in the file's order."""
    return {form["code"]: form for form in json.loads(_FILE.read_text())["forms"]}


def forms_of(protocol: Protocol) -> dict[str, dict[str, Any]]:
    """Return the forms that a protocol grades: those its recipe names."""
    wanted = protocol.recipe.get("forms", DEFAULT)
    return {code: form for code, form in forms_all().items() if code in wanted}


def forms_for(case: Case) -> dict[str, dict[str, Any]]:
    """Return the forms that a case is graded by: the protocol's that suit a modality of its stacks."""
    modalities = set(case.stacks.values_list("series__modality", flat=True))
    return {code: form for code, form in forms_of(case.protocol).items() if modalities & set(form["modalities"])}
