"""What lies beside a proposal: how sure the model was, the rules it breaks, and the places that a person should look at."""

from __future__ import annotations

import json
from typing import Any

from annotation.geometry.doubts import doubts_of
from annotation.models import Revision
from storage.services.blob import blob_read


def uncertainty_read(*, revision: Revision) -> dict[str, Any]:
    """Return a proposal's uncertainty as it was stored, with its ``doubts`` (:func:`annotation.geometry.doubts.doubts_of`), worst first.

    The revision has one (``revision.uncertainty``). Reads a blob: call it outside any transaction.
    """
    told: dict[str, Any] = json.loads(blob_read(digest=revision.uncertainty))
    return {**told, "doubts": doubts_of(told, revision.content["segments"])}
