"""What was done to elements before: the slices of a series say the same again and again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_MOST = 600
"""Enough for some fifty slices of a series; what repeats is soon back."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one element: VR and value bytes (None: it was removed), what was counted, which UID became which, its row of the report."""

    result: tuple[str, bytes] | None
    counts: tuple[tuple[str, int], ...]
    uids: dict[str, str]
    row: list[str]


@dataclass
class Memory:
    """What was done under one profile, for one patient, in one encoding of text and numbers: nothing else may decide what becomes of an
    element. ``harmless`` are results in which no word of the patient was found.

    It is emptied when it is full, so a process that runs for ever does not grow.
    """

    done: dict[tuple[Any, ...], Done] = field(default_factory=dict)
    harmless: set[tuple[str, bytes]] = field(default_factory=set)

    def get(self, key: tuple[Any, ...]) -> Done | None:
        return self.done.get(key)

    def put(self, key: tuple[Any, ...], done: Done) -> None:
        if len(self.done) >= _MOST:
            self.done.clear()
        self.done[key] = done

    def is_harmless(self, result: tuple[str, bytes]) -> bool:
        return result in self.harmless

    def add_harmless(self, results: list[tuple[str, bytes]]) -> None:
        if len(self.harmless) + len(results) > _MOST:
            self.harmless.clear()
        self.harmless.update(results)
