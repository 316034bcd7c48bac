"""Keeping what is known of the line to a source: echoes both ways, open associations, refusals, the certificate it showed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from pynetdicom.presentation import build_context

from config.errors import ColumnaError, Invalid, Unavailable
from storage.models import OpenAssociation, Source, SourceContact
from storage.services.peer import peer_associate
from storage.services.pull_web import WebPacs

if TYPE_CHECKING:
    from storage.services.certificate import Certificate

_VERIFICATION = "1.2.840.10008.1.1"
_SECONDS = 10.0


def association_enter(*, source: Source, listener: str, certificate: Certificate | None = None) -> int | None:
    """Note an open association and return its id; None when the source has as many open as it may."""
    now = timezone.now()
    fields: dict[str, Any] = {"called_at": now}
    if certificate is not None:
        fields |= {"certificate_sha256": certificate.sha256, "certificate_until": certificate.until}
    with transaction.atomic():
        SourceContact.objects.update_or_create(source=source, defaults=fields)
        limit = source.association_limit
        if limit is not None:
            list(SourceContact.objects.select_for_update().filter(source=source))  # one at a time counts
            if OpenAssociation.objects.alive().filter(source=source).count() >= limit:
                return None
        return OpenAssociation.objects.create(source=source, listener=listener, opened_at=now, seen_at=now).pk


def association_leave(*, row: int) -> None:
    OpenAssociation.objects.filter(pk=row).delete()


def listener_beat(*, listener: str) -> None:
    """Say that a listener lives, and forget the associations of those that do not."""
    OpenAssociation.objects.filter(listener=listener).update(seen_at=timezone.now())
    OpenAssociation.objects.exclude(pk__in=OpenAssociation.objects.alive().values("pk")).delete()


def listener_leave(*, listener: str) -> None:
    OpenAssociation.objects.filter(listener=listener).delete()


def contact_note(*, source: Source, echoed: bool = False, refused: str = "") -> None:
    """Note a C-ECHO of the source, or that something of it was refused for this reason."""
    now = timezone.now()
    fields: dict[str, Any] = {"echoed_at": now} if echoed else {}
    if refused:
        fields |= {"refused_at": now, "refused_code": refused}
    SourceContact.objects.update_or_create(source=source, defaults=fields)


def source_check(*, source: Source) -> SourceContact:
    """Call the source (C-ECHO, or one QIDO-RS question), note how it went, and return the note. Takes ten seconds at most, or so.

    Raises :class:`Invalid` for a source without an address.
    """
    started = time.monotonic()
    code = ""
    try:
        _echo(source) if source.kind == Source.Kind.DIMSE else _ask(source)
    except Invalid:
        raise
    except ColumnaError as error:
        code = error.code
    except OSError:
        code = "pacs_away"
    fields = {
        "checked_at": timezone.now(),
        "checked_ok": not code,
        "checked_code": code,
        "checked_milliseconds": int((time.monotonic() - started) * 1000),
    }
    contact, _ = SourceContact.objects.update_or_create(source=source, defaults=fields)
    return contact


def _echo(source: Source) -> None:
    association = peer_associate(source=source, contexts=[build_context(_VERIFICATION)], seconds=_SECONDS, patience=_SECONDS)
    try:
        if association.send_c_echo().get("Status") != 0x0000:
            raise Unavailable("The PACS answered the C-ECHO with a failure.", code="echo_failed")
    finally:
        association.release()


def _ask(source: Source) -> None:
    if source.kind != Source.Kind.DICOMWEB:
        raise Invalid("This source sends by itself; there is nothing to call.", code="no_address")
    WebPacs(source).check()
