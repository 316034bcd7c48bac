"""Which process takes the next association: the one that has the fewest.

The processes of a listener share a page of memory in which each writes how many associations it has. One that has more than another
leaves a caller to that other for a moment; if nobody takes it, it takes it itself, so a process that hangs costs a moment only.
"""

from __future__ import annotations

import mmap
import os
import struct
import time

_SLOT = struct.Struct("=i")
_MOMENT, _LOOK = 0.1, 0.002
"""Seconds. Shared memory wakes nobody, so whoever stands back looks again every ``_LOOK``, and for ``_MOMENT`` at most."""
_ABSENT = -1


def spread_page(processes: int) -> int:
    """Return the descriptor of a page for so many processes, none of them there yet. Children inherit it."""
    descriptor = os.memfd_create("columna-spread")
    os.write(descriptor, _SLOT.pack(_ABSENT) * processes)
    return descriptor


def spread_leave(page: int, place: int) -> None:
    """Say that the process at a place is gone, so that nobody leaves a caller to it."""
    os.pwrite(page, _SLOT.pack(_ABSENT), place * _SLOT.size)


class Spread:
    """One process's place on the page; without a page it is alone."""

    def __init__(self, page: int | None = None, place: int = 0) -> None:
        self._counts: dict[int, int] = {}
        self._offset = place * _SLOT.size
        self._page = mmap.mmap(page, 0) if page is not None else None

    def say(self, listener: int, associations: int) -> None:
        """Write how many associations a listener of this process has; a process may have several."""
        self._counts[listener] = associations
        if self._page is not None:
            _SLOT.pack_into(self._page, self._offset, sum(self._counts.values()))

    def stand_back(self) -> None:
        """Return when it is this process's turn to take a caller, or when a moment has passed."""
        until = time.monotonic() + _MOMENT
        while not self.is_next() and time.monotonic() < until:
            time.sleep(_LOOK)

    def is_next(self) -> bool:
        """Return whether no process that is there has fewer associations."""
        if self._page is None:
            return True
        present = [count for (count,) in _SLOT.iter_unpack(self._page[:]) if count != _ABSENT]
        return sum(self._counts.values()) <= min(present, default=0)
