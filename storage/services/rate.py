"""How many images a source may send now: a bucket of a minute's images that refills evenly, by a clock that only runs forward.

Setting the machine's clock neither opens nor shuts it, and no minute's border lets twice as much through. All processes of one machine
share the bucket; machines that share a database have one each. The formula is the generic cell rate algorithm (ITU-T I.371, annex A).
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from storage.models import SourceRate

if TYPE_CHECKING:
    from storage.models import Source

_WINDOW = 60.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_FORGOTTEN_AFTER = timedelta(days=1)


@lru_cache(maxsize=1)
def clock_name() -> str:
    """Return the name of the clock of :func:`time.monotonic`: of this start of the machine, or of this process where that is not told."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return uuid.uuid4().hex


def rate_room(*, source: Source, now: float | None = None) -> int | None:
    """Return how many images the source may send at once now; None when it has no limit. ``now`` is a monotonic time in seconds."""
    if source.rate_limit is None:
        return None
    until = SourceRate.objects.filter(source=source, clock=clock_name()).values_list("until", flat=True).first()
    owed = 0.0 if until is None else max(0.0, until - (time.monotonic() if now is None else now))
    return max(0, int(source.rate_limit * (1 - owed / _WINDOW) + 1e-6))


def rate_spend(*, source: Source, count: int, now: float | None = None) -> None:
    """Note that ``count`` images were taken from the source. Call it in the transaction that takes them."""
    if not source.rate_limit or not count:
        return
    now = time.monotonic() if now is None else now
    place: dict[str, Any] = {"source": source, "clock": clock_name()}
    _, new = SourceRate.objects.get_or_create(**place)
    cost = count * _WINDOW / source.rate_limit
    SourceRate.objects.filter(**place).update(until=Greatest(F("until"), now) + cost, seen_at=timezone.now())
    if new:
        SourceRate.objects.filter(source=source, seen_at__lt=timezone.now() - _FORGOTTEN_AFTER).delete()
