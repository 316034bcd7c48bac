"""Report content concept by concept: Table E.3.4-1 of PS3.15 says which content items go, which get a dummy and which are cleaned."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydicom.dataset import Dataset

from storage.dicom.profile import Profile

CONTENT_SEQUENCE, TEXT_VALUE = 0x0040A730, 0x0040A160
_CONCEPT = 0x0040A043
_DATA = Path(__file__).parent / "data" / "structured_content.json"

Rule = Literal["remove", "dummy", "clean"]


@lru_cache(maxsize=1)
def _concepts() -> dict[tuple[str, str], dict[str, object]]:
    rows = json.loads(_DATA.read_text())["concepts"]
    return {(row["code"], row["scheme"]): row for row in rows}


@lru_cache(maxsize=32)
def content_rules(profile: Profile) -> dict[tuple[str, str], Rule]:
    """Return what a profile does with each concept (code, scheme) of the table; ``clean`` is what is done with every other item."""
    rules: dict[tuple[str, str], Rule] = {}
    for key, row in _concepts().items():
        options = row.get("options") or {}
        applies = [name for name in options if name in profile.options]  # type: ignore[attr-defined]
        if applies:
            rules[key] = "clean"
        else:
            rules[key] = "remove" if row["basic"] == "X" else "dummy"
    return rules


def concept_of(item: Dataset) -> tuple[str, str] | None:
    """Return code and scheme of a content item's concept name, or None when it has none."""
    if _CONCEPT not in item or not item[_CONCEPT].value:
        return None
    code = item[_CONCEPT].value[0]
    return str(code.get("CodeValue") or "").strip(), str(code.get("CodingSchemeDesignator") or "").strip()
