"""Verifying Ed25519 signatures (RFC 8032, section 5.1.7) with the standard library alone. Verifying needs no secret, so no constant time."""

from __future__ import annotations

import base64
import hashlib
from typing import NamedTuple

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_PREFIX = bytes.fromhex("302a300506032b6570032100")
"""SubjectPublicKeyInfo of an Ed25519 key (RFC 8410, section 4), up to the 32 bytes of the key."""


class _Point(NamedTuple):
    """Extended homogeneous coordinates: x = X/Z, y = Y/Z, T = XY/Z."""

    x: int
    y: int
    z: int
    t: int


def _add(a: _Point, b: _Point) -> _Point:
    """RFC 8032, section 5.1.4."""
    m, n = (a.y - a.x) * (b.y - b.x) % _P, (a.y + a.x) * (b.y + b.x) % _P
    c, d = 2 * a.t * b.t * _D % _P, 2 * a.z * b.z % _P
    e, f, g, h = n - m, d - c, d + c, n + m
    return _Point(e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(scalar: int, point: _Point) -> _Point:
    result = _Point(0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _same(a: _Point, b: _Point) -> bool:
    return (a.x * b.z - b.x * a.z) % _P == 0 and (a.y * b.z - b.y * a.z) % _P == 0


def _recover(y: int, sign: int) -> int | None:
    """Return the x of a point with this y (RFC 8032, section 5.1.3), or None when there is none."""
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if square == 0:
        return None if sign else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P:
        return None
    return _P - x if x & 1 != sign else x


def _decode(data: bytes) -> _Point | None:
    number = int.from_bytes(data, "little")
    y = number & (2**255 - 1)
    x = _recover(y, number >> 255)
    return None if x is None else _Point(x, y, 1, x * y % _P)


_Y = 4 * pow(5, _P - 2, _P) % _P
_X = _recover(_Y, 0) or 0
_BASE = _Point(_X, _Y, 1, _X * _Y % _P)


def verifies(*, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether ``signature`` (64 bytes) over ``message`` was made by the owner of ``public_key`` (32 bytes)."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a, r = _decode(public_key), _decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= _L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % _L
    return _same(_times(s, _BASE), _add(r, _times(k, a)))


def key_of_pem(text: str) -> bytes:
    """Return the 32 bytes of a PEM public key. Raises ``ValueError`` when it holds no Ed25519 key."""
    lines = [line for line in text.strip().splitlines() if not line.startswith("-----")]
    data = base64.b64decode("".join(lines), validate=True)
    if not data.startswith(_PREFIX) or len(data) != len(_PREFIX) + 32:
        raise ValueError("This is no Ed25519 public key.")
    return data[len(_PREFIX) :]
