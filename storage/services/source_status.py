"""How a source is doing, on one page: the line both ways, what came today and why something did not, pulls, limits, certificates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Max, Q, Sum
from django.utils import timezone

from jobs.models import Job
from storage.dicom.reasons import REASONS
from storage.models import Commitment, ImportFinding, IntakeTally, OpenAssociation, SourceContact, Study
from storage.services.certificate import certificate_in
from storage.services.rate import rate_room

if TYPE_CHECKING:
    from storage.models import Source

_COUNTS = ("received", "stored", "duplicate", "refused", "quarantined")
_CHECKED = {
    "pacs_away": "Nothing answers at its address. Check host and port, and that it runs.",
    "pacs_refuses": "It answers, and turns us away. Make Columna's AE title, or the credentials, known there.",
    "echo_failed": "It took the association and failed the C-ECHO. Its log says why.",
    "certificate": "Our own certificate cannot be read. An operator can put it right.",
}
_REFUSED = {"too_many_associations": "It opened more associations than it may."}


def source_status(*, source: Source) -> dict[str, Any]:
    """Return the figures; times are datetimes in UTC. Days begin at midnight UTC."""
    now = timezone.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    contact = SourceContact.objects.filter(source=source).first() or SourceContact(source=source)
    tallies = IntakeTally.objects.filter(source=source)
    today = tallies.filter(minute__gte=midnight).aggregate(**{name: Sum(name) for name in _COUNTS})
    minute = tallies.filter(minute=now.replace(second=0, microsecond=0)).first()
    return {
        "at": now,
        "line": {
            "echoed_at": contact.echoed_at,
            "called_at": contact.called_at,
            "associations": OpenAssociation.objects.alive().filter(source=source).count(),
            "association_limit": source.association_limit,
            "refused_at": contact.refused_at,
            "refused": _message(contact.refused_code),
            "can_check": bool(source.host or source.dicomweb_url),
            "checked_at": contact.checked_at,
            "checked_ok": contact.checked_ok,
            "checked": _CHECKED.get(contact.checked_code, contact.checked_code),
            "checked_milliseconds": contact.checked_milliseconds,
        },
        "received_at": source.import_batches.aggregate(last=Max("last_received_at"))["last"],
        "today": {
            **{name: today[name] or 0 for name in _COUNTS},
            "reasons": _reasons(source, midnight),
            "arriving": Study.objects.filter(series__instances__source=source, ended_at=None).distinct().count(),
        },
        "rate": {"this_minute": minute.received if minute else 0, "limit": source.rate_limit, "room": rate_room(source=source)},
        "pull": _pull(source),
        "worklist": source.worklist_length,
        "commitments": {
            "open": source.commitments.filter(state=Commitment.State.OPEN).count(),
            "answered": source.commitments.filter(state=Commitment.State.ANSWERED, created_at__gte=midnight).count(),
            "undelivered": source.commitments.filter(state=Commitment.State.UNDELIVERED, created_at__gte=midnight).count(),
        },
        "certificates": {
            "source_until": contact.certificate_until,
            "listener_until": getattr(certificate_in(settings.ENVIRONMENT.dicom_tls_certificate), "until", None),
        },
    }


def _message(code: str) -> str:
    return _REFUSED.get(code) or (REASONS[code].message if code in REASONS else code)


def _reasons(source: Source, since: datetime) -> list[dict[str, Any]]:
    """Return each reason of today's batches by name, the most frequent first; what went in all the same is not among them."""
    today = Q(batch__created_at__gte=since) | Q(batch__last_received_at__gte=since)
    found = ImportFinding.objects.filter(today, batch__source=source, severity__in=["refused", "quarantined"]).order_by()
    rows = found.values("code", "severity").annotate(total=Sum("count")).order_by("-total", "code")
    return [{"code": row["code"], "severity": row["severity"], "message": _message(row["code"]), "count": row["total"]} for row in rows]


def _pull(source: Source) -> dict[str, Any]:
    last = Job.objects.filter(kind="storage.pull", payload__source=str(source.pk)).order_by("-created_at").first()
    following = None
    if source.is_active and source.pull_seconds and (source.host or source.dicomweb_url):
        following = source.pulled_at + timedelta(seconds=source.pull_seconds) if source.pulled_at else timezone.now()
    result = last.result if last else {}
    return {
        "can_pull": bool(source.host or source.dicomweb_url),
        "next_at": following,
        "last_at": last.created_at if last else None,
        "state": last.state if last else "",
        "progress": last.progress_note if last and last.state == Job.State.RUNNING else "",
        "error": last.error_message if last else "",
        "studies": result.get("studies"),
        "stored": result.get("stored"),
        "failed": result.get("failed"),
    }
