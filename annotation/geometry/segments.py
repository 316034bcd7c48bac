"""The table of segment ids: what an id in a labelmap is. Renaming one is one row here and touches no voxel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from annotation.geometry.refusal import Refused

STATUSES = ("proposed", "edited", "accepted")
FIELDS = ("id", "layer", "structure", "status", "colour", "locked", "instance")
Segment = dict[str, Any]


def segments_apply(
    segments: list[Segment], operation: Mapping[str, Any], *, layers: Mapping[str, str], is_empty: Callable[[str, int], bool]
) -> tuple[list[Segment], dict[str, Any]]:
    """Return the table after a ``segments`` operation, and what it replaced: ``{"set": […], "remove": […]}``, its own inverse.

    ``operation["set"]`` adds or changes entries (fields that are not sent stay), ``operation["remove"]`` names {id, layer}.
    ``layers`` maps the structure codes that the protocol picks to their layer. An unknown structure or layer raises
    :class:`Refused` ``unknown_value``; removing a segment that has voxels raises ``segment_not_empty``.
    """
    table = {(entry["layer"], entry["id"]): entry for entry in segments}
    was_set: list[Segment] = []
    was_remove: list[Segment] = []
    for sent in _entries(operation, "set"):
        key = _key(sent)
        before = table.get(key)
        entry = {**(before or {"status": "edited"}), **{name: sent[name] for name in FIELDS if name in sent}}
        _check(entry, layers)
        table[key] = {name: value for name, value in entry.items() if value is not None}
        if before is None:
            was_remove.append({"id": key[1], "layer": key[0]})
        else:
            was_set.append({**dict.fromkeys(set(entry) - set(before)), **before})
    for sent in _entries(operation, "remove"):
        key = _key(sent)
        gone = table.pop(key, None)
        if gone is None:
            raise Refused("unknown_segment", f"There is no segment {key[1]} in the layer {key[0]}.", {"segments": list(table.values())})
        if not is_empty(*key):
            raise Refused("segment_not_empty", f"Segment {key[1]} still has voxels. Erase or merge it first.", {"segment": gone})
        was_set.append(gone)
    return [table[key] for key in sorted(table)], {"set": was_set, "remove": was_remove}


def locked_ids(segments: list[Segment], layer: str) -> set[int]:
    """Return the ids in a layer that a patch may neither write nor overwrite: accepted ones and locked ones."""
    return {entry["id"] for entry in segments if entry["layer"] == layer and (entry.get("locked") or entry["status"] == "accepted")}


def known_ids(segments: list[Segment], layer: str) -> set[int]:
    """Return the ids that a labelmap of this layer may hold, 0 for nothing among them."""
    return {0, *(entry["id"] for entry in segments if entry["layer"] == layer)}


def _entries(operation: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = operation.get(name) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refused("bad_operation", f"'{name}' is a list of segments.", bad=True)
    return entries


def _key(entry: Mapping[str, Any]) -> tuple[str, int]:
    layer, number = entry.get("layer"), entry.get("id")
    if not isinstance(layer, str) or not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= 255:
        raise Refused("bad_operation", "A segment is named by its layer and an id from 1 to 255.", bad=True)
    return layer, number


def _check(entry: Segment, layers: Mapping[str, str]) -> None:
    code = entry.get("structure")
    if not isinstance(code, str) or code not in layers:
        message = f"{code!r} is not a structure of this protocol."
        raise Refused("unknown_value", message, {"structures": sorted(layers)})
    if layers[code] != entry["layer"]:
        raise Refused("unknown_value", f"{code} lies in the layer {layers[code]}, not in {entry['layer']}.", {"layer": layers[code]})
    if entry.get("status") not in STATUSES:
        raise Refused("bad_operation", f"A segment's status is one of {', '.join(STATUSES)}.", bad=True)
