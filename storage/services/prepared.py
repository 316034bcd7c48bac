"""An object on its way through the door: what it became in memory, and what became of it in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.dicom.door import Passed
from storage.dicom.reasons import REASONS, Reason
from storage.models import ImportBatch, Source


@dataclass(frozen=True)
class Outcome:
    """What became of an object: ``status`` is stored, duplicate, refused or quarantined; ``code`` names the reason, if any."""

    status: str
    code: str = ""
    instance_id: str | None = None
    series_id: str | None = None
    notes: frozenset[str] = frozenset()

    @property
    def reason(self) -> Reason | None:
        return REASONS.get(self.code)

    @property
    def dimse_status(self) -> int:
        return self.reason.status if self.reason else 0x0000

    @property
    def is_safe(self) -> bool:
        """Whether the sender may forget its copy: the bytes are durable here."""
        return self.status != "refused"


@dataclass(frozen=True)
class Held:
    """What a quarantine row needs, the digest of the sealed bytes apart. ``former_key`` is what ``source_key`` would have been in versions before."""

    code: str
    size: int
    key_id: str
    source_key: str
    former_key: str = ""
    study_key: str = ""
    instance_key: str = ""
    modality: str = ""
    sop_class_uid: str = ""
    elements: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Prepared:
    """An object that passed the door, or is held back, or was decided already.

    ``content`` is what is still to be written; once it is durable it is named by ``digest``, has ``written`` bytes, and is let go.
    """

    size: int
    seconds: float
    ordinal: int | None
    outcome: Outcome | None = None
    passed: Passed | None = None
    held: Held | None = None
    content: bytes = field(default=b"", repr=False)
    digest: str = ""
    written: int = 0


Group = tuple[Source, ImportBatch, Sequence[Prepared]]


def is_same(row: Mapping[str, Any], passed: Passed) -> bool:
    """The same object again: the same received bytes, or another encoding of the same header that cleaned to the same pixels."""
    return row["source_key"] == passed.source_key or (bool(passed.pixel_digest) and row["pixel_digest"] == passed.pixel_digest)
