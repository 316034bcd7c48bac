"""Reading ``Accept`` as clients really send it: quoted or not, in a header or in ``?accept=``, with or without a transfer syntax."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest

from config.errors import ColumnaError

_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
_SEMICOLON = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
JSON_TYPES = ("application/dicom+json", "application/json", "application/*", "*/*")


class NotAcceptable(ColumnaError):
    """None of the media types that the client takes can be made of this."""

    code = "not_acceptable"
    status_code = 406


@dataclass(frozen=True, slots=True)
class Media:
    """One thing the client takes: the media type (of the part, when it is to be multipart), its transfer syntax, and how dear it is."""

    name: str
    multipart: bool = False
    syntax: str = ""
    quality: float = 1.0


def accepted(request: HttpRequest) -> list[Media]:
    """Return what the client takes, dearest first, in its own order among equals. Nothing said means anything."""
    text = request.GET.get("accept") or request.headers.get("Accept") or "*/*"
    found = [media for part in _COMMA.split(text) if (media := _media(part)).quality > 0]
    return sorted(found, key=lambda media: -media.quality) or [Media("*/*")]


def _media(text: str) -> Media:
    name, *rest = (piece.strip() for piece in _SEMICOLON.split(text))
    values = dict(_parameter(piece) for piece in rest if "=" in piece)
    name = name.lower().replace("dicom json", "dicom+json")  # an unescaped plus in ?accept= is a space
    try:
        quality = float(values.get("q", "1"))
    except ValueError:
        quality = 1.0
    syntax = values.get("transfer-syntax", "")
    if name == "multipart/related" or (name == "multipart/*"):
        return Media(values.get("type", "*/*").lower(), True, syntax, quality)
    return Media(name, False, syntax, quality)


def _parameter(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key.strip().lower(), value.strip().strip('"').strip()


def require_json(request: HttpRequest) -> None:
    """Raise :class:`NotAcceptable` unless the client takes DICOM JSON, in whatever words."""
    if not any(media.name in JSON_TYPES for media in accepted(request)):
        raise NotAcceptable("This answers application/dicom+json only.")
