"""The envelope of bundles."""

from __future__ import annotations

import pytest

from config.errors import Invalid
from storage.envelope import envelope_decode, envelope_encode, envelope_split


def test_header_and_bodies_come_back():
    header, rest = envelope_decode(envelope_encode({"lengths": [3, 0, 2], "word": "Wirbel – größer"}, [b"abc", b"", b"de"]))
    assert header["word"] == "Wirbel – größer"
    assert envelope_split(rest, header["lengths"]) == [b"abc", b"", b"de"]


def test_the_layout_is_little_endian_length_then_json_then_bodies():
    assert envelope_encode({"n": 1}, [b"xy"]) == b"\x07\x00\x00\x00" + b'{"n":1}' + b"xy"


@pytest.mark.parametrize(
    "data", [b"", b"\x01\x00", b"\xff\xff\xff\xff{}", b"\x02\x00\x00\x00{", b"\x02\x00\x00\x00[]", b"\x02\x00\x00\x00\xff\xff"]
)
def test_what_is_not_an_envelope_is_refused(data):
    with pytest.raises(Invalid) as refused:
        envelope_decode(data)
    assert refused.value.code == "bad_envelope"


@pytest.mark.parametrize("lengths", [[2], [4], [-1, 4], ["3"], [True, 2], [1, 1]])
def test_lengths_must_add_up(lengths):
    with pytest.raises(Invalid):
        envelope_split(memoryview(b"abc"), lengths)
