"""Calling a source: associations that Columna opens itself, with its own certificate where TLS is asked for."""

from __future__ import annotations

import logging
import socket
import ssl
from typing import TYPE_CHECKING, Any

from django.conf import settings
from pynetdicom import AE, _config

from config.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from pynetdicom.association import Association

    from storage.models import Source

_config.LOG_HANDLER_LEVEL = "none"  # its messages quote identifiers
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)

_DEFAULT_PORT = 104


def peer_associate(
    *,
    source: Source,
    contexts: list[Any],
    roles: list[Any] | None = None,
    handlers: list[Any] | None = None,
    seconds: float = 20.0,
    patience: float = 300.0,
) -> Association:
    """Return an association with the source's host and port; the caller releases it.

    ``seconds`` bound how long the greeting may take, ``patience`` how long the peer may think about a question. Raises
    :class:`Invalid` for a source without an address, :class:`Unavailable` when the peer does not answer or turns us away.
    """
    if not source.host or not source.ae_title:
        raise Invalid("To call this source, give it host, port and AE title of the PACS.", code="no_address")
    port = source.port or _DEFAULT_PORT
    try:  # pynetdicom leaks its socket when nobody listens, so ask first
        socket.create_connection((source.host, port), timeout=min(seconds, 10)).close()
    except OSError:
        raise Unavailable("Nothing listens at the address of this PACS. Check host and port, and that it runs.", code="pacs_away") from None
    entity = AE(ae_title=settings.ENVIRONMENT.dicom_ae_title)
    entity.connection_timeout, entity.acse_timeout, entity.dimse_timeout, entity.network_timeout = seconds, seconds, patience, patience
    tls = (tls_context(), source.host) if source.is_tls else None
    association = entity.associate(
        source.host, port, contexts=contexts, ae_title=source.ae_title, ext_neg=roles, evt_handlers=handlers, tls_args=tls
    )
    if association.is_established:
        return association
    if association.is_rejected:
        raise Unavailable(
            "The PACS turned us away. Make this AE title known there, and check the title it is called by.", code="pacs_refuses"
        )
    raise Unavailable("The PACS does not answer as DICOM. Check host, port, titles and TLS on both sides.", code="pacs_away")


def tls_context() -> ssl.SSLContext:
    """Return the TLS context of calls: the system's authorities and that of the listener's clients; our certificate, when there is one.

    Raises :class:`Unavailable` when the certificate files cannot be read.
    """
    environment = settings.ENVIRONMENT
    context = ssl.create_default_context()
    try:
        if environment.dicom_tls_clients:
            context.load_verify_locations(str(environment.dicom_tls_clients))
        if environment.dicom_tls_certificate and environment.dicom_tls_key:
            context.load_cert_chain(str(environment.dicom_tls_certificate), str(environment.dicom_tls_key))
    except (OSError, ssl.SSLError):
        raise Unavailable(
            "The certificates of the DICOM listener cannot be read; an operator can put them right.", code="certificate"
        ) from None
    return context
