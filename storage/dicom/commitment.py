"""Storage Commitment Push Model (PS3.4 J.3): what a request asks about, and what an answer says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

SOP_CLASS = "1.2.840.10008.1.20.1"
SOP_INSTANCE = "1.2.840.10008.1.20.1.1"
REQUEST = 1
ALL_STORED, SOME_FAILED = 1, 2
"""Event types of PS3.4 J.3.3."""

NOT_HERE, UNDECIDED, OTHER_CLASS = 0x0112, 0x0110, 0x0119
"""Failure reasons of PS3.3 C.14.1.1: no such object instance, processing failure, class / instance conflict."""


@dataclass(frozen=True)
class Asked:
    """The transaction, and (SOP class, SOP instance) of each object asked about: original UIDs, so never logged and stored sealed only."""

    transaction: str
    references: tuple[tuple[str, str], ...]


def asked_of(information: Dataset) -> Asked:
    """Return what an N-ACTION asks. Raises ``ValueError`` when it names no transaction or no object; the text holds no value."""
    transaction = str(information.get("TransactionUID", "") or "").strip(" \0")
    references = tuple(
        (str(item.get("ReferencedSOPClassUID", "") or ""), str(item.get("ReferencedSOPInstanceUID", "") or "").strip(" \0"))
        for item in information.get("ReferencedSOPSequence", None) or []
    )
    if not transaction or not references or any(not uid for _, uid in references):
        raise ValueError("A storage commitment needs a transaction and at least one object.")
    return Asked(transaction, references)


def answer_of(asked: Asked, reasons: Sequence[int | None]) -> tuple[int, Dataset]:
    """Return event type and event information; ``reasons`` is None for what is stored, else a failure reason, in the order asked."""
    answer = Dataset()
    answer.TransactionUID = asked.transaction
    stored: list[Dataset] = []
    failed: list[Dataset] = []
    for (sop_class, uid), reason in zip(asked.references, reasons, strict=True):
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
        if reason is not None:
            item.FailureReason = reason
        (stored if reason is None else failed).append(item)
    if stored:
        answer.ReferencedSOPSequence = Items(stored)
    if failed:
        answer.FailedSOPSequence = Items(failed)
    return (SOME_FAILED if failed else ALL_STORED), answer
