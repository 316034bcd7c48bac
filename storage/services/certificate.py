"""What is shown of a TLS certificate: whose it is and how long it holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """``subject`` is in the form of RFC 4514, such as ``CN=pacs,O=Hospital``; ``sha256`` is of the DER bytes; ``until`` is UTC."""

    subject: str
    common_name: str
    sha256: str
    until: datetime

    def is_called(self, name: str) -> bool:
        """Whether a person who wrote ``name`` meant this certificate: its whole subject, or its common name."""
        return name in (self.subject, f"CN={self.common_name}", self.common_name)


def certificate_of(der: bytes) -> Certificate | None:
    """Return what a certificate says; None when it cannot be read."""
    try:
        found = x509.load_der_x509_certificate(der)
        names = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        common = str(names[0].value) if names else ""
        return Certificate(found.subject.rfc4514_string(), common, hashlib.sha256(der).hexdigest(), found.not_valid_after_utc)
    except ValueError:
        return None


def certificate_in(path: Path | None) -> Certificate | None:
    """Return the first certificate of a PEM file; None when there is no file, or it cannot be read."""
    if path is None:
        return None
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None
    return certificate_of(found.public_bytes(Encoding.DER))
