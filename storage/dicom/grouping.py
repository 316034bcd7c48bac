"""From the instances of a series to stacks: frames that share one grid, in order, or the reason why they do not.

Slices are ordered by the dot product of position and normal, never by instance number or file name. A series may hold
several stacks: a localizer, several echoes, axial stacks tilted along each disc.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from storage.dicom.geometry import Geometry, plane_of
from storage.dicom.layout import is_projection

Json = dict[str, Any]
_SAME_DIRECTION = 1e-3
_SAME_PLACE = 0.01
"""mm; two slices nearer than this lie at the same place."""
_TILT = 0.5
"""degrees between the step from slice to slice and the normal; more is a sheared grid."""
_SPLIT_GAP = 2.5
_SMALLEST_PART = 3
_SKIPPED_CLASSES = frozenset(
    {"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7", "1.2.840.10008.5.1.4.1.1.481.2", "1.2.840.10008.5.1.4.1.1.66"}
)
_CINE = frozenset({"US", "XA", "RF", "IVUS", "ES", "XC"})
_KEYS = ("stack", "type", "image_type", "echo", "b", "temporal", "acquisition", "trigger")

REASONS = {
    "no_position": "The images carry no position in space.",
    "no_spacing": "The images carry no pixel spacing.",
    "irregular_gap": "The distance between slices is not the same everywhere; a slice may be missing.",
    "duplicate_position": "Two or more slices lie at the same place and nothing tells them apart.",
    "gantry_tilt": "The slices are sheared against each other (gantry tilt).",
    "localizer": "A localizer: planes for planning, not a volume.",
    "single_slice": "A single image.",
    "projection": "A projection has no depth.",
    "cine": "Frames that follow each other in time, not in space.",
    "colour": "Colour images are shown as a stack.",
}


@dataclass(frozen=True)
class Member:
    """An instance as grouping needs it: its row's id, blob digest, SOP class and layout."""

    instance: str
    digest: str
    sop_class: str
    layout: Json


@dataclass(frozen=True)
class Frame:
    member: Member
    number: int
    position: tuple[float, float, float] | None
    orientation: tuple[float, ...] | None
    spacing: tuple[float, float] | None
    keys: dict[str, Any]

    @property
    def order(self) -> tuple[int, int, str]:
        return (self.member.layout.get("number") or 0, self.number, self.member.digest)


@dataclass(frozen=True)
class StackSpec:
    """A stack to be. ``code`` names why it is no volume; ``flags`` holds what readers should know (localizer, tilt in degrees)."""

    kind: str
    plane: str
    rows: int
    columns: int
    frames: tuple[Frame, ...]
    geometry: Geometry | None = None
    code: str = ""
    flags: Json = field(default_factory=dict)

    @property
    def reason(self) -> str:
        return REASONS.get(self.code, "")

    @property
    def slices(self) -> list[Json]:
        return [
            {
                "instance": frame.member.instance,
                "digest": frame.member.digest,
                "frame": frame.number,
                "position": list(frame.position) if frame.position else None,
            }
            for frame in self.frames
        ]


def stacks_of(members: Sequence[Member]) -> tuple[list[StackSpec], set[str]]:
    """Return the stacks of a series in a stable order, and the codes of what was found on the way."""
    members = [member for member in members if member.layout.get("rows") and member.sop_class not in _SKIPPED_CLASSES]
    stacks: list[StackSpec] = []
    frames: list[Frame] = []
    for member in members:
        if _is_film(member):
            stacks.append(_flat([Frame(member, n + 1, None, None, None, {}) for n in range(member.layout["numberOfFrames"])]))
        else:
            frames += _frames(member)
    found: set[str] = set()
    placed = [frame for frame in frames if frame.position and frame.orientation]
    loose = [frame for frame in frames if not (frame.position and frame.orientation)]
    for group in _by(loose, lambda frame: (*_size(frame), frame.member.layout["photometric"])):
        stacks += _without_position(group)
    stacks += _with_position(placed, found)
    stacks.sort(key=lambda spec: (bool(spec.flags.get("localizer")), spec.frames[0].order))
    return stacks, found


def _is_film(member: Member) -> bool:
    layout = member.layout
    return layout["numberOfFrames"] > 1 and not layout["enhanced"]


def _frames(member: Member) -> list[Frame]:
    layout = member.layout
    shared = {"image_type": "\\".join(layout["imageType"]), "acquisition": layout.get("acquisition")}
    return [
        Frame(
            member,
            index + 1,
            tuple(entry["p"]) if entry["p"] else None,
            tuple(entry["o"]) if entry["o"] else None,
            tuple(entry["s"]) if entry["s"] else None,
            {**shared, **entry["k"]},
        )
        for index, entry in enumerate(layout["frames"])
    ]


def _size(frame: Frame) -> tuple[int, int]:
    return frame.member.layout["rows"], frame.member.layout["columns"]


def _by(frames: Iterable[Frame], key: Callable[[Frame], Any]) -> list[list[Frame]]:
    groups: dict[Any, list[Frame]] = defaultdict(list)
    for frame in frames:
        groups[key(frame)].append(frame)
    return list(groups.values())


def _flat(frames: list[Frame]) -> StackSpec:
    layout = frames[0].member.layout
    cine = layout["modality"] in _CINE or bool(layout.get("frameTime"))
    plane = "projection" if layout["modality"] in ("XA", "RF") else "unknown"
    return StackSpec("cine" if cine else "stack", plane, *_size(frames[0]), tuple(frames), code="cine" if cine else "no_position")


def _without_position(frames: list[Frame]) -> list[StackSpec]:
    frames = sorted(frames, key=lambda frame: frame.order)
    if is_projection(frames[0].member.layout):
        return [StackSpec("single", "projection", *_size(frame), (frame,), code="projection") for frame in frames]
    if len(frames) == 1:
        return [StackSpec("single", "unknown", *_size(frames[0]), tuple(frames), code="no_position")]
    return [StackSpec("stack", "unknown", *_size(frames[0]), tuple(frames), code="no_position")]


def _with_position(frames: list[Frame], found: set[str]) -> list[StackSpec]:
    localizers = [frame for frame in frames if _is_localizer(frame)]
    images = [frame for frame in frames if not _is_localizer(frame)]
    if localizers and images:
        found.add("localizer")
    specs: list[StackSpec] = []
    for group in _by_orientation(localizers):
        specs.append(_plain(sorted(group, key=_along(group)), "localizer", {"localizer": True}))
    groups = _by_orientation(images)
    if len({_direction_class(group) for group in groups}) > 1:
        found.add("mixed_orientation")
    for group in groups:
        for part in _told_apart(group):
            for piece in _split_at_gaps(part):
                specs.append(_grid(piece, found))
    return specs


def _is_localizer(frame: Frame) -> bool:
    return any(
        word in ("LOCALIZER", "LOCALISER", "SCOUT", "TOPOGRAM", "SURVEY")
        for word in str(frame.keys.get("type") or frame.keys["image_type"]).upper().split("\\")
    )


def _by_orientation(frames: list[Frame]) -> list[list[Frame]]:
    """Group by sides, spacing and direction cosines within 1e-3."""
    groups: list[list[Frame]] = []
    for frame in sorted(frames, key=lambda frame: frame.order):
        for group in groups:
            if _same_plane(group[0], frame):
                group.append(frame)
                break
        else:
            groups.append([frame])
    return groups


def _same_plane(one: Frame, other: Frame) -> bool:
    if _size(one) != _size(other) or (one.spacing is None) != (other.spacing is None):
        return False
    if one.spacing and other.spacing and not np.allclose(one.spacing, other.spacing, rtol=1e-4, atol=1e-5):
        return False
    return bool(np.abs(np.subtract(one.orientation, other.orientation)).max() < _SAME_DIRECTION)  # type: ignore[arg-type]


def _direction_class(group: list[Frame]) -> tuple[float, ...]:
    return tuple(np.round(group[0].orientation or (), 2))


def _normal(frames: Sequence[Frame]) -> np.ndarray[Any, Any]:
    orientation = np.mean([frame.orientation or () for frame in frames], axis=0)
    row = orientation[:3] / np.linalg.norm(orientation[:3])
    normal = np.cross(row, orientation[3:])
    return np.asarray(normal / np.linalg.norm(normal))


def _along(frames: Sequence[Frame]) -> Callable[[Frame], tuple[float, tuple[int, int, str]]]:
    normal = _normal(frames)
    return lambda frame: (float(np.dot(frame.position or (0, 0, 0), normal)), frame.order)


def _has_duplicates(frames: list[Frame]) -> bool:
    normal = _normal(frames)
    places = sorted(float(np.dot(frame.position or (0, 0, 0), normal)) for frame in frames)
    return any(after - before < _SAME_PLACE for before, after in itertools.pairwise(places))


def _told_apart(frames: list[Frame]) -> list[list[Frame]]:
    """Split slices that lie at the same place by the first thing that tells them apart: echo, b value, time point and so on."""
    if not _has_duplicates(frames):
        return [frames]
    for count in (1, 2):
        for first in range(len(_KEYS)):
            for second in range(first, len(_KEYS)) if count == 2 else (first,):
                names = {_KEYS[first], _KEYS[second]}
                groups = _by(frames, lambda frame, names=names: tuple(str(frame.keys.get(name)) for name in sorted(names)))  # type: ignore[misc]
                if len(groups) > 1 and not any(_has_duplicates(group) for group in groups):
                    return groups
    return [frames]


def _split_at_gaps(frames: list[Frame]) -> list[list[Frame]]:
    """Split where the distance is far more than the usual one and both sides are stacks of their own."""
    frames = sorted(frames, key=_along(frames))
    normal = _normal(frames)
    places = np.array([np.dot(frame.position or (0, 0, 0), normal) for frame in frames])
    gaps = np.diff(places)
    if len(frames) < 2 * _SMALLEST_PART or not len(gaps) or gaps.min() < _SAME_PLACE:
        return [frames]
    usual = float(np.median(gaps))
    cuts = [int(index) + 1 for index in np.flatnonzero(gaps > _SPLIT_GAP * usual)]
    edges = [0, *cuts, len(frames)]
    parts = [frames[start:end] for start, end in itertools.pairwise(edges)]
    return parts if all(len(part) >= _SMALLEST_PART for part in parts) else [frames]


def _plain(frames: list[Frame], code: str, flags: Json | None = None) -> StackSpec:
    plane = plane_of(_normal(frames)) if frames[0].orientation else "unknown"
    kind = "single" if len(frames) == 1 else "stack"
    return StackSpec(kind, plane, *_size(frames[0]), tuple(frames), code=code, flags=flags or {})


def _grid(frames: list[Frame], found: set[str]) -> StackSpec:
    """Return a volume, or a stack with the reason why it is none."""
    frames = sorted(frames, key=_along(frames))
    layout = frames[0].member.layout
    if len(frames) == 1:
        code = "projection" if is_projection(layout) else "single_slice"
        return _plain(frames, code)
    if frames[0].spacing is None or frames[0].member.layout["frames"][0].get("from") == "imager":
        return _plain(frames, "no_spacing")
    if layout["samples"] != 1:
        return _plain(frames, "colour")
    positions = np.array([frame.position for frame in frames])
    normal = _normal(frames)
    steps = np.diff(positions, axis=0)
    gaps = steps @ normal
    if gaps.min() < _SAME_PLACE:
        found.add("inconsistent_geometry")
        return _plain(frames, "duplicate_position")
    mean = float(gaps.mean())
    allowed = max(0.01 * mean, _SAME_PLACE)
    expected = np.arange(len(frames)) * mean
    if np.abs(gaps - mean).max() > allowed or np.abs((positions - positions[0]) @ normal - expected).max() > 2 * allowed:
        found.add("inconsistent_geometry")
        return _plain(frames, "irregular_gap")
    whole = positions[-1] - positions[0]
    tilt = math.degrees(math.acos(min(1.0, float(whole @ normal) / float(np.linalg.norm(whole)))))
    aside = np.linalg.norm(steps - np.outer(gaps, normal), axis=1).max()
    if tilt > _TILT:
        found.add("gantry_tilt")
        return _plain(frames, "gantry_tilt", {"tilt": round(tilt, 3)})
    if aside > max(_SAME_PLACE, math.tan(math.radians(2 * _TILT)) * mean):
        found.add("inconsistent_geometry")
        return _plain(frames, "irregular_gap")
    try:
        geometry = _geometry(frames, mean)
    except ValueError:
        found.add("inconsistent_geometry")
        return _plain(frames, "no_position")
    return StackSpec("volume", geometry.plane, *_size(frames[0]), tuple(frames), geometry=geometry)


def _geometry(frames: list[Frame], gap: float) -> Geometry:
    orientation = np.array(frames[0].orientation, dtype=float)
    row = orientation[:3] / np.linalg.norm(orientation[:3])
    column = orientation[3:] - row * float(orientation[3:] @ row)
    column = column / np.linalg.norm(column)
    spacing = frames[0].spacing or (1.0, 1.0)
    position = frames[0].position or (0.0, 0.0, 0.0)

    def three(values: Any) -> tuple[float, float, float]:
        return float(values[0]), float(values[1]), float(values[2])

    return Geometry(three(position), three(row), three(column), (gap, spacing[0], spacing[1]), (len(frames), *_size(frames[0])))
