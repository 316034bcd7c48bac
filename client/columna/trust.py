"""Believing a server: its signature over manifests, receipts and tombstones."""

from __future__ import annotations

import json
from typing import Any

from columna.ed25519 import key_of_pem, verifies
from columna.errors import IntegrityError


def check(*, what: str, message: bytes, signature: str, key_pem: str) -> None:
    """Raise :class:`IntegrityError` unless the owner of the key signed the message."""
    try:
        good = verifies(public_key=key_of_pem(key_pem), message=message, signature=bytes.fromhex(signature))
    except (ValueError, TypeError):
        good = False
    if not good:
        raise IntegrityError(f"The signature of the {what} does not verify with the key that was seen at login.")


def check_signed(*, what: str, answer: Any, key_pem: str) -> dict[str, Any]:
    """Return the content of ``{"content", "signature"}`` once its signature verified."""
    if not isinstance(answer, dict) or not isinstance(answer.get("content"), dict):
        raise IntegrityError(f"The {what} is not what it must be.")
    content: dict[str, Any] = answer["content"]
    message = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    check(what=what, message=message, signature=str(answer.get("signature", "")), key_pem=key_pem)
    return content


def buried(tombstones: dict[str, Any]) -> frozenset[str]:
    """Return the digests that tombstones name."""
    try:
        return frozenset(str(digest) for stone in tombstones["tombstones"] for digest in stone["digests"])
    except (KeyError, TypeError):
        raise IntegrityError("The tombstones are not what they must be.") from None
