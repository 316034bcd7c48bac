"""What is known of the patient from the header itself: the words that must not survive anywhere else in the object."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from storage.dicom.memory import Memory

_MEMORIES = 4
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_IDEOGRAPHIC = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_TITLES = frozenset(
    {"dr", "prof", "mr", "mrs", "ms", "md", "phd", "herr", "frau", "med", "jr", "sr", "von", "van", "de", "der", "la", "le", "el", "al"}
)
_COMMON = frozenset(
    {"unknown", "anonymous", "none", "anon", "test", "na", "not", "available", "hospital", "clinic", "center", "centre", "street", "road"}
)


def fold(text: str) -> str:
    """Return the text in lower case without diacritics: ``Müller`` → ``muller``; ``ß`` → ``ss``, ``ø`` → ``o``."""
    text = text.casefold().translate(_STROKES)
    return "".join(character for character in unicodedata.normalize("NFKD", text) if not unicodedata.combining(character))


_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


@dataclass
class KnownIdentity:
    """Words, phrases and ideographic runs, all folded. Matching is by whole words: a short surname never eats part of a longer one.

    ``places`` are the words of addresses and institutions that no clinical vocabulary explains.
    """

    words: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    phrases: set[str] = field(default_factory=set)
    ideographs: set[str] = field(default_factory=set)
    cleaned: dict[tuple[str, int, str], str] = field(default_factory=dict, repr=False, compare=False)
    """Texts that were cleaned for this patient: the slices of a series say the same again and again."""
    memories: dict[Hashable, Memory] = field(default_factory=dict, repr=False, compare=False)
    """What was done to whole elements, by all that it depends on beside what is known here."""

    def memory_of(self, context: Hashable) -> Memory:
        """Return what is remembered under a context: profile, keys, patient, encodings."""
        found = self.memories.get(context)
        if found is None:
            if len(self.memories) >= _MEMORIES:
                self.memories.clear()
            found = self.memories[context] = Memory()
        return found

    def add_name(self, value: str) -> None:
        """A person name, in all its component groups and components (PS3.5 6.2.1)."""
        for part in re.split(r"[\^=\\]", value):
            self._add_ideographs(part)
            folded = fold(part)
            for word in _WORD.findall(folded):
                if len(word) > 1 and word not in _TITLES and word not in _COMMON:
                    self.words.add(word)
                    self.words.add(word.replace("'", "").replace("’", "").replace("-", ""))
                    self.words.update(piece for piece in re.split(r"[-'’]", word) if len(piece) > 2)
            german = fold(part.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue"))
            if german != folded:
                self.words.update(word for word in _WORD.findall(german) if len(word) > 1)

    def add_identifier(self, value: str) -> None:
        """An identifier of the patient, the visit or the order."""
        for part in value.split("\\"):
            folded = fold(part.strip())
            plain = re.sub(r"[\W_]+", "", folded)
            if len(plain) < 3 or folded in _COMMON:
                continue
            self.phrases.add(folded)
            self.words.add(plain)
            self.words.update(run for run in re.findall(r"\d+", folded) if len(run) > 3)

    def add_date(self, value: str) -> None:
        digits = value.strip()[:8]
        if len(digits) == 8 and digits.isdigit():
            self.words.update({digits, digits[6:8] + digits[4:6] + digits[:4], digits[4:6] + digits[6:8] + digits[:4], digits[2:]})

    def add_place(self, value: str) -> None:
        """An address, institution, telephone number or e-mail: the phrase, its lines, its own words and its long numbers."""
        from storage.dicom.descriptor import VOCABULARY

        for part in re.split(r"[\\\r\n,;]+", value):
            folded = fold(part.strip())
            if len(folded) > 3 and folded not in _COMMON:
                self.phrases.add(folded)
            self.places.update(word for word in _WORD.findall(folded) if len(word) > 3 and word not in VOCABULARY and word not in _COMMON)
            self._add_ideographs(part)
        self.words.update(run for run in re.findall(r"\d+", value) if len(run) > 3)

    def _add_ideographs(self, text: str) -> None:
        self.ideographs.update(run for run in _IDEOGRAPHIC.findall(text) if len(run) > 1)

    def has(self, word: str) -> bool:
        """Whether this word is one of the patient's, also with digits before or after it (``99EBERSFELD``)."""
        folded = fold(word)
        bare = folded.strip("0123456789")
        return any(
            form in self.words or form in self.places for form in (folded, re.sub("['’-]", "", folded), bare if len(bare) > 3 else folded)
        )

    def found_in(self, text: str) -> bool:
        """Whether any known word, phrase or ideographic run stands in the text."""
        if not text or not (self.words or self.phrases or self.ideographs):
            return False
        if any(run in text for run in self.ideographs):
            return True
        folded = fold(text)
        if any(self.has(word) for word in _WORD.findall(folded)):
            return True
        spaced = re.sub(r"[\s_]+", " ", folded)
        return any(re.search(rf"(?<![^\W_]){re.escape(phrase)}(?![^\W_])", spaced) for phrase in self.phrases if phrase in spaced)

    def update(self, others: Iterable[KnownIdentity]) -> None:
        for other in others:
            self.words |= other.words
            self.places |= other.places
            self.phrases |= other.phrases
            self.ideographs |= other.ideographs

    @cached_property
    def residue(self) -> re.Pattern[str] | None:
        """What finds a long word of the patient, in lower case, that no clinical vocabulary explains; None when there is none."""
        from storage.dicom.descriptor import VOCABULARY

        return _any_of(word for word in self.words if len(word) > 4 and word not in VOCABULARY and not word.isdigit())

    @cached_property
    def residue_in_bytes(self) -> re.Pattern[str] | None:
        """The same for tables and profiles, where no clinical text stands: places and long numbers as well."""
        from storage.dicom.descriptor import VOCABULARY

        return _any_of(word for word in self.words | self.places if len(word) > (5 if word.isdigit() else 4) and word not in VOCABULARY)


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    pattern = "|".join(re.escape(word) for word in sorted(words))
    return re.compile(rf"(?<![^\W_])(?:{pattern})(?![^\W_])") if pattern else None


@lru_cache(maxsize=32)
def known_of(said: tuple[tuple[str, str], ...]) -> KnownIdentity:
    """Return what is known from (kind, text) pairs as a header gives them. Nobody may change it: the objects of a study share it."""
    known = KnownIdentity()
    add = {"name": known.add_name, "identifier": known.add_identifier, "place": known.add_place, "date": known.add_date}
    for kind, text in said:
        add[kind](text)
    return known
