"""What of a proposal a person should look at first: the one definition of a doubtful place, for every page that counts or shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def doubts_of(uncertainty: Mapping[str, Any], segments: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the doubtful structures of a proposal, worst first, each once however many stacks show it.

    A structure is doubtful where the model's word for its entropy is ``doubtful``, or where it breaks a rule (``flags``).
    ``uncertainty`` is what lies beside a proposal: ``stacks`` → ``layers`` → segment id → {"mean", "level", "slices", "flags"}.
    An entry is {"layer", "id", "structure", "stack" and "slice" (key, or None) where the entropy is highest, "entropy": the structure's mean
    there or None, "peak": that slice's or None, "confidence": 1 − entropy, 1 where the model said nothing, "flags": of all stacks, of each
    kind one: what the stack with the highest entropy says, for that is the one that is shown}.
    """
    names = {(str(entry["layer"]), str(entry["id"])): str(entry["structure"]) for entry in segments}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for stack, told in uncertainty.get("stacks", {}).items():
        for layer, table in told.get("layers", {}).items():
            for number, entry in table.items():
                key = (layer, str(number))
                if key not in names or not (entry.get("level") == "doubtful" or entry.get("flags")):
                    continue
                here = {**_place(entry), "layer": layer, "id": int(number), "structure": names[key], "stack": stack}
                before = found.get(key)
                flags = {_kind(flag): flag for flag in entry.get("flags", [])}
                if before is None:
                    found[key] = {**here, "flags": flags}
                elif here["confidence"] < before["confidence"]:
                    found[key] = {**here, "flags": {**before["flags"], **flags}}
                else:
                    found[key] = {**before, "flags": {**flags, **before["flags"]}}
    listed = [{**doubt, "flags": list(doubt["flags"].values())} for doubt in found.values()]
    return sorted(listed, key=lambda doubt: (doubt["confidence"], -len(doubt["flags"]), doubt["layer"], doubt["id"]))


def _kind(flag: str) -> str:
    """Return which rule a flag is about: every series of a patient breaks the same one with figures of its own."""
    return next((word for word in ("island", "volume", "image border", "lies ") if word in flag), flag)


def _place(entry: Mapping[str, Any]) -> dict[str, Any]:
    slices = entry.get("slices") or {}
    worst = max(slices, key=lambda key: float(slices[key]), default=None)
    mean = entry.get("mean")
    return {
        "slice": worst,
        "entropy": mean,
        "peak": None if worst is None else slices[worst],
        "confidence": 1.0 if mean is None else round(1.0 - float(mean), 4),
    }
