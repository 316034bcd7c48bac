"""The ladder: the numbering of one spine as an ordered thing of its own. Naming one body names all; a segment follows its body.

``{"bodies": [{"id", "name", "segment", "disc", "point", "unsure"}], "variant", "evidence", "unsure"}``, bodies from the skull
down. ``id`` is an opaque word that never changes, so that grades and measurements hang on it whatever the body is called;
``segment`` and ``disc`` are segment ids of the body and of the disc below it in the layer ``instances``; ``point`` is mm LPS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from annotation.geometry.numbering import COUNTED_FROM, NORMAL, names_from, sequence, variant_of
from annotation.geometry.refusal import Refused
from annotation.geometry.segments import Segment

LAYER = "instances"
MAX_BODIES = 40
_ID = re.compile(r"^[A-Za-z0-9-]{1,36}$")
_PARTS = ("bodies", "variant", "evidence", "unsure")


def empty() -> dict[str, Any]:
    """Return the ladder before anybody has numbered anything."""
    return {"bodies": [], "variant": dict(NORMAL), "evidence": {"counted_from": None}, "unsure": False}


def ladder_apply(
    ladder: Mapping[str, Any],
    segments: list[Segment],
    operation: Mapping[str, Any],
    layers: Mapping[str, str],
    schema: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], list[Segment], dict[str, Any]]:
    """Return ladder and segments after a ``ladder`` operation, and what takes it back.

    ``operation["action"]``: ``set`` (``ladder``: any of bodies, variant, evidence, unsure), ``number`` (``body``, ``name``: all
    others follow), ``shift`` (``by`` +1 is one level towards the feet), ``variant`` (``variant``; ``anchor``: the body that keeps its
    name, by default the lowest, or the highest when counted from C2 or a rib), ``evidence``, ``unsure`` (``unsure``, ``body`` for
    one). Segments of named bodies and their discs take the structure that the name says; ``operation["segments"]`` then gives
    single segments back what they were called. ``layers`` are the protocol's structures, ``schema`` all of the schema's
    (code → layer). Raises :class:`Refused`.
    """
    before = {**empty(), **ladder}
    action = operation.get("action")
    act = _ACTIONS.get(str(action))
    if act is None:
        raise Refused("bad_operation", f"{action!r} is nothing that can be done to a ladder; choose from {', '.join(_ACTIONS)}.", bad=True)
    after = act(before, operation)
    table = _named_segments(after, segments, layers)
    table = _overridden(table, operation.get("segments") or [], schema or layers)
    changed = [old for old, new in zip(segments, table, strict=True) if old != new]
    was = {
        "action": "set",
        "ladder": {name: before[name] for name in _PARTS},
        "segments": [{"id": entry["id"], "layer": entry["layer"], "structure": entry["structure"]} for entry in changed],
    }
    return after, table, was


def _overridden(table: list[Segment], overrides: Any, schema: Mapping[str, str]) -> list[Segment]:
    if not isinstance(overrides, list) or not all(isinstance(override, dict) for override in overrides):
        raise Refused("bad_operation", "'segments' is a list of {id, layer, structure}.", bad=True)
    structures = {(override.get("layer"), override.get("id")): override.get("structure") for override in overrides}
    for (layer, _), code in structures.items():
        if schema.get(str(code)) != layer:
            raise Refused("unknown_value", f"{code!r} is not a structure of the layer {layer!r}.")
    return [{**entry, "structure": structures.get((entry["layer"], entry["id"]), entry["structure"])} for entry in table]


def _set(ladder: dict[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    sent = operation.get("ladder")
    if not isinstance(sent, dict):
        raise Refused("bad_operation", "'ladder' is an object.", bad=True)
    after = {**ladder, **{name: sent[name] for name in _PARTS if name in sent}}
    after["variant"] = variant_of(after["variant"])
    after["evidence"] = _evidence(after["evidence"])
    after["unsure"] = bool(after["unsure"])
    after["bodies"] = _bodies(after["bodies"])
    return after


def _bodies(sent: Any) -> list[dict[str, Any]]:
    if not isinstance(sent, list) or len(sent) > MAX_BODIES or not all(isinstance(body, dict) for body in sent):
        raise Refused("bad_operation", f"'bodies' is a list of at most {MAX_BODIES} bodies, from the skull down.", bad=True)
    bodies = [_body(body) for body in sent]
    for name in ("id", "segment", "disc"):
        given = [body[name] for body in bodies if body[name] is not None]
        if len(set(given)) != len(given):
            raise Refused("bad_operation", f"Two bodies have the same {name}.", bad=True)
    return bodies


def _body(sent: Mapping[str, Any]) -> dict[str, Any]:
    body = {"id": sent.get("id"), "name": sent.get("name"), "segment": sent.get("segment"), "disc": sent.get("disc")}
    body |= {"point": sent.get("point"), "unsure": bool(sent.get("unsure", False))}
    if not isinstance(body["id"], str) or not _ID.match(body["id"]):
        raise Refused("bad_operation", "A body's id is a word of letters, digits and hyphens.", bad=True)
    if body["name"] is not None and body["name"] not in {*sequence({**NORMAL, "thoracic": 13, "lumbar": 6})}:
        raise Refused("bad_operation", f"{body['name']!r} is not the name of a level.", bad=True)
    for name in ("segment", "disc"):
        number = body[name]
        if number is not None and (not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= 255):
            raise Refused("bad_operation", f"A body's {name} is a segment id.", bad=True)
    point = body["point"]
    if point is not None and not (isinstance(point, list) and len(point) == 3 and all(_is_number(value) for value in point)):
        raise Refused("bad_operation", "A body's point is [x, y, z] in mm.", bad=True)
    return body


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def _evidence(sent: Any) -> dict[str, Any]:
    counted = sent.get("counted_from") if isinstance(sent, dict) else sent
    if counted is not None and counted not in COUNTED_FROM:
        raise Refused("bad_operation", f"A numbering is counted from one of {', '.join(COUNTED_FROM)}.", bad=True)
    return {"counted_from": counted}


def _find(ladder: dict[str, Any], body_id: Any) -> int:
    for index, body in enumerate(ladder["bodies"]):
        if body["id"] == body_id:
            return index
    raise Refused("unknown_body", "The ladder has no such body.", {"bodies": [body["id"] for body in ladder["bodies"]]})


def _renamed(ladder: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {**ladder, "bodies": [{**body, "name": name} for body, name in zip(ladder["bodies"], names, strict=True)]}


def _number(ladder: dict[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    index = _find(ladder, operation.get("body"))
    return _renamed(ladder, names_from(len(ladder["bodies"]), index, str(operation.get("name")), ladder["variant"]))


def _shift(ladder: dict[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    by = operation.get("by")
    if by not in (1, -1):
        raise Refused("bad_operation", "A shift is by 1 or by -1.", bad=True)
    index, name = _anchor(ladder, operation)
    chain = sequence(ladder["variant"])
    place = chain.index(name) + by if name in chain else -1
    if not 0 <= place < len(chain):
        raise Refused("out_of_levels", "The chain would run past the skull or the coccyx.", {"names": chain})
    return _renamed(ladder, names_from(len(ladder["bodies"]), index, chain[place], ladder["variant"]))


def _anchor(ladder: dict[str, Any], operation: Mapping[str, Any]) -> tuple[int, str]:
    """Return the index and the name of the body that a renumbering starts from."""
    named = [(index, body["name"]) for index, body in enumerate(ladder["bodies"]) if body["name"]]
    if operation.get("anchor") is not None:
        index = _find(ladder, operation["anchor"])
        named = [(found, name) for found, name in named if found == index]
    if not named:
        raise Refused("unnumbered", "No body has a name yet. Name one first.")
    from_above = ladder["evidence"]["counted_from"] in ("C2", "rib")
    return named[0] if from_above else named[-1]


def _variant(ladder: dict[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    sent = operation.get("variant")
    if not isinstance(sent, dict):
        raise Refused("bad_operation", "'variant' is an object.", bad=True)
    after = {**ladder, "variant": variant_of(sent)}
    if not any(body["name"] for body in ladder["bodies"]):
        return after
    index, name = _anchor(ladder, operation)
    return _renamed(after, names_from(len(after["bodies"]), index, name, after["variant"]))


def _set_evidence(ladder: dict[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    return {**ladder, "evidence": _evidence(operation.get("evidence"))}


def _unsure(ladder: dict[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    value = bool(operation.get("unsure"))
    if operation.get("body") is None:
        return {**ladder, "unsure": value}
    index = _find(ladder, operation["body"])
    return {**ladder, "bodies": [{**body, "unsure": value} if at == index else body for at, body in enumerate(ladder["bodies"])]}


_ACTIONS = {"set": _set, "number": _number, "shift": _shift, "variant": _variant, "evidence": _set_evidence, "unsure": _unsure}


def _named_segments(ladder: dict[str, Any], segments: list[Segment], layers: Mapping[str, str]) -> list[Segment]:
    """Return the table with every segment of a named body, and of the disc below it, called as the ladder says."""
    wanted: dict[int, str] = {}
    for body in ladder["bodies"]:
        if body["name"] and body["segment"]:
            wanted[body["segment"]] = body["name"]
        if body["name"] and body["disc"]:
            wanted[body["disc"]] = f"IVD_{body['name']}"
    missing = sorted({code for code in wanted.values() if layers.get(code) != LAYER})
    if missing:
        raise Refused("unknown_value", f"{', '.join(missing)}: not a structure of this protocol.", {"structures": sorted(layers)})
    return [
        {**entry, "structure": wanted[entry["id"]]} if entry["layer"] == LAYER and entry["id"] in wanted else entry for entry in segments
    ]


def ladder_from_segments(
    segments: list[Segment], categories: Mapping[str, str], centres: Mapping[int, tuple[float, float, float]]
) -> dict[str, Any]:
    """Return a first ladder from masks: bodies by the height of their centres (mm LPS), discs by the body right above them.

    ``categories`` maps structure codes to categories; ``centres`` segment ids of the layer ``instances`` to mm LPS. Names are
    the segments' own; the variant is what they imply.
    """
    entries = [entry for entry in segments if entry["layer"] == LAYER and entry["id"] in centres]
    bodies = [entry for entry in entries if categories.get(entry["structure"]) in ("vertebra", "sacrum")]
    discs = [entry for entry in entries if categories.get(entry["structure"]) == "disc"]
    bodies.sort(key=lambda entry: -centres[entry["id"]][2])
    rows = [
        {
            "id": f"b{entry['id']}",
            "name": entry["structure"],
            "segment": entry["id"],
            "disc": None,
            "point": list(centres[entry["id"]]),
            "unsure": False,
        }
        for entry in bodies
    ]
    for disc in discs:
        height = centres[disc["id"]][2]
        above = [row for row in rows if row["point"][2] > height]
        if above and above[-1]["disc"] is None:
            above[-1]["disc"] = disc["id"]
    names = {row["name"] for row in rows}
    variant = {**NORMAL, "thoracic": 13 if "T13" in names else 12, "lumbar": 6 if "L6" in names else 5}
    return {**empty(), "bodies": rows, "variant": variant}
