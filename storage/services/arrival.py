"""Which series are to be assembled now: those that have gone quiet, and those that arrive for so long that people should see them already.

Quietness is measured by a clock that only runs forward: setting the machine's clock neither hurries nor holds up anything.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from django.conf import settings

from jobs.models import Job
from storage.models import Series, Stack

_MOST = 2000


Thing = TypeVar("Thing", bound=Hashable)


class Quiet(Generic[Thing]):
    """Remembers how far things had come, and since when they have come no further."""

    def __init__(self) -> None:
        self._seen: dict[Thing, tuple[Hashable, float, float]] = {}

    def look(self, things: Iterable[tuple[Thing, Hashable]], now: float | None = None) -> dict[Thing, tuple[float, float]]:
        """Given (thing, how far it has come), return per thing for how many seconds it has come no further, and since when it is known.

        Things that are not named are forgotten. ``now`` is a monotonic time in seconds.
        """
        now = time.monotonic() if now is None else now
        present: dict[Thing, tuple[Hashable, float, float]] = {}
        for thing, state in things:
            before = self._seen.get(thing)
            first = before[2] if before else now
            present[thing] = (state, before[1], first) if before and before[0] == state else (state, now, first)
        self._seen = present
        return {thing: (now - since, now - first) for thing, (_, since, first) in present.items()}


@dataclass(frozen=True)
class Waiting:
    """``first_look`` says that more is expected: what is assembled now is shown, and grows."""

    series: Series
    first_look: bool


def series_waiting(*, quiet: Quiet[UUID], limit: int = 200) -> list[Waiting]:
    """Return series to assemble: nothing came for ``COLUMNA_STUDY_IDLE_SECONDS``, or they have been arriving for
    ``COLUMNA_STUDY_FIRST_LOOK_SECONDS`` and nothing of them is shown yet."""
    environment = settings.ENVIRONMENT
    rows = Series.objects.awaiting_assembly().order_by("last_received_at").values_list("pk", "received", "revision")[:_MOST]
    found = quiet.look((pk, (received, revision)) for pk, received, revision in rows)
    shown = {pk for pk, _, revision in rows if revision}
    idle = {pk for pk, (silent, _) in found.items() if silent >= environment.study_idle_seconds}
    early = {pk for pk, (_, known) in found.items() if known >= environment.study_first_look_seconds and pk not in shown} - idle
    chosen = Series.objects.filter(pk__in=[*idle, *early]).select_related("project").order_by("last_received_at")[:limit]
    return [Waiting(series, first_look=series.pk in early) for series in chosen]


def study_is_settling(*, study_id: UUID) -> bool:
    """Return whether slices of the study are still to be put together or to be rendered: what is made of it now would soon be made again.

    A stack whose frames cannot be made holds up nothing (:func:`stacks_given_up`).
    """
    if Series.objects.awaiting_assembly().filter(study=study_id).exists():
        return True
    waiting = list(Stack.objects.current().filter(series__study=study_id, ready_at=None).exclude(flags__has_key="frames_failed"))
    return len(waiting) > len(_given_up(waiting))


def stacks_given_up() -> list[Stack]:
    """Return the stacks for which nobody makes frames any more, because the work failed or was cancelled, and which are not named so yet."""
    waiting = Stack.objects.current().filter(ready_at=None, series__study__subject__withdrawn_at=None)
    return _given_up(waiting.exclude(flags__has_key="frames_failed").select_related("series").order_by("pk")[:_MOST])


def _given_up(waiting: Iterable[Stack]) -> list[Stack]:
    by_key = {f"frames:{stack.pk}": stack for stack in waiting}
    over = Job.objects.filter(dedupe_key__in=list(by_key), state__in=[Job.State.FAILED, Job.State.CANCELLED])
    return [by_key[key] for key in over.values_list("dedupe_key", flat=True) if key in by_key]
