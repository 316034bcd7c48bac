"""How far two or three submitted readings of one case agree. Reads blobs: for a job, never inside a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.geometry.agreement import grade_differences, held_by_most, is_apart, level_differences, mask_agreement, pairs_of
from annotation.models import Revision
from annotation.services.form import forms_all
from annotation.services.revision import revision_mask
from annotation.services.slices import slice_keys
from storage.dicom.geometry import Geometry
from storage.models import Stack

SIDES = ("a", "b", "c")
Finding = dict[str, Any]
Segment = dict[str, Any]
Readings = Sequence[Revision]


@dataclass
class _Match:
    """One structure in every reading (None where it is not drawn), over all stacks: two readings at a time, where they are worst stands."""

    segments: tuple[Segment | None, ...]
    parts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def segment(self) -> Segment:
        return next((segment for segment in self.segments if segment), {})


def agreement_of(*, readings: Readings) -> tuple[list[Finding], dict[str, Any]]:
    """Return the findings, worst first, and the agreement in figures. ``readings`` are two or three; sides are called a, b and c.

    A finding is {"id", "kind", "structure" or "form" and "site", …} with one entry per side: ``levels`` (names of segments, chains of
    the bodies of ``a``, variants), ``outline`` (dice, worst_mm, stack, slice, place: of the two that lie furthest apart; of three also
    ``pairs``), ``missing`` (not drawn by all) and ``grade``. Of three readings ``majority`` is the side that says what most say, None where
    all differ. The figures are {"dice": mean over structures, "structures", "agreed", "levels": bodies called differently, "grades": cells
    that differ, "per_structure"}.
    """
    matches = _matches(readings)
    outlines, figures = _outlines(matches)
    levels, sites = _levels(readings, matches)
    grades = [
        {"id": f"grade:{cell['form']}:{cell['site']}", "kind": "grade", **cell, "body": _body_name(readings, cell["site"])}
        for cell in grade_differences([reading.content["grades"] for reading in readings], sites, forms_all())
    ]
    if len(readings) > 2:
        for cell in grades:
            cell["majority"] = held_by_most([cell[side] for side in SIDES])
    figures |= {"levels": len(levels[0]["bodies"]) if levels else 0, "grades": len(grades)}
    return [*levels, *outlines, *grades], figures


def _matches(readings: Readings) -> list[_Match]:
    layers = sorted({layer for reading in readings for layer in reading.content["layers"]})
    found: dict[tuple[Any, ...], _Match] = {}
    stacks = Stack.objects.filter(pk__in={entry["stack"] for reading in readings for entry in reading.content["stacks"]})
    for stack in stacks:
        spacing = Geometry.from_json(stack.geometry).spacing if stack.geometry else (1.0, 1.0, 1.0)
        keys = slice_keys(stack)
        for layer in layers:
            masks = [revision_mask(revision=reading, stack=stack, layer=layer) for reading in readings]
            for numbers in _matched(readings, layer, masks):
                segments = tuple(_segment(reading, layer, number) for reading, number in zip(readings, numbers, strict=True))
                match = found.setdefault((layer, *numbers), _Match(segments))
                for one, other in combinations(range(len(readings)), 2):
                    part = mask_agreement(_drawn(masks[one], numbers[one]), _drawn(masks[other], numbers[other]), spacing)
                    where = {"stack": str(stack.pk), "slice": keys[part["place"][0]] if part["place"] else None, "spacing": spacing}
                    match.parts.append({**part, **where, "sides": (one, other)})
    return [match for match in found.values() if match.segment]


def _drawn(mask: NDArray[np.uint8], number: int | None) -> NDArray[np.bool_]:
    return mask == number if number else np.zeros(mask.shape, dtype=bool)


def _matched(readings: Readings, layer: str, masks: list[NDArray[np.uint8]]) -> list[list[int | None]]:
    """Return for everything drawn in a layer of a stack its segment in each reading; None where it is not drawn.

    By overlap first; then by name, for what was drawn where the others did not look.
    """
    groups: list[list[int | None]] = []
    for at, mask in enumerate(masks):
        left = [int(number) for number in np.unique(mask) if number]
        for before in range(at):
            for first, second in pairs_of(masks[before], mask).items():
                group = next((known for known in groups if known[before] == first and known[at] is None), None)
                if group is not None and second in left:
                    group[at] = second
                    left.remove(second)
        named = {
            entry["structure"]: entry["id"] for entry in readings[at].content["segments"] if entry["layer"] == layer and entry["id"] in left
        }
        for group in groups:
            if group[at] is None:
                names = [_segment(reading, layer, number) for reading, number in zip(readings, group, strict=True)]
                other = next((named.pop(known["structure"]) for known in names if known and known["structure"] in named), None)
                if other is not None:
                    group[at] = other
                    left.remove(other)
        groups += [[number if index == at else None for index in range(len(masks))] for number in left]
    return groups


def _segment(reading: Revision, layer: str, number: int | None) -> Segment | None:
    for entry in reading.content["segments"]:
        if entry["layer"] == layer and entry["id"] == number:
            return {"id": entry["id"], "layer": layer, "structure": entry["structure"]}
    return None


def _outlines(matches: list[_Match]) -> tuple[list[Finding], dict[str, Any]]:
    found, per_structure = [], {}
    for match in matches:
        worst = _worst(match.parts)
        segment = match.segment
        kept = {name: worst[name] for name in ("dice", "worst_mm", "mean_mm", "place", "stack", "slice")}
        per_structure[segment["structure"]] = {"dice": worst["dice"], "worst_mm": worst["worst_mm"]}
        sides = range(len(match.segments))
        pairs = {(one, other): [part for part in match.parts if part["sides"] == (one, other)] for one, other in combinations(sides, 2)}
        apart = [is_apart({**_worst(parts), "ml": _volumes(parts)}, worst["spacing"]) for parts in pairs.values()]
        if not any(apart):
            continue
        kind = "outline" if all(match.segments) else "missing"
        numbers = ":".join(str(entry["id"]) if entry else "" for entry in match.segments)
        finding = {"id": f"{kind}:{segment['layer']}:{numbers}", "kind": kind, "structure": segment["structure"], **kept}
        finding |= dict(zip(SIDES, match.segments, strict=False))
        volumes = {
            side: volume for (one, other), parts in pairs.items() for side, volume in zip((one, other), _volumes(parts), strict=True)
        }
        finding["ml"] = [volumes[side] for side in sides]
        if len(pairs) > 1:
            finding["pairs"] = {
                SIDES[one] + SIDES[other]: {name: _worst(parts)[name] for name in ("dice", "worst_mm")}
                for (one, other), parts in pairs.items()
            }
        found.append(finding)
    found.sort(key=lambda finding: (finding["kind"] == "outline", -(finding["worst_mm"] or 0.0)))
    dices = [entry["dice"] for entry in per_structure.values()]
    mean = round(float(np.mean(dices)), 4) if dices else None
    return found, {"dice": mean, "structures": len(matches), "agreed": len(matches) - len(found), "per_structure": per_structure}


def _worst(parts: list[dict[str, Any]]) -> dict[str, Any]:
    drawn = [part for part in parts if any(part["ml"])] or parts
    return max(drawn, key=lambda part: (part["worst_mm"] is None, part["worst_mm"] or 0.0, 1 - part["dice"]))


def _volumes(parts: list[dict[str, Any]]) -> list[float]:
    return [round(sum(part["ml"][side] for part in parts), 3) for side in (0, 1)]


def _levels(readings: Readings, matches: list[_Match]) -> tuple[list[Finding], list[dict[str, str]]]:
    """Return the one finding about levels, if they differ, and for each reading which of its bodies is which of ``a``."""
    bodies = [reading.content["ladder"].get("bodies", []) for reading in readings]
    by_segment = {body["segment"]: body["id"] for body in bodies[0]}
    by_name = {body["name"]: body["id"] for body in bodies[0]}
    sites: list[dict[str, str]] = []
    for at, own in enumerate(bodies):
        same = {
            entry["id"]: first["id"]
            for match in matches
            if (entry := match.segments[at]) and (first := match.segments[0]) and entry["layer"] == "instances"
        }
        places = {body["id"]: by_segment.get(same.get(body["segment"]), by_name.get(body["name"])) for body in own}
        sites.append({mine: there if there is not None else mine for mine, there in places.items()})
    names: dict[str, tuple[str | None, ...]] = {
        f"{first['layer']}:{first['id']}": tuple(entry["structure"] if entry else None for entry in match.segments)
        for match in matches
        if (first := match.segments[0]) and any(match.segments[1:])
    }
    differ = level_differences(names)
    variants = [reading.content["ladder"].get("variant") for reading in readings]
    if not differ and (None in variants or all(variant == variants[0] for variant in variants)):
        return [], sites
    finding: Finding = {"id": "levels", "kind": "levels", "bodies": differ, "names": names, "variants": variants}
    for side, own, moved in zip(SIDES, bodies, sites, strict=False):
        theirs = {moved[body["id"]]: body["name"] for body in own}
        finding[side] = [theirs.get(body["id"], body["name"]) for body in bodies[0]]
    if len(readings) > 2:
        says = [(finding[side], [each[at] or each[0] for each in names.values()], variants[at]) for at, side in enumerate(SIDES)]
        finding["majority"] = held_by_most(says)
    return [finding], sites


def _body_name(readings: Readings, site: str) -> str | None:
    body = site.partition("/")[0]
    for reading in readings:
        for entry in reading.content["ladder"].get("bodies", []):
            if entry["id"] == body:
                return str(entry["name"]) if entry["name"] else None
    return None
