"""Columna's signature: an Ed25519 key made once, in the key folder."""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings


@lru_cache(maxsize=4)
def _load(path: Path) -> Ed25519PrivateKey:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(text)
            os.fsync(handle.fileno())
        try:
            os.link(temporary, path)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} holds no Ed25519 key.")
    return key


def _private() -> Ed25519PrivateKey:
    return _load(settings.ENVIRONMENT.keys / "signing.pem")


def sign(data: bytes) -> str:
    """Return the Ed25519 signature (RFC 8032) of the bytes as 128 hex digits."""
    return _private().sign(data).hex()


def public_key_pem() -> str:
    """Return the public key that verifies what :func:`sign` made."""
    return _private().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def author_key(user_id: object) -> str:
    """Return the pseudonym under which a reader appears in manifests: a keyed hash, the same in every version."""
    secret = _private().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return "reader-" + hmac.new(secret, f"columna author {user_id}".encode(), hashlib.sha256).hexdigest()[:16]
