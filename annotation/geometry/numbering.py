"""The names of a spine's levels, their variants, and the rules that a numbering must keep. Pure; the browser runs the same cases.

Names are codes of ``spine-core``: C1 … C7, T1 …, L1 …, SAC (the sacrum, with S1), S2 … S5, COC. A variant says how many
thoracic and lumbar vertebrae there are and whether the lumbosacral junction is transitional.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from annotation.geometry.refusal import Refused

NORMAL: dict[str, Any] = {"thoracic": 12, "lumbar": 5, "transition": None, "castellvi": None}
TRANSITIONS = (None, "sacralised", "lumbarised")
CASTELLVI = (None, "Ia", "Ib", "IIa", "IIb", "IIIa", "IIIb", "IV")
"""Castellvi et al. 1984: dysplastic, incomplete, complete (a one side, b both), mixed."""
COUNTED_FROM = ("C2", "rib", "iliolumbar", "sacrum", "localizer", "prior", "unsure")
"""What a numbering was counted from. Only C2 settles it; the others are conventions."""
SACRAL = ("SAC", "S2", "S3", "S4", "S5", "COC")


def variant_of(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variant with what was not sent as in :data:`NORMAL`. Raises :class:`Refused` ``bad_operation``."""
    variant = {**NORMAL, **{name: sent[name] for name in NORMAL if name in sent}}
    good = (
        variant["thoracic"] in (11, 12, 13)
        and variant["lumbar"] in (4, 5, 6)
        and variant["transition"] in TRANSITIONS
        and variant["castellvi"] in CASTELLVI
    )
    if not good or any(isinstance(variant[name], bool) for name in ("thoracic", "lumbar")):
        message = "A variant has 11 to 13 thoracic and 4 to 6 lumbar vertebrae, and a transition with its Castellvi type or none."
        raise Refused("bad_operation", message, bad=True)
    return variant


def variant_name(variant: Mapping[str, Any]) -> str:
    """Return the word that datasets carry: normal, T11, T13, L4, L6, sacralised, lumbarised, or several joined by ``+``."""
    words = []
    if variant["thoracic"] != 12:
        words.append(f"T{variant['thoracic']}")
    if variant["lumbar"] != 5:
        words.append(f"L{variant['lumbar']}")
    if variant["transition"]:
        words.append(str(variant["transition"]))
    return "+".join(words) or "normal"


def sequence(variant: Mapping[str, Any]) -> list[str]:
    """Return every name of this spine from the skull down."""
    cervical = [f"C{number}" for number in range(1, 8)]
    thoracic = [f"T{number}" for number in range(1, int(variant["thoracic"]) + 1)]
    lumbar = [f"L{number}" for number in range(1, int(variant["lumbar"]) + 1)]
    return [*cervical, *thoracic, *lumbar, *SACRAL]


def names_from(count: int, index: int, name: str, variant: Mapping[str, Any]) -> list[str]:
    """Return the names of ``count`` bodies from the skull down when the one at ``index`` is called ``name``.

    Raises :class:`Refused` ``out_of_levels`` when the chain does not fit, or the variant has no such name.
    """
    chain = sequence(variant)
    if name not in chain:
        raise Refused("out_of_levels", f"A spine of the variant {variant_name(variant)} has no {name}.", {"names": chain})
    start = chain.index(name) - index
    if start < 0 or start + count > len(chain):
        end = "skull" if start < 0 else "coccyx"
        raise Refused("out_of_levels", f"With this body called {name}, the others run past the {end}.", {"names": chain})
    return chain[start : start + count]


def numbering_check(ladder: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Return what is wrong with a ladder: [{"rule", "severity": "error"|"warning", "bodies": [ids]}], from the skull down.

    ``facts`` adds, per body id, what masks know: ``height`` (mm along the axis to the head, of the body's centre),
    ``disc_height`` (of the disc below it) and ``islands`` (separate parts of the body's mask). Rules: ``unnamed``,
    ``unknown_name``, ``duplicate``, ``order``, ``gap``, ``disc_place``, ``islands``, ``no_evidence``, ``unsure``.
    """
    bodies = list(ladder.get("bodies", []))
    facts = facts or {}
    chain = sequence(ladder.get("variant") or NORMAL)
    findings = _names(bodies, chain)
    findings += _places(bodies, facts)
    variant = variant_name(ladder.get("variant") or NORMAL)
    counted = (ladder.get("evidence") or {}).get("counted_from")
    if bodies and variant != "normal" and counted in (None, "unsure"):
        findings.append(_finding("no_evidence", "warning"))
    unsure = [body["id"] for body in bodies if body.get("unsure")]
    if unsure or ladder.get("unsure"):
        findings.append(_finding("unsure", "warning", unsure))
    return findings


def _finding(rule: str, severity: str, bodies: Sequence[str] = ()) -> dict[str, Any]:
    return {"rule": rule, "severity": severity, "bodies": list(bodies)}


def _names(bodies: list[dict[str, Any]], chain: list[str]) -> list[dict[str, Any]]:
    findings = []
    unnamed = [body["id"] for body in bodies if not body.get("name")]
    if unnamed:
        findings.append(_finding("unnamed", "error", unnamed))
    foreign = [body["id"] for body in bodies if body.get("name") and body["name"] not in chain]
    if foreign:
        findings.append(_finding("unknown_name", "error", foreign))
    known = [(body["id"], chain.index(body["name"])) for body in bodies if body.get("name") in chain]
    places = [place for _, place in known]
    twice = [body for body, place in known if places.count(place) > 1]
    if twice:
        findings.append(_finding("duplicate", "error", twice))
    for (upper, first), (lower, second) in pairwise(known):
        if second < first:
            findings.append(_finding("order", "error", [upper, lower]))
        elif second > first + 1:
            findings.append(_finding("gap", "error", [upper, lower]))
    return findings


def _places(bodies: list[dict[str, Any]], facts: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    findings = []
    heights = [(body["id"], facts.get(body["id"], {}).get("height")) for body in bodies]
    seen = [(body, float(height)) for body, height in heights if height is not None]
    for (upper, first), (lower, second) in pairwise(seen):
        if second >= first:
            findings.append(_finding("order", "error", [upper, lower]))
    height_of = dict(seen)
    for index, body in enumerate(bodies):
        following = bodies[index + 1] if index + 1 < len(bodies) else None
        disc = facts.get(body["id"], {}).get("disc_height")
        above = height_of.get(body["id"])
        below = height_of.get(following["id"]) if following else None
        if disc is not None and ((above is not None and disc >= above) or (below is not None and disc <= below)):
            findings.append(_finding("disc_place", "error", [body["id"], *([following["id"]] if following else [])]))
    broken = [body["id"] for body in bodies if int(facts.get(body["id"], {}).get("islands", 1)) > 1]
    if broken:
        findings.append(_finding("islands", "warning", broken))
    return findings
