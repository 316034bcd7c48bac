"""What a pull leaves behind: a receipt, and a line for every answer with bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import rfc8785
from django.db import transaction
from django.utils import timezone

from accounts.services.audit import audit_record
from datasets.models import Download, Receipt, Version
from datasets.services.signing import sign

if TYPE_CHECKING:
    from accounts.models import User

FORMAT = "columna-receipt-1"


def receipt_create(*, version: Version, user: User) -> Receipt:
    """Record that this person begins to pull this version, and return the signed receipt."""
    number = uuid4()
    content = {
        "format": FORMAT,
        "id": str(number),
        "dataset": version.dataset.slug,
        "version": version.number,
        "manifest": version.manifest_digest,
        "person": str(user.pk),
        "at": timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    with transaction.atomic():
        receipt = Receipt.objects.create(pk=number, version=version, person=user, content=content, signature=sign(rfc8785.dumps(content)))
        detail = {"number": version.number, "manifest": version.manifest_digest, "receipt": str(number)}
        audit_record(actor=user, verb="version.pull", object=version, project=version.dataset.project, detail=detail)
    return receipt


def download_record(*, version: Version, user: User, digest: str, first: int, size: int) -> None:
    """Note that bytes of a file were sent: who, which version, which blob, from where, how many."""
    Download.objects.create(version=version, person=user, digest=digest, first=first, size=size)
