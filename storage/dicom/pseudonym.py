"""Pseudonyms: keyed hashes that stay the same in every study, on every day and node, and mean nothing without the key."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 10
_LONGEST_SHIFT = 20_000
"""Days, about 55 years; long enough that two patients of a project hardly ever share an offset."""


@dataclass(frozen=True)
class Pseudonyms:
    """Everything that hangs on the project's key; ``site_key`` only makes the fold.

    All methods are HMAC-SHA-256 over a label and the value. Keys are 32 bytes and never leave the key folder.
    """

    project_key: bytes
    site_key: bytes
    sealed_fraction: float = 0.3
    validation_fraction: float = 0.1

    def _mac(self, label: str, *parts: str) -> bytes:
        message = "\x1f".join((label, *parts)).encode("utf-8", "surrogateescape")
        return hmac.digest(self.project_key, message, hashlib.sha256)

    def patient_key(self, issuer: str, patient_id: str) -> str:
        """Return 64 hex digits for a patient; issuer and id are trimmed, nothing else is folded, so distinct ids stay distinct."""
        return self._mac("patient", issuer.strip(), patient_id.strip()).hex()

    def pseudonym(self, patient_key: str) -> str:
        """Return ``SP-`` and ten characters (49 bits) for a :meth:`patient_key`."""
        number = int.from_bytes(self._mac("pseudonym", patient_key), "big")
        text = ""
        for _ in range(_LENGTH):
            number, digit = divmod(number, len(_ALPHABET))
            text += _ALPHABET[digit]
        return f"SP-{text}"

    def uid(self, original: str) -> str:
        """Return ``2.25.`` and a 122-bit number in the form of a version 8 UUID (PS3.5 B.2, RFC 9562), at most 44 characters."""
        raw = bytearray(self._mac("uid", original.strip(" \0"))[:16])
        raw[6] = (raw[6] & 0x0F) | 0x80
        raw[8] = (raw[8] & 0x3F) | 0x80
        return f"2.25.{int.from_bytes(raw, 'big')}"

    def days(self, patient_key: str) -> int:
        """Return how many whole days the dates of a patient move: always back, never zero."""
        return -(1 + int.from_bytes(self._mac("days", patient_key)[:8], "big") % _LONGEST_SHIFT)

    def source_key(self, digest: bytes) -> str:
        """Return 64 hex digits for the SHA-256 of received bytes, so that they can be recognised but not looked up elsewhere."""
        return self._mac("source", digest.hex()).hex()

    def lookup(self, kind: str, value: str) -> str:
        return self._mac(f"lookup-{kind}", value).hex()

    def fold(self, issuer: str, patient_id: str) -> str:
        """Return ``sealed``, ``validation`` or ``train`` under the *site* key: the same in every project of the site."""
        message = "\x1f".join(("fold", issuer.strip(), patient_id.strip())).encode("utf-8", "surrogateescape")
        share = int.from_bytes(hmac.digest(self.site_key, message, hashlib.sha256)[:8], "big") / 2**64
        if share < self.sealed_fraction:
            return "sealed"
        return "validation" if share < self.sealed_fraction + self.validation_fraction else "train"


@dataclass(frozen=True)
class KeyRing:
    """A project's pseudonyms under each of its keys. ``known`` are the keys of patients who came in before, whichever made them."""

    newest: Pseudonyms
    older: tuple[Pseudonyms, ...] = ()
    known: frozenset[str] = frozenset()

    def of(self, issuer: str, patient_id: str) -> Pseudonyms:
        """Return the pseudonyms of a patient: those they are known under, else the newest."""
        return next((one for one in self.older if one.patient_key(issuer, patient_id) in self.known), self.newest)
