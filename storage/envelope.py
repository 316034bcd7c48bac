"""The binary envelope of bundles, both ways: ``u32 little-endian header length | UTF-8 JSON header | bodies``.

The header says what the bodies are and how long each is; which key holds the lengths is the matter of the endpoint.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from config.errors import Invalid

MEDIA_TYPE = "application/vnd.columna.bundle"
HEADER_LIMIT = 16 * 1024**2


def envelope_head(header: dict[str, Any]) -> bytes:
    """Return the length and the header, after which the bodies follow: for answers that stream their bodies."""
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    return struct.pack("<I", len(text)) + text


def envelope_encode(header: dict[str, Any], bodies: Iterable[bytes] = ()) -> bytes:
    return b"".join([envelope_head(header), *bodies])


def envelope_decode(data: bytes) -> tuple[dict[str, Any], memoryview]:
    """Return the header and what follows it. Raises :class:`Invalid` (``bad_envelope``) when it is cut short or not JSON."""
    if len(data) < 4:
        raise Invalid("The bundle ends before its header.", code="bad_envelope")
    (length,) = struct.unpack_from("<I", data)
    if length > HEADER_LIMIT or len(data) < 4 + length:
        raise Invalid("The bundle's header is longer than the bundle.", code="bad_envelope")
    try:
        header = json.loads(bytes(data[4 : 4 + length]))
    except ValueError:
        raise Invalid("The bundle's header is not JSON.", code="bad_envelope") from None
    if not isinstance(header, dict):
        raise Invalid("The bundle's header is not a JSON object.", code="bad_envelope")
    return header, memoryview(data)[4 + length :]


def envelope_split(rest: memoryview, lengths: Sequence[int]) -> list[bytes]:
    """Cut what follows the header into bodies. The lengths must add up to it exactly, else :class:`Invalid` (``bad_envelope``)."""
    if any(not isinstance(length, int) or isinstance(length, bool) or length < 0 for length in lengths) or sum(lengths) != len(rest):
        raise Invalid("The lengths in the bundle's header do not add up to its bodies.", code="bad_envelope")
    bodies, start = [], 0
    for length in lengths:
        bodies.append(bytes(rest[start : start + length]))
        start += length
    return bodies
