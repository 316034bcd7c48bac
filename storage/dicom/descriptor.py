"""Free text: what may stay are words of the safe vocabulary, units and small numbers; everything else goes.

PS3.15 E.3.5 recommends to retain known-safe words rather than to hunt for unsafe ones. What the vocabulary allows is still
taken out when the header says that it is a name of this patient, or when a cue such as "Dr." stands before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from storage.dicom.known_identity import KnownIdentity, fold

_DATA = Path(__file__).parent / "data"


def _lines(name: str) -> frozenset[str]:
    text = (_DATA / name).read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


VOCABULARY = frozenset(fold(word) for word in _lines("vocabulary.txt"))
DEFINED_TERMS = _lines("defined_terms.txt")
EPONYMS = frozenset(fold(word) for word in _lines("eponyms.txt"))
_CLINICAL = frozenset(
    [
        "angle",
        "grade",
        "grading",
        "type",
        "disease",
        "syndrome",
        "fracture",
        "fractures",
        "sarcoma",
        "lymphoma",
        "class",
        "classification",
        "stage",
        "staging",
        "score",
        "stenosis",
        "node",
        "nodes",
        "nodule",
        "nodules",
        "changes",
        "change",
        "lesion",
        "lesions",
        "cyst",
        "cysts",
        "deformity",
        "malformation",
        "catheter",
        "rod",
        "rods",
        "wire",
        "wires",
        "criteria",
        "method",
        "line",
        "sign",
        "screw",
        "screws",
        "osteotomy",
        "pouch",
        "contracture",
        "palsy",
        "tumor",
        "tumour",
        "phenomenon",
        "test",
        "index",
        "law",
        "position",
        "ratio",
        "triad",
        "hernia",
        "point",
        "neuroma",
        "corner",
        "corners",
        "sachs",
        "petersen",
        "feil",
        "moe",
        "harris",
    ]
)
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[\W_]+", re.UNICODE)
_RUNS = re.compile(r"[^\W\d_]+|\d+", re.UNICODE)
_COUNTED = frozenset({"tr", "te", "ti", "b", "hu", "ms", "bvalue", "tau", "td", "tr=", "ww", "wl", "window", "level", "width", "center"})
_PATTERNS = re.compile(
    "|".join(
        (
            r"(?:https?|ftp)://\S+|www\.\S+",  # web addresses
            r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",  # mail addresses
            r"\b\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b",  # dates by numbers
            r"\b\d{1,2}(?:st|nd|rd|th|\.)?\s*(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zäé]*\.?,?\s*(?:\d{4}|\d{2})?\b",
            r"\b(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zäé]*\.?\s+\d{1,2}(?:st|nd|rd|th)?,?(?:\s+\d{2,4})?\b",
            r"\b\d{3}-\d{2}-\d{4}\b",  # social security numbers
            r"(?<![\w.])\+?\(?\d{2,4}\)?(?:[\s./-]+\(?\d{2,5}\)?){2,}\b",  # telephone numbers
            r"\b\d{1,5}\s+(?:[A-ZÀ-Ý][\w'’.-]*\s+){1,3}(?:st|street|ave|avenue|rd|road|lane|ln|dr|drive|blvd|way|court|ct|place|pl)\b\.?",
            r"\b[A-ZÀ-Ý][\w'’-]*(?:str|straße|strasse|gasse|weg|platz|gatan|vej|straat)\.?\s*\d+\w?\b",
            r"\b(?:rue|avenue|via|calle|plaza|piazza)\s+[\w'’ -]+?\s*\d+\b",
            r"\b(?:mrn|ssn|pid|acc|accession|patient\s*id|case|id|nr|no|phone|tel|fax|mobile|dob|born|geb)\b\.?\s*[:#=]\s*\S+(?:\s+\d\S*)*",
            r"\b\d{1,3}\s*(?:yo|y/o|yrs?|years?|jahre?|j\.|ans)\b(?:\s*old)?",  # ages
            r"\b(?:0?[1-9]\d|1[01]\d)\s?[yYmMfFwW]\b(?!\w)",  # 55F, 055Y
        )
    ),
    re.IGNORECASE,
)
_CUES = re.compile(
    r"(?:\b(?:[Dd]r|[Pp]rof|[Mm]rs|[Mm]me|[Mm]lle|[Dd]ott|[Ss]ra?|[Hh]err|[Ff]rau|DR|PROF|MRS|HERR|FRAU)\.(?!\d)\s*|\b(?:Dr|Prof|Mr|Mrs|Ms|Mme|Mlle|Dott|Sra|Herr|Frau|dr|prof|mrs|ms)\b\.?\s+"
    r"|\b(?:[Rr]eferred|[Rr]eported|[Rr]ead|[Dd]ictated|[Ss]igned|[Pp]erformed|[Ss]een|[Aa]ttending|[Oo]perator|[Tt]echnologist|[Rr]adiologist|[Pp]hysician|[Ss]urgeon|[Nn]urse)(?:\s+by)?\s*[:]?\s+(?=[A-ZÀ-Ý]))"
    r"(?:(?:[A-ZÀ-Ý]\.\s*)*[^\W\d_]+(?:[-'’][^\W\d_]+)*)(?:\s+(?:von|van|de|der|la|le|el|al)\s+[^\W\d_]+)?(?:[ ,]+(?:[A-ZÀ-Ý]\.|[A-ZÀ-Ý][^\W\d_A-ZÀ-Ý]+(?:[-'’][^\W\d_]+)*))?"
)
UID_IN_TEXT = re.compile(r"(?<![\d.])[0-2](?:\.(?:0|[1-9]\d*)){5,}(?![\d.])")


def clean(text: str, known: KnownIdentity, new_uid: Callable[[str], str] | None = None) -> str:
    """Return the words of a descriptor that may stay, in their order and spelling; line ends are kept, other gaps become one space.

    UIDs in the text are replaced by ``new_uid`` where it is given.
    """
    if not text.strip():
        return ""
    if not known.words and not known.phrases and not known.ideographs:
        return _clean_lines(text, None, new_uid)
    return _clean_lines(text, known, new_uid)


def _clean_lines(text: str, known: KnownIdentity | None, new_uid: Callable[[str], str] | None) -> str:
    return "\r\n".join(_clean_line(line, known, new_uid) for line in re.split(r"\r\n|\r|\n|\f", text)).strip()


@lru_cache(maxsize=20_000)
def _safe_of_itself(line: str) -> str:
    """The cleaned line as far as patterns, cues and vocabulary go; the same for every patient, so it is remembered."""
    return _by_vocabulary(_CUES.sub(" ", _PATTERNS.sub(" ", line)))


def _clean_line(line: str, known: KnownIdentity | None, new_uid: Callable[[str], str] | None) -> str:
    if new_uid is not None and (found := UID_IN_TEXT.search(line)):
        left = _clean_line(line[: found.start()], known, None)
        right = _clean_line(line[found.end() :], known, new_uid)
        return " ".join(part for part in (left, new_uid(found.group()), right) if part)
    if known is not None:
        for run in known.ideographs:
            line = line.replace(run, " ")
        if known.phrases:
            line = _without_phrases(line, known.phrases)
    cleaned = _safe_of_itself(line)
    if known is None or not cleaned:
        return cleaned
    kept = [token for token in _TOKEN.findall(cleaned) if not known.has(token)]
    return _tidy("".join(kept))


def _without_phrases(line: str, phrases: set[str]) -> str:
    folded = fold(line)
    if len(folded) != len(line):
        return " " if any(_stands_in(phrase, folded) for phrase in phrases) else line
    for phrase in sorted(phrases, key=len, reverse=True):
        while (start := _position(phrase, folded)) >= 0:
            end = start + len(phrase)
            line = f"{line[:start]}{' ' * len(phrase)}{line[end:]}"
            folded = f"{folded[:start]}{' ' * len(phrase)}{folded[end:]}"
    return line


def _position(phrase: str, text: str) -> int:
    found = re.search(rf"(?<![^\W_]){re.escape(phrase)}(?![^\W_])", text) if phrase in text else None
    return found.start() if found else -1


def _stands_in(phrase: str, text: str) -> bool:
    return _position(phrase, text) >= 0


def _by_vocabulary(line: str) -> str:
    tokens = _TOKEN.findall(line)
    words = [index for index, token in enumerate(tokens) if token[0].isalnum()]
    keep = set()
    for place, index in enumerate(words):
        before = [fold(tokens[other]) for other in words[max(0, place - 2) : place]]
        after = [fold(tokens[other]) for other in words[place + 1 : place + 3]]
        if _may_stay(tokens[index], before, after):
            keep.add(index)
    out: list[str] = []
    dropped = False
    for index, token in enumerate(tokens):
        if index in keep:
            out.append(" " if dropped and out else "")
            out.append(token)
            dropped = False
        elif token[0].isalnum():
            dropped = True
        elif not dropped:
            out.append(token if token.isascii() or token.strip() in "°µ×–·" else " ")
    return _tidy("".join(out))


def _may_stay(token: str, before: list[str], after: list[str]) -> bool:
    folded = fold(token)
    if folded in EPONYMS:
        return any(word.removesuffix("s") in _CLINICAL or word in _CLINICAL for word in (*before[-1:], *after))
    if folded in VOCABULARY or folded.removesuffix("'s").removesuffix("’s") in VOCABULARY:
        return True
    runs = _RUNS.findall(folded)
    if not runs:
        return False
    if all(run.isdigit() for run in runs):
        return len(folded) <= 3 or (len(folded) == 4 and bool(before) and before[-1] in _COUNTED)
    if len(runs) == 1:
        return len(folded) == 1 and folded.isascii()
    letters = [run for run in runs if not run.isdigit()]
    digits = [run for run in runs if run.isdigit()]
    if not all(run.isascii() and (len(run) <= 2 or run in VOCABULARY) for run in letters) or len(runs) > 4:
        return False
    return all(len(run) <= 3 or (len(run) == 4 and letters[0] in _COUNTED) for run in digits) and sum(map(len, digits)) <= 4


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\(\s*\)|\[\s*\]|\{\s*\}", " ", text)
    text = re.sub(r"\s+([,;:.)\]])", r"\1", text)
    text = re.sub(r"([(\[])\s+", r"\1", text)
    text = re.sub(r"\s{2,}", " ", text).strip(" ,;:-_/\\|^=&#'\"")
    return text.rstrip("([{ ").lstrip(")]}., ") if re.search(r"\w", text) else ""


def clean_loose(text: str, known: KnownIdentity) -> str:
    """For attributes that the device fills, never a person (model, software, kernel, coil): drop patterns, cues and known words only."""
    text = _CUES.sub(" ", re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b(?:19|20)\d{2}[-./]\d{1,2}[-./]\d{1,2}\b|(?<!\d)\d{7,}(?!\d)", " ", text))
    if known.found_in(text):
        text = "".join(token for token in _TOKEN.findall(text) if not known.has(token))
        if known.found_in(text):
            return ""
    return re.sub(r"\s+", " ", "".join(c for c in text if c.isprintable())).strip()
