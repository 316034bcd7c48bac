"""QIDO-RS parameters (PS3.18 8.3.4 and 10.6): what to match, what to tell more of, and which part of the list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q
from django.http import QueryDict
from pydicom.datadict import tag_for_keyword

from config.errors import Invalid

LIMIT = 5000
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_RESERVED = ("limit", "offset", "includefield", "fuzzymatching", "accept", "charset", "emptyvaluematching", "multiplevaluematching")


@dataclass(frozen=True, slots=True)
class Key:
    """How an attribute is matched: ``kind`` is uid, code, text, date, whole, or empty for what de-identification leaves nobody."""

    kind: str
    lookup: str = ""


@dataclass
class Query:
    """What was asked. ``ignored`` are parameters that are not matched: they are named in the answer's ``Warning``."""

    matches: dict[str, str] = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)
    everything: bool = False
    limit: int = LIMIT
    offset: int = 0
    fuzzy: bool = False
    ignored: list[str] = field(default_factory=list)

    def filters(self, keys: dict[str, Key]) -> Q:
        """Return the filter for the keys that are known here; the rest goes to ``ignored``."""
        found = Q()
        for tag, text in self.matches.items():
            if tag in keys:
                found &= _filter(keys[tag], text)
            else:
                self.ignored.append(tag)
        return found


def read_query(parameters: QueryDict) -> Query:
    """Return the query. Raises :class:`Invalid` for a limit or an offset that is no number. Unknown names are ignored, and said."""
    query = Query()
    for name, texts in parameters.lists():
        key = name.lower()
        if key in ("limit", "offset"):
            setattr(query, key, _whole(key, texts[-1]))
        elif key == "includefield":
            _include(query, texts)
        elif key == "fuzzymatching":
            query.fuzzy = texts[-1].lower() == "true"
        elif key not in _RESERVED:
            tag = tag_of(name)
            text = ",".join(text for text in texts if text).strip()
            if tag is None:
                query.ignored.append("an unknown parameter")
            elif text and text != "*":
                query.matches[tag] = text
    query.limit = min(query.limit, LIMIT)
    return query


def tag_of(name: str) -> str | None:
    """Return eight hexadecimal digits for a tag or a keyword; None for anything else, also for attributes inside sequences."""
    if _TAG.fullmatch(name):
        return name.upper()
    number = tag_for_keyword(name)
    return f"{number:08X}" if number is not None else None


def _include(query: Query, texts: list[str]) -> None:
    for name in (part.strip() for text in texts for part in text.split(",")):
        if name.lower() == "all":
            query.everything = True
        elif tag := tag_of(name):
            query.fields.add(tag)


def _whole(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid(f"'{name}' must be a whole number, 0 or more.", code="bad_parameter")
    return int(text)


def _filter(key: Key, text: str) -> Q:
    if key.kind == "empty":
        return Q(pk__in=[])
    if key.kind in ("uid", "code"):
        listed = [part.strip() for part in re.split(r"[,\\]", text) if part.strip()]
        wild = [part for part in listed if "*" in part or "?" in part]
        found = Q(**{f"{key.lookup}__in": [part for part in listed if part not in wild]})
        for part in wild:
            found |= _text(key.lookup, part)
        return found
    if key.kind == "date":
        return _dates(key.lookup, text)
    if key.kind == "whole":
        return Q(**{key.lookup: int(text)}) if re.fullmatch(r"-?\d{1,9}", text) else Q(pk__in=[])
    return _text(key.lookup, text)


def _text(lookup: str, text: str) -> Q:
    """Match a whole value, upper and lower case alike; ``*`` is any characters, ``?`` is one."""
    pattern = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in text)
    return Q(**{f"{lookup}__iregex": f"^{pattern}$"})


def _dates(lookup: str, text: str) -> Q:
    start, dash, end = text.partition("-")
    found = Q(**{f"{lookup}__isnull": False})
    if not dash:
        return found & Q(**{lookup: _date(start)})
    if start:
        found &= Q(**{f"{lookup}__gte": _date(start)})
    if end:
        found &= Q(**{f"{lookup}__lte": _date(end)})
    return found


def _date(text: str) -> date:
    try:
        return datetime.strptime(text.strip(), "%Y%m%d").date()  # noqa: DTZ007  a date has no zone
    except ValueError:
        raise Invalid("A date is written YYYYMMDD, a range YYYYMMDD-YYYYMMDD, open at either end.", code="bad_date") from None


def warnings_of(query: Query, remaining: int) -> Iterator[str]:
    """Yield the sentences of the answer's ``Warning: 299`` (PS3.18 10.6.3.3)."""
    if query.fuzzy:
        yield "The fuzzymatching parameter is not supported. Only literal matching has been performed."
    if query.ignored:
        yield f"These attributes are not matched: {', '.join(sorted(set(query.ignored)))}."
    if remaining > 0:
        yield f"There are {remaining} additional results that can be requested."
