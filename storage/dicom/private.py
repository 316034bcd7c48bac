"""Private elements that are known to be safe (PS3.15 Table E.3.10-1), found by group, creator and offset: never by number alone."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"
_VRS = {
    "DS", "IS", "CS", "LO", "SH", "LT", "ST", "UT", "FL", "FD", "UL", "US", "SL", "SS", "SQ", "DA", "TM", "DT", "UI", "OB", "OW", "OF",
}  # fmt: skip


@lru_cache(maxsize=1)
def safe_private() -> dict[tuple[int, str, int], str]:
    """Return {(group, creator in lower case, offset): VR}. Entries whose content is not plain (OB) are left out."""
    document = json.loads((_DATA / "safe_private.json").read_text())
    found = {}
    for row in document["attributes"]:
        vr = row["vr"].split(" or ")[0].strip()
        if vr in _VRS and vr not in ("OB", "OW", "UN"):
            found[(int(row["group"], 16), row["creator"].strip().lower(), int(row["offset"], 16))] = vr
    return found


def creator_names() -> frozenset[str]:
    return frozenset(creator for _, creator, _ in safe_private())
