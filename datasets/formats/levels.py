"""The numbering of one spine as a file: which levels there are, in which variant, counted from what, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rfc8785

from annotation.geometry.ladder import empty
from annotation.geometry.numbering import variant_name

FORMAT = "columna-levels-1"
MEDIA_TYPE = "application/json"


def levels_bytes(ladder: Mapping[str, Any], values: Mapping[str, int]) -> bytes | None:
    """Return canonical JSON (RFC 8785) of a reading's ladder; None where nobody has numbered anything.

    ``values`` is name of a level → integer of the label schema. The document is {"format", "variant": {"name", "thoracic", "lumbar",
    "transition", "castellvi"}, "counted_from", "unsure", "levels": from the skull down [{"name", "value", "unsure", "point"}]}: ``name``
    of the variant is the word that :func:`annotation.geometry.numbering.variant_name` gives, ``point`` [x, y, z] mm in patient LPS or
    null, ``value`` null for a body that nobody named. The same ladder gives the same bytes.
    """
    known = {**empty(), **ladder}
    if known == empty():
        return None
    variant = known["variant"]
    levels = [
        {"name": body["name"], "value": values.get(body["name"]), "unsure": bool(body.get("unsure")), "point": body.get("point")}
        for body in known["bodies"]
    ]
    document = {
        "format": FORMAT,
        "variant": {"name": variant_name(variant), **{name: variant[name] for name in ("thoracic", "lumbar", "transition", "castellvi")}},
        "counted_from": known["evidence"].get("counted_from"),
        "unsure": bool(known["unsure"]),
        "levels": levels,
    }
    return rfc8785.dumps(document)
