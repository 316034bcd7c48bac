"""Slices of a series are cheap because what they repeat is remembered, and because most are walked, not read: neither changes a byte."""

import os
import secrets as random_seed
from dataclasses import replace

import pytest

from storage.dicom.door import pass_parsed
from storage.dicom.known_identity import known_of
from storage.dicom.memory import Done, Memory
from storage.dicom.parse import parse, read
from storage.dicom.profile import Profile
from storage.dicom.pseudonym import Pseudonyms
from storage.dicom.reasons import Rejected
from tests.storage.corpus import patient

KEYS = Pseudonyms(b"p" * 32, b"s" * 32)
HEADERS = replace(Profile(), clean_pixel_data=False)
OTHER = replace(HEADERS, version=2, dates="full", retain_device_identity=True, retain_institution_identity=True, retain_safe_private=False)
FRESH = int(os.environ.get("COLUMNA_TEST_SEED", random_seed.randbelow(10**9)))


def through(parsed, profile=HEADERS):
    passed = pass_parsed(parsed, profile=profile, pseudonyms=KEYS)
    return {name: value for name, value in vars(passed).items() if name != "source_key"}


@pytest.fixture(scope="module")
def objects():
    return [(kind, data) for seed in range(FRESH, FRESH + 3) for kind, data, _ in patient(seed).objects]


def test_walked_and_remembered_gives_what_reading_each_alone_gives(objects):
    alone = []
    for _kind, data in objects:
        known_of.cache_clear()
        alone.append(through(read(data)))
    known_of.cache_clear()
    assert [through(parse(data)) for _kind, data in objects] == alone
    assert [through(parse(data)) for _kind, data in reversed(objects)] == alone[::-1]


def test_what_is_remembered_under_one_profile_is_not_used_under_another(objects):
    known_of.cache_clear()
    for _kind, data in objects:
        through(parse(data))
        warm = through(parse(data), OTHER)
        known_of.cache_clear()
        assert warm == through(parse(data), OTHER)


def test_what_is_remembered_under_one_key_is_not_used_under_another(objects):
    _kind, data = objects[0]
    ours, theirs = (pass_parsed(parse(data), profile=HEADERS, pseudonyms=keys) for keys in (KEYS, Pseudonyms(b"q" * 32, b"s" * 32)))
    assert not set(ours.uids.values()) & set(theirs.uids.values())
    assert ours.pseudonym != theirs.pseudonym


def test_every_object_of_the_corpus_is_walked(objects):
    """Else the tests above would compare reading with itself."""
    assert {kind for kind, data in objects if parse(data).whole is None} == {kind for kind, _data in objects}


@pytest.mark.filterwarnings("ignore")
def test_a_flipped_byte_is_judged_as_reading_judges_it(objects):
    """What the walk accepts, pydicom reads to the same elements; what it does not, it leaves to pydicom."""
    walked_ones = 0
    for place in range(140, 700, 5):
        data = bytearray(objects[place % len(objects)][1])
        data[place] ^= 0xFF
        try:
            walked = parse(bytes(data))
        except Rejected:
            continue
        if walked.whole is None:
            walked_ones += 1
            assert walked.dataset == read(bytes(data)).dataset
    assert walked_ones > 20


def test_memory_does_not_grow_for_ever():
    memory = Memory()
    for number in range(5000):
        memory.put((number,), Done(None, (), {}, []))
        memory.add_harmless([("LO", b"%d" % number)])
    assert len(memory.done) < 1000
    assert len(memory.harmless) < 1000
