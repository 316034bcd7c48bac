"""What a source asks of Columna before it answers, and which accession numbers wait for it: sealed, written and never shown again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.services.audit import audit_record
from config.errors import Invalid
from storage.keys import seal, unseal
from storage.models import Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User

CREDENTIALS_PURPOSE, WORKLIST_PURPOSE = "source-credentials", "source-worklist"
_LONGEST = 16
_MOST = 20_000


def credentials_set(*, source: Source, user: User | None, username: str = "", password: str = "", token: str = "") -> Source:
    """Seal a name and password, or a token, for the source's web server; nothing at all forgets them. Raises :class:`Invalid` for both."""
    if token and (username or password):
        raise Invalid("Give either a name and a password, or a token.", state={"fields": {"token": ["Not with a name."]}})
    if password and (not username or ":" in username):
        raise Invalid("A name without a colon belongs to the password.", state={"fields": {"username": ["Required."]}})
    content = {"token": token} if token else {"user": username, "password": password} if username else {}
    sealed, key_id = seal(json.dumps(content).encode(), CREDENTIALS_PURPOSE) if content else (b"", "")
    with transaction.atomic():
        Source.objects.filter(pk=source.pk).update(credentials=sealed, credentials_key_id=key_id)
        audit_record(actor=user, verb="source.credentials", object=source, project=source.project, detail={"set": bool(content)})
    source.refresh_from_db()
    return source


def source_credentials(*, source: Source) -> dict[str, str]:
    """Return ``token``, or ``user`` and ``password``, or nothing."""
    if not source.credentials:
        return {}
    found: dict[str, str] = json.loads(unseal(bytes(source.credentials), CREDENTIALS_PURPOSE, source.credentials_key_id))
    return found


def worklist_add(*, source: Source, user: User | None, accession_numbers: Iterable[str]) -> Source:
    """Put accession numbers on the source's sealed worklist. Raises :class:`Invalid`; its text never holds one of them."""
    wanted = [number.strip() for number in accession_numbers if number.strip()]
    if any(len(number) > _LONGEST or not number.isprintable() or set(number) & set("\\*?") for number in wanted):
        raise Invalid(
            f"An accession number has {_LONGEST} characters at most, none of them \\, * or ?.",
            state={"fields": {"accession_numbers": ["Not accession numbers."]}},
        )
    with transaction.atomic():
        source = Source.objects.select_for_update().get(pk=source.pk)
        numbers = list(dict.fromkeys([*source_worklist(source=source), *wanted]))
        if len(numbers) > _MOST:
            raise Invalid(f"A worklist holds {_MOST} accession numbers at most. Pull these first.", code="worklist_full")
        _write(source, numbers)
        audit_record(actor=user, verb="source.worklist", object=source, project=source.project, detail={"waiting": len(numbers)})
    source.refresh_from_db()
    return source


def worklist_take(*, source: Source, user: User | None, done: Iterable[str] | None) -> Source:
    """Take what is done off the worklist; None takes everything off."""
    with transaction.atomic():
        source = Source.objects.select_for_update().get(pk=source.pk)
        gone = set(done) if done is not None else None
        numbers = [number for number in source_worklist(source=source) if gone is not None and number not in gone]
        if len(numbers) != source.worklist_length:
            _write(source, numbers)
            audit_record(actor=user, verb="source.worklist", object=source, project=source.project, detail={"waiting": len(numbers)})
    source.refresh_from_db()
    return source


def source_worklist(*, source: Source) -> list[str]:
    """Return the accession numbers that wait, in memory only."""
    if not source.worklist:
        return []
    found: list[str] = json.loads(unseal(bytes(source.worklist), WORKLIST_PURPOSE, source.worklist_key_id))
    return found


def _write(source: Source, numbers: list[str]) -> None:
    sealed, key_id = seal(json.dumps(numbers).encode(), WORKLIST_PURPOSE) if numbers else (b"", "")
    Source.objects.filter(pk=source.pk).update(worklist=sealed, worklist_key_id=key_id, worklist_length=len(numbers))
