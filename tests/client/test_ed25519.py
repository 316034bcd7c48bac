"""The client's own Ed25519 against the library that the server signs with, and against RFC 8032's vectors."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from columna.ed25519 import key_of_pem, verifies

VECTORS = [  # RFC 8032, section 7.1: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_standard_verify(key: str, message: str, signature: str):
    assert verifies(public_key=bytes.fromhex(key), message=bytes.fromhex(message), signature=bytes.fromhex(signature))


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_it_agrees_with_the_library_and_refuses_every_flipped_bit(seed: bytes, message: bytes, bit: int):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = private.sign(message)
    assert verifies(public_key=public, message=message, signature=signature)
    broken = bytearray(signature)
    broken[bit // 8] ^= 1 << bit % 8
    assert not verifies(public_key=public, message=message, signature=bytes(broken))
    assert not verifies(public_key=public, message=message + b"x", signature=signature)


def test_a_signature_with_a_scalar_beyond_the_order_is_refused():
    key, message, signature = (bytes.fromhex(part) for part in VECTORS[1])
    order = 2**252 + 27742317777372353535851937790883648493
    beyond = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert not verifies(public_key=key, message=message, signature=signature[:32] + beyond)


def test_keys_and_signatures_of_the_wrong_length_are_refused():
    assert not verifies(public_key=b"", message=b"", signature=bytes(64))
    assert not verifies(public_key=bytes(32), message=b"", signature=b"")


def test_a_pem_key_is_read_and_another_kind_refused():
    key = Ed25519PrivateKey.generate().public_key()
    text = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert key_of_pem(text) == key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    other = X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(ValueError, match="no Ed25519"):
        key_of_pem(other)
