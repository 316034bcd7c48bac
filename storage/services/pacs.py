"""Which way a source is asked."""

from __future__ import annotations

from config.errors import Invalid
from storage.models import Source
from storage.services.pull_dimse import DimsePacs
from storage.services.pull_web import WebPacs

Pacs = DimsePacs | WebPacs


def pacs_of(source: Source) -> Pacs:
    """Return what asks this source. Raises :class:`Invalid` for a source that cannot be asked."""
    if source.kind == Source.Kind.DICOMWEB:
        return WebPacs(source)
    if source.kind != Source.Kind.DIMSE or not source.host or not source.ae_title:
        raise Invalid("To pull, a source needs host, port and AE title of the PACS.", code="no_address")
    return DimsePacs(source)
