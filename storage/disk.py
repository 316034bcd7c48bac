"""Whether there is room to take images in."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

ROOM = 32 * 1024**2
"""With less than this many bytes free nothing large can be written: intake refuses, readers can still read."""


def disk_figures(folder: Path) -> dict[str, Any]:
    """Return how many bytes are free where the data folder lies, and whether that is room enough to take images in."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return {"ok": False, "free_bytes": 0, "error": type(error).__name__}
    return {"ok": free > ROOM, "free_bytes": free}
