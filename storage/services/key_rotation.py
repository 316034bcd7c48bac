"""Changing the sealing key: everything sealed under an older key is sealed anew, row by row, so that it can stop and go on anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet

from accounts.services.audit import audit_record
from config.errors import Conflict
from storage.keys import key_remove, seal, seal_key_ids, unseal
from storage.models import Blob, Commitment, IdentityVault, QuarantineItem, Source
from storage.object_store import store
from storage.services.blob import blob_delete, blob_read
from storage.services.blob_check import STAGED_MEDIA_TYPE
from storage.services.commitment import COMMITMENT_PURPOSE
from storage.services.credentials import CREDENTIALS_PURPOSE, WORKLIST_PURPOSE
from storage.services.intake_commit import SEALED_MEDIA_TYPE


@dataclass(frozen=True)
class _Kind:
    """A column of sealed bytes and the column that says under which key; ``purpose`` is what the seal authenticates."""

    name: str
    model: type[Model]
    sealed: str
    key: str
    purpose: Callable[[Any], str]

    def under(self, *keys: str) -> QuerySet[Any]:
        return self.model._default_manager.filter(**{f"{self.key}__in": keys})


_ROWS = (
    _Kind("vault", IdentityVault, "sealed", "key_id", lambda row: f"vault-{row.kind}"),
    _Kind("commitments", Commitment, "sealed", "key_id", lambda row: COMMITMENT_PURPOSE),
    _Kind("credentials", Source, "credentials", "credentials_key_id", lambda row: CREDENTIALS_PURPOSE),
    _Kind("worklists", Source, "worklist", "worklist_key_id", lambda row: WORKLIST_PURPOSE),
)


def keys_usage() -> dict[str, dict[str, int]]:
    """Return per sealing key how many things of each kind are sealed under it; quarantine items without bytes do not count."""
    found = {}
    for key in seal_key_ids():
        counts = {kind.name: kind.under(key).count() for kind in _ROWS}
        counts["quarantine"] = QuarantineItem.objects.filter(key_id=key).exclude(blob=None).count()
        found[key] = counts
    return found


def keys_reseal() -> Iterator[str]:
    """Seal everything that is under an older key anew under the newest, and yield the kind of each thing that was done.

    Each thing is one short transaction and only changes when it still is what was read, so this can be killed at any moment and
    run again, beside a working Columna.
    """
    keys = seal_key_ids()
    newest, older = keys[-1], keys[:-1]
    for kind in _ROWS:
        for pk in list(kind.under(*older).values_list("pk", flat=True)):
            if _reseal_row(kind, pk, newest):
                yield kind.name
    held = QuarantineItem.objects.filter(key_id__in=older).exclude(blob=None)
    for pk in list(held.values_list("pk", flat=True)):
        if _reseal_item(pk, newest):
            yield "quarantine"


def key_retire(*, key: str) -> None:
    """Remove an old sealing key for good. Raises :class:`Conflict` while anything is sealed under it, or when it is the newest."""
    if key not in seal_key_ids():
        raise Conflict(f"There is no sealing key {key}.", code="no_such_key")
    if key == seal_key_ids()[-1]:
        raise Conflict("This is the newest key, which seals. Rotate first.", code="key_in_use")
    used = {kind: count for kind, count in keys_usage()[key].items() if count}
    staged = Blob.objects.filter(media_type=STAGED_MEDIA_TYPE).count()
    if used or staged:
        parts = [f"{count} of {kind}" for kind, count in used.items()] + ([f"{staged} files of imports under way"] if staged else [])
        raise Conflict(
            f"Still sealed under this key or possibly so: {', '.join(parts)}. Run keys reseal, then try again.", code="key_in_use"
        )
    key_remove(key)
    audit_record(actor=None, verb="key.retire", object=("key", key))


def _reseal_row(kind: _Kind, pk: Any, newest: str) -> bool:
    row = kind.model._default_manager.filter(pk=pk).first()
    if row is None:
        return False
    key, sealed = getattr(row, kind.key), bytes(getattr(row, kind.sealed))
    fields: dict[str, Any] = {kind.key: newest}
    if sealed:
        again, used = seal(unseal(sealed, kind.purpose(row), key), kind.purpose(row))
        fields = {kind.key: used, kind.sealed: again}
    same = {"pk": pk, kind.key: key, kind.sealed: getattr(row, kind.sealed)}
    return bool(kind.model._default_manager.filter(**same).update(**fields))


def _reseal_item(pk: Any, newest: str) -> bool:
    """Put the bytes under the new key first, then point the item at them, then delete the old ones: a kill leaves an orphan, never a hole."""
    item = QuarantineItem.objects.filter(pk=pk).exclude(blob=None).first()
    if item is None or item.blob_id is None or item.key_id == newest:
        return False
    old = item.blob_id
    sealed, used = seal(unseal(blob_read(digest=old), "quarantine", item.key_id), "quarantine")
    digest = store().put(sealed)
    with transaction.atomic():
        Blob.objects.get_or_create(digest=digest, defaults={"size": len(sealed), "media_type": SEALED_MEDIA_TYPE})
        taken = QuarantineItem.objects.filter(pk=pk, blob=old, key_id=item.key_id).update(blob=digest, key_id=used)
    unused = old if taken else digest
    if not QuarantineItem.objects.filter(blob=unused).exists():
        blob_delete(digests=[unused])
    return bool(taken)
