"""A reading: everything an author says of a case besides the voxels, and how an operation changes it.

One operation log carries all of it. A kind of operation is one pure function from the reading before to the reading after
and to its own inverse; a new kind is one entry in :data:`REDUCERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from annotation.geometry.grades import grades_apply
from annotation.geometry.ladder import ladder_apply
from annotation.geometry.measurement import measurements_apply
from annotation.geometry.refusal import Refused
from annotation.geometry.segments import Segment, segments_apply


@dataclass(frozen=True)
class Reading:
    segments: list[Segment] = field(default_factory=list)
    ladder: dict[str, Any] = field(default_factory=dict)
    measurements: list[dict[str, Any]] = field(default_factory=list)
    grades: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """What the protocol allows. ``layers`` maps its structure codes to their layer, ``schema`` all codes of the schema, and
    ``categories`` codes to categories; ``is_empty`` says whether a segment has no voxels. ``forms`` are the forms that are
    graded, by code. ``author`` and ``at`` (ISO 8601) say who acts and when."""

    layers: Mapping[str, str]
    schema: Mapping[str, str]
    categories: Mapping[str, str]
    is_empty: Callable[[str, int], bool]
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    author: str = ""
    at: str = ""


Reducer = Callable[[Reading, Mapping[str, Any], Rules], tuple[Reading, dict[str, Any]]]


def _segments(reading: Reading, operation: Mapping[str, Any], rules: Rules) -> tuple[Reading, dict[str, Any]]:
    table, was = segments_apply(reading.segments, operation, layers=rules.layers, is_empty=rules.is_empty)
    return replace(reading, segments=table), was


def _ladder(reading: Reading, operation: Mapping[str, Any], rules: Rules) -> tuple[Reading, dict[str, Any]]:
    ladder, segments, was = ladder_apply(reading.ladder, reading.segments, operation, rules.layers, rules.schema)
    return replace(reading, ladder=ladder, segments=segments), was


def _measurements(reading: Reading, operation: Mapping[str, Any], rules: Rules) -> tuple[Reading, dict[str, Any]]:
    bodies = {body["id"] for body in reading.ladder.get("bodies", [])}
    items, was = measurements_apply(reading.measurements, operation, bodies=bodies, author=rules.author, at=rules.at)
    return replace(reading, measurements=items), was


def _grades(reading: Reading, operation: Mapping[str, Any], rules: Rules) -> tuple[Reading, dict[str, Any]]:
    bodies = {body["id"] for body in reading.ladder.get("bodies", [])}
    grades, was = grades_apply(reading.grades, operation, forms=rules.forms, bodies=bodies, author=rules.author, at=rules.at)
    return replace(reading, grades=grades), was


REDUCERS: dict[str, Reducer] = {"segments": _segments, "ladder": _ladder, "measurements": _measurements, "grades": _grades}
"""Kind of operation → its function. Patches are not here: they change voxels (:mod:`annotation.geometry.patch`)."""

FIELDS: dict[str, tuple[str, ...]] = {
    "segments": ("set", "remove"),
    "measurements": ("set", "remove"),
    "grades": ("set", "clear"),
    "ladder": ("action", "body", "name", "by", "anchor", "variant", "evidence", "unsure", "ladder", "segments"),
}
"""Kind of operation → what it carries besides id, kind, undoes, tool and time; nothing else is kept."""


def reading_apply(reading: Reading, operation: Mapping[str, Any], rules: Rules) -> tuple[Reading, dict[str, Any]]:
    """Return the reading after the operation, and ``was``: the fields of an operation of the same kind that takes it back.

    Raises :class:`Refused`.
    """
    reducer = REDUCERS.get(str(operation.get("kind")))
    if reducer is None:
        raise Refused("bad_operation", f"{operation.get('kind')!r} is not a kind of operation.", bad=True)
    return reducer(reading, operation, rules)
