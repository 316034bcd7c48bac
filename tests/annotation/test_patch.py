"""The patch codec against the cases that the browser runs too, and its laws."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annotation.geometry.patch import BadPatch, OldValueMismatch, patch_apply, patch_between, patch_decode, patch_encode
from config.errors import Invalid
from storage.envelope import envelope_decode, envelope_split

CASES = json.loads((Path(__file__).parents[1] / "contract" / "patch.json").read_text())


def named(kind: list[dict]) -> list:
    return [pytest.param(case, id=case["name"]) for case in kind]


def before_of(case: dict) -> np.ndarray:
    if case.get("before") is not None:
        flat = np.frombuffer(bytes.fromhex(case["before"]), dtype=np.uint8)
    else:
        flat = np.concatenate([np.full(length, value, dtype=np.uint8) for value, length in case["beforeRuns"]])
    return flat.reshape(case["rows"], case["columns"])


def digest(plane: np.ndarray) -> str:
    return hashlib.sha256(plane.tobytes()).hexdigest()


@pytest.mark.parametrize("case", named(CASES["apply"]))
def test_patch_turns_before_into_after_and_back(case):
    before = before_of(case)
    patch = patch_decode(bytes.fromhex(case["body"]), before.size)
    after = patch_apply(before, patch)
    assert digest(before) == case["beforeDigest"]
    assert digest(after) == case["afterDigest"]
    assert patch_encode(patch).hex() == case["body"]
    assert patch_encode(patch.inverse()).hex() == case["inverseBody"]
    assert digest(patch_apply(after, patch.inverse())) == case["beforeDigest"]
    assert patch_encode(patch_between(before, after)).hex() == case["body"]


@pytest.mark.parametrize("case", named(CASES["mustFail"]))
def test_bad_bytes_are_refused_with_their_reason(case):
    with pytest.raises(BadPatch) as caught:
        patch_decode(bytes.fromhex(case["body"]), case["rows"] * case["columns"])
    assert caught.value.reason == case["reason"]


@pytest.mark.parametrize("case", named(CASES["mismatch"]))
def test_another_old_value_is_refused_and_named(case):
    before = before_of(case)
    with pytest.raises(OldValueMismatch) as caught:
        patch_apply(before, patch_decode(bytes.fromhex(case["body"]), before.size))
    assert (caught.value.pixel, caught.value.expected, caught.value.found) == (case["pixel"], case["expected"], case["found"])


def test_numbers_are_written_as_agreed():
    for number, text in CASES["varints"]:
        if number == 0:
            continue
        body = bytes.fromhex(text) + bytes([1, 0, 1])
        assert patch_decode(body, number + 1).starts.tolist() == [number]


def split(bundle: bytes) -> tuple[dict, list[bytes]]:
    header, rest = envelope_decode(bundle)
    return header, envelope_split(rest, [piece["length"] for op in header["ops"] for piece in op.get("slices", [])])


@pytest.mark.parametrize("case", named(CASES["envelope"]["good"]))
def test_bundle_gives_its_header_and_bodies(case):
    header, bodies = split(base64.b64decode(case["bundle"]))
    assert header == case["header"]
    assert [body.hex() for body in bodies] == case["bodies"]


@pytest.mark.parametrize("case", named(CASES["envelope"]["bad"]))
def test_bad_bundle_is_refused(case):
    with pytest.raises(Invalid) as caught:
        split(base64.b64decode(case["bundle"]))
    assert caught.value.code == case["code"]


planes = arrays(np.uint8, (6, 7), elements=st.integers(0, 3))


@given(before=planes, after=planes)
def test_any_change_survives_the_wire_and_is_undone(before, after):
    body = patch_encode(patch_between(before, after))
    patch = patch_decode(body, before.size)
    assert np.array_equal(patch_apply(before, patch), after)
    assert np.array_equal(patch_apply(after, patch.inverse()), before)


@given(data=st.binary(max_size=60))
def test_any_bytes_are_a_patch_or_refused(data):
    try:
        patch = patch_decode(data, 400)
    except BadPatch:
        return
    assert patch_encode(patch) == data
    assert patch.pixels <= 400
