"""How far two submitted readings of one case agree. Reads blobs: for a job, never inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.geometry.agreement import grade_differences, is_apart, level_differences, mask_agreement, pairs_of
from annotation.models import Revision
from annotation.services.form import forms_all
from annotation.services.revision import revision_mask
from annotation.services.slices import slice_keys
from storage.dicom.geometry import Geometry
from storage.models import Stack

Finding = dict[str, Any]
Segment = dict[str, Any]


@dataclass
class _Pair:
    """One structure in both readings, over all stacks: where it is worst stands."""

    a: Segment | None
    b: Segment | None
    parts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def segment(self) -> Segment:
        return self.a or self.b or {}


def agreement_of(*, a: Revision, b: Revision) -> tuple[list[Finding], dict[str, Any]]:
    """Return the findings, worst first, and the agreement in figures.

    A finding is {"id", "kind", "structure" or "form" and "site", …}: ``levels`` (names of segments, chains of the bodies of ``a``, variants), ``outline`` (dice, worst_mm, stack,
    slice, place), ``missing`` (drawn by one only) and ``grade`` (a, b). The figures are {"dice": mean over structures, "structures",
    "agreed", "levels": bodies called differently, "grades": cells that differ, "per_structure"}.
    """
    pairs = _pairs(a, b)
    outlines, figures = _outlines(pairs)
    levels, sites = _levels(a, b, pairs)
    grades = [
        {"id": f"grade:{cell['form']}:{cell['site']}", "kind": "grade", **cell, "body": _body_name(a, b, cell["site"])}
        for cell in grade_differences(a.content["grades"], b.content["grades"], sites, forms_all())
    ]
    figures |= {"levels": len(levels[0]["bodies"]) if levels else 0, "grades": len(grades)}
    return [*levels, *outlines, *grades], figures


def _pairs(a: Revision, b: Revision) -> list[_Pair]:
    layers = sorted({*a.content["layers"], *b.content["layers"]})
    found: dict[tuple[str, int | None, int | None], _Pair] = {}
    stacks = Stack.objects.filter(pk__in={entry["stack"] for revision in (a, b) for entry in revision.content["stacks"]})
    for stack in stacks:
        spacing = Geometry.from_json(stack.geometry).spacing if stack.geometry else (1.0, 1.0, 1.0)
        for layer in layers:
            masks = [revision_mask(revision=revision, stack=stack, layer=layer) for revision in (a, b)]
            if not (masks[0].any() or masks[1].any()):
                continue
            for first, second in _matched(a, b, layer, *masks):
                pair = found.setdefault((layer, first, second), _Pair(_segment(a, layer, first), _segment(b, layer, second)))
                part = mask_agreement(_drawn(masks[0], first), _drawn(masks[1], second), spacing)
                keys = slice_keys(stack)
                pair.parts.append(
                    {**part, "stack": str(stack.pk), "slice": keys[part["place"][0]] if part["place"] else None, "spacing": spacing}
                )
    return [pair for pair in found.values() if pair.a or pair.b]


def _drawn(mask: NDArray[np.uint8], number: int | None) -> NDArray[np.bool_]:
    return mask == number if number else np.zeros(mask.shape, dtype=bool)


def _matched(
    a: Revision, b: Revision, layer: str, first: NDArray[np.uint8], second: NDArray[np.uint8]
) -> list[tuple[int | None, int | None]]:
    """Return (segment of a, segment of b) for everything drawn in a layer of a stack; None for what only one has drawn.

    By overlap first; then by name, for what was drawn where the other did not look.
    """
    pairs = pairs_of(first, second)
    left_a = [int(number) for number in np.unique(first) if number and int(number) not in pairs]
    left_b = [int(number) for number in np.unique(second) if number and int(number) not in pairs.values()]
    named_b = {entry["structure"]: entry["id"] for entry in b.content["segments"] if entry["layer"] == layer and entry["id"] in left_b}
    matched: list[tuple[int | None, int | None]] = list(pairs.items())
    for number in left_a:
        segment = _segment(a, layer, number)
        other = named_b.pop(segment["structure"], None) if segment else None
        if other is not None:
            left_b.remove(other)
        matched.append((number, other))
    return [*matched, *((None, number) for number in left_b)]


def _segment(revision: Revision, layer: str, number: int | None) -> Segment | None:
    for entry in revision.content["segments"]:
        if entry["layer"] == layer and entry["id"] == number:
            return {"id": entry["id"], "layer": layer, "structure": entry["structure"]}
    return None


def _outlines(pairs: list[_Pair]) -> tuple[list[Finding], dict[str, Any]]:
    found, per_structure = [], {}
    for pair in pairs:
        worst = max(pair.parts, key=lambda part: (part["worst_mm"] is None, part["worst_mm"] or 0.0, 1 - part["dice"]))
        segment = pair.segment
        total = [round(sum(part["ml"][side] for part in pair.parts), 3) for side in (0, 1)]
        kept = {name: worst[name] for name in ("dice", "worst_mm", "mean_mm", "place", "stack", "slice")}
        per_structure[segment["structure"]] = {"dice": worst["dice"], "worst_mm": worst["worst_mm"]}
        if is_apart({**worst, "ml": total}, worst["spacing"]):
            kind = "outline" if pair.a and pair.b else "missing"
            name = f"{kind}:{segment['layer']}:{pair.a['id'] if pair.a else ''}:{pair.b['id'] if pair.b else ''}"
            found.append({"id": name, "kind": kind, "structure": segment["structure"], "a": pair.a, "b": pair.b, "ml": total, **kept})
    found.sort(key=lambda finding: (finding["kind"] == "outline", -(finding["worst_mm"] or 0.0)))
    dices = [entry["dice"] for entry in per_structure.values()]
    mean = round(float(np.mean(dices)), 4) if dices else None
    return found, {"dice": mean, "structures": len(pairs), "agreed": len(pairs) - len(found), "per_structure": per_structure}


def _levels(a: Revision, b: Revision, pairs: list[_Pair]) -> tuple[list[Finding], dict[str, str]]:
    """Return the one finding about levels, if they differ, and which body of ``b`` is which of ``a``."""
    same = {(pair.b["layer"], pair.b["id"]): pair.a["id"] for pair in pairs if pair.a and pair.b}
    bodies = [revision.content["ladder"].get("bodies", []) for revision in (a, b)]
    by_segment = {body["segment"]: body["id"] for body in bodies[0]}
    by_name = {body["name"]: body["id"] for body in bodies[0]}
    sites = {}
    for body in bodies[1]:
        there = by_segment.get(same.get(("instances", body["segment"])), by_name.get(body["name"]))
        sites[body["id"]] = there if there is not None else body["id"]
    names = {f"{pair.a['layer']}:{pair.a['id']}": (pair.a["structure"], pair.b["structure"]) for pair in pairs if pair.a and pair.b}
    differ = level_differences(names)
    variants = [revision.content["ladder"].get("variant") for revision in (a, b)]
    if not differ and (None in variants or variants[0] == variants[1]):
        return [], sites
    theirs = {sites[body["id"]]: body["name"] for body in bodies[1]}
    finding = {
        "id": "levels",
        "kind": "levels",
        "bodies": differ,
        "names": names,
        "a": [body["name"] for body in bodies[0]],
        "b": [theirs.get(body["id"], body["name"]) for body in bodies[0]],
        "variants": variants,
    }
    return [finding], sites


def _body_name(a: Revision, b: Revision, site: str) -> str | None:
    body = site.partition("/")[0]
    for revision in (a, b):
        for entry in revision.content["ladder"].get("bodies", []):
            if entry["id"] == body:
                return str(entry["name"]) if entry["name"] else None
    return None
