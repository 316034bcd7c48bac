"""Grades: a form's answer at a site of the spine. An untouched site is "not graded", never "normal".

``grades`` is {form: {site: {"value", "modifiers", "status", "by", "at"}}}. Sites hang on the ladder's bodies by their id, so a
renumbering moves them along: ``study``, ``<body>`` (the vertebra), ``<body>/disc`` (the disc below it), ``<body>/disc/left``,
``<body>/disc/upper``. A proposal is hollow (status ``proposed``) until a person sets the site themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from annotation.geometry.refusal import Refused

SPECIAL = ("not_assessable", "not_present")
"""Answers that every form has besides its own, both told apart from a missing one."""
PARTS: dict[str, tuple[str, ...]] = {
    "study": ("",),
    "vertebra": ("",),
    "disc": ("/disc",),
    "disc_side": ("/disc/left", "/disc/right"),
    "endplate": ("/disc/upper", "/disc/lower"),
}
"""Scope of a form → what follows the body's id in its sites. The disc's upper endplate belongs to the vertebra above."""

Form = Mapping[str, Any]
Grades = dict[str, dict[str, dict[str, Any]]]


def sites_of(form: Form, bodies: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the sites at which a form is answered, in order down the spine and by the form's levels.

    Discs exist between two bodies of the ladder: the lowest body has one only when the ladder says so (``disc``).
    """
    if form["scope"] == "study":
        return ["study"]
    listed = list(bodies)
    found = []
    for index, body in enumerate(listed):
        between = index + 1 < len(listed) or body.get("disc") is not None
        right_level = not form.get("levels") or body.get("name") in form["levels"]
        if right_level and (form["scope"] == "vertebra" or between):
            found += [f"{body['id']}{part}" for part in PARTS[form["scope"]]]
    return found


def missing_of(forms: Mapping[str, Form], ladder: Mapping[str, Any], grades: Grades) -> list[dict[str, str]]:
    """Return the cells that nobody has confirmed: [{"form", "site"}], form by form."""
    cells = []
    for code, form in forms.items():
        for site in sites_of(form, ladder.get("bodies", [])):
            if grades.get(code, {}).get(site, {}).get("status") != "confirmed":
                cells.append({"form": code, "site": site})
    return cells


def grades_apply(
    grades: Grades, operation: Mapping[str, Any], *, forms: Mapping[str, Form], bodies: set[str], author: str, at: str
) -> tuple[Grades, dict[str, Any]]:
    """Return the grades after a ``grades`` operation, and what takes it back.

    ``operation["set"]``: [{"form", "site", "value", "modifiers"?, "status"?}], ``operation["clear"]``: [{"form", "site"}]. A value
    that the form has not raises :class:`Refused` ``unknown_value``; a site that is not in the ladder ``unknown_site``.
    """
    table: Grades = {code: dict(cells) for code, cells in grades.items()}
    was: dict[str, Any] = {"set": [], "clear": []}
    for sent in _entries(operation, "set"):
        form, site = _cell(sent, forms, bodies)
        _remember(was, table, form["code"], site)
        table.setdefault(form["code"], {})[site] = _answer(form, sent, author, at)
    for sent in _entries(operation, "clear"):
        form, site = _cell(sent, forms, bodies)
        if site in table.get(form["code"], {}):
            _remember(was, table, form["code"], site)
            del table[form["code"]][site]
    return {code: cells for code, cells in sorted(table.items()) if cells}, was


def _entries(operation: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = operation.get(name) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refused("bad_operation", f"'{name}' is a list of cells.", bad=True)
    return entries


def _remember(was: dict[str, Any], table: Grades, code: str, site: str) -> None:
    before = table.get(code, {}).get(site)
    if before is None:
        was["clear"].append({"form": code, "site": site})
    else:
        was["set"].append({"form": code, "site": site, **{name: before[name] for name in ("value", "modifiers", "status")}})


def _cell(sent: Mapping[str, Any], forms: Mapping[str, Form], bodies: set[str]) -> tuple[Form, str]:
    form = forms.get(str(sent.get("form")))
    if form is None:
        raise Refused("unknown_value", f"{sent.get('form')!r} is not a form of this protocol.", {"forms": sorted(forms)})
    site = str(sent.get("site"))
    body, slash, part = site.partition("/")
    good = site == "study" if form["scope"] == "study" else body in bodies and f"{slash}{part}" in PARTS[form["scope"]]
    if not good:
        message = f"{form['title']} is not answered at {site!r}."
        raise Refused("unknown_site", message, {"bodies": sorted(bodies), "parts": list(PARTS[form["scope"]])})
    return form, site


def _answer(form: Form, sent: Mapping[str, Any], author: str, at: str) -> dict[str, Any]:
    value = sent.get("value")
    values = [entry["value"] for entry in form["values"]]
    if value not in values and value not in SPECIAL:
        raise Refused("unknown_value", f"{value!r} is no answer of {form['title']}.", {"values": [*values, *SPECIAL]})
    modifiers = sent.get("modifiers") or {}
    allowed = {entry["code"]: [choice["value"] for choice in entry["values"]] for entry in form.get("modifiers", [])}
    if not isinstance(modifiers, dict) or any(name not in allowed or answer not in allowed[name] for name, answer in modifiers.items()):
        raise Refused("unknown_value", f"{form['title']} has other modifiers.", {"modifiers": allowed})
    proposed = sent.get("status") == "proposed"
    return {
        "value": value,
        "modifiers": dict(modifiers),
        "status": "proposed" if proposed else "confirmed",
        "by": None if proposed else author,
        "at": at,
    }
