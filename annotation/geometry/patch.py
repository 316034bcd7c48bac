"""A patch: what one stroke changed in one slice, as runs over the flattened row-major slice of uint8 segment ids.

On the wire a patch is unsigned LEB128 numbers in groups of four: ``gap, length, old, new``. ``gap`` counts pixels from the
end of the run before (from pixel 0 for the first), ``length`` is at least 1, ``old`` and ``new`` are 0..255. Numbers are
written in their shortest form and fit in 32 bits. No bytes at all is the empty patch. The browser's twin is
``frontend/src/geometry/patch.ts``; both run ``tests/contract/patch.json``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_BYTES = 5
"""A 32-bit number takes at most five LEB128 bytes."""


class BadPatch(ValueError):
    """The bytes are not a patch of a slice of this size. ``reason`` is a stable word for programs."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class OldValueMismatch(ValueError):
    """The slice does not hold what the patch says it held: the writer saw another state."""

    def __init__(self, pixel: int, expected: int, found: int) -> None:
        super().__init__(f"Pixel {pixel} holds {found}, and the patch expects {expected}.")
        self.pixel = pixel
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Patch:
    """Runs in rising order without overlap. ``starts`` and ``lengths`` are int64 pixels; ``old`` and ``new`` uint8 segment ids."""

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    old: NDArray[np.uint8]
    new: NDArray[np.uint8]

    @property
    def pixels(self) -> int:
        """How many pixels the runs cover."""
        return int(self.lengths.sum())

    def inverse(self) -> Patch:
        """Return the patch that takes this one back: old and new change places."""
        return Patch(self.starts, self.lengths, self.new, self.old)

    def indices(self) -> NDArray[np.int64]:
        """Return the flat index of every covered pixel, in order."""
        ends = np.cumsum(self.lengths)
        return np.arange(self.pixels, dtype=np.int64) + np.repeat(self.starts - (ends - self.lengths), self.lengths)


def patch_decode(data: bytes, size: int) -> Patch:
    """Return the patch in ``data`` for a slice of ``size`` = rows × columns pixels.

    Raises :class:`BadPatch`: ``truncated`` (ends inside a number), ``overlong`` (not the shortest form, or over 32 bits),
    ``incomplete`` (not in groups of four), ``empty_run``, ``value_range`` (a value over 255), ``out_of_bounds`` (past the slice).
    """
    numbers = _varints(data)
    if numbers.size % 4:
        raise BadPatch("incomplete", f"A run is four numbers; {numbers.size} numbers were sent.")
    gaps, lengths, old, new = numbers.reshape(-1, 4).T
    if (lengths == 0).any():
        raise BadPatch("empty_run", "A run of no pixels is not a run.")
    if (old > 255).any() or (new > 255).any():
        raise BadPatch("value_range", "Segment ids are 0 to 255.")
    ends = np.cumsum(gaps + lengths)
    if ends.size and int(ends.max()) > size:
        raise BadPatch("out_of_bounds", f"A run ends at pixel {int(ends.max())}; the slice has {size}.")
    return Patch(ends - lengths, lengths, old.astype(np.uint8), new.astype(np.uint8))


def patch_encode(patch: Patch) -> bytes:
    """Return the wire form of a patch."""
    ends = patch.starts + patch.lengths
    gaps = patch.starts - np.concatenate(([0], ends[:-1])) if ends.size else ends
    numbers = np.stack([gaps, patch.lengths, patch.old.astype(np.int64), patch.new.astype(np.int64)], axis=1).ravel()
    return _varint_bytes(numbers)


def patch_between(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Patch:
    """Return the patch that turns one slice [row, column] of segment ids into another: as few runs as there can be."""
    if before.shape != after.shape:
        raise ValueError(f"The slices differ in shape: {before.shape} and {after.shape}.")
    flat_old, flat_new = before.ravel(), after.ravel()
    changed = np.flatnonzero(flat_old != flat_new)
    if not changed.size:
        nothing = np.empty(0, dtype=np.int64)
        return Patch(nothing, nothing, nothing.astype(np.uint8), nothing.astype(np.uint8))
    old, new = flat_old[changed], flat_new[changed]
    breaks = (np.diff(changed) != 1) | (old[1:] != old[:-1]) | (new[1:] != new[:-1])
    first = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    lengths = np.diff(np.concatenate((first, [changed.size])))
    return Patch(changed[first].astype(np.int64), lengths.astype(np.int64), old[first], new[first])


def patch_apply(plane: NDArray[np.uint8], patch: Patch) -> NDArray[np.uint8]:
    """Return a new slice with the patch applied; ``plane`` [row, column] uint8 stays as it is.

    Raises :class:`OldValueMismatch` at the first pixel that does not hold its old value; nothing is applied then.
    """
    result = plane.copy()
    flat = result.reshape(-1)
    where = patch.indices()
    expected = np.repeat(patch.old, patch.lengths)
    wrong = flat[where] != expected
    if wrong.any():
        first = int(np.argmax(wrong))
        raise OldValueMismatch(int(where[first]), int(expected[first]), int(flat[where[first]]))
    flat[where] = np.repeat(patch.new, patch.lengths)
    return result


def _varints(data: bytes) -> NDArray[np.int64]:
    raw = np.frombuffer(data, dtype=np.uint8)
    if not raw.size:
        return np.empty(0, dtype=np.int64)
    if raw[-1] & 0x80:
        raise BadPatch("truncated", "The patch ends inside a number.")
    ends = np.flatnonzero((raw & 0x80) == 0)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if int(lengths.max()) > MAX_BYTES or ((lengths > 1) & (raw[ends] == 0)).any():
        raise BadPatch("overlong", "Numbers are written in their shortest form and fit in 32 bits.")
    numbers = np.zeros(ends.size, dtype=np.int64)
    for byte in range(MAX_BYTES):
        has = lengths > byte
        numbers[has] |= (raw[starts[has] + byte].astype(np.int64) & 0x7F) << (7 * byte)
    if int(numbers.max()) > 0xFFFFFFFF:
        raise BadPatch("overlong", "Numbers are written in their shortest form and fit in 32 bits.")
    return numbers


def _varint_bytes(numbers: NDArray[np.int64]) -> bytes:
    lengths = np.ones(numbers.size, dtype=np.int64)
    for byte in range(1, MAX_BYTES):
        lengths += numbers >= (1 << (7 * byte))
    starts = np.cumsum(lengths) - lengths
    result = np.zeros(int(lengths.sum()), dtype=np.uint8)
    for byte in range(MAX_BYTES):
        has = lengths > byte
        more = np.where(lengths[has] > byte + 1, 0x80, 0)
        result[starts[has] + byte] = ((numbers[has] >> (7 * byte)) & 0x7F) | more
    return result.tobytes()
