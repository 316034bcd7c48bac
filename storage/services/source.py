"""Making and changing sources, and asking which source a sender is."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.services.audit import audit_record
from config.errors import Conflict, Invalid
from storage.models import Source
from storage.services.pull_query import filter_check

if TYPE_CHECKING:
    from accounts.models import Project, User
    from storage.services.certificate import Certificate

FIELDS = (
    "name", "kind", "ae_title", "called_ae_title", "addresses", "modalities", "is_active", "certificate_sha256", "certificate_subject",
    "rate_limit", "association_limit", "host", "port", "is_tls", "dicomweb_url", "pull_filter", "pull_seconds",
)  # fmt: skip


def source_create(*, project: Project, user: User | None, **fields: Any) -> Source:
    """Return a new source. Raises :class:`Invalid` for fields that do not fit, :class:`Conflict` when name or AE title is taken."""
    source = Source(project=project, **fields)
    _check(source)
    try:
        with transaction.atomic():
            source.save(force_insert=True)
            audit_record(actor=user, verb="source.create", object=source, project=project, detail={"kind": source.kind})
    except IntegrityError:
        raise Conflict("Another source has this name or this AE title. Change one of them.", code="source_taken") from None
    return source


def source_update(*, source: Source, user: User | None, **fields: Any) -> Source:
    """Change some fields and return the source. Raises as :func:`source_create`."""
    for name, value in fields.items():
        if name not in FIELDS:
            raise Invalid(f"A source has no field {name!r}.")
        setattr(source, name, value)
    _check(source)
    try:
        with transaction.atomic():
            source.save(update_fields=list(fields))
            audit_record(actor=user, verb="source.update", object=source, project=source.project, detail={"fields": sorted(fields)})
    except IntegrityError:
        raise Conflict("Another source has this name or this AE title. Change one of them.", code="source_taken") from None
    return source


def source_move(*, source: Source, project: Project, user: User | None) -> Source:
    """Have what the source sends from now on go to another project; what is here stays where it is. Raises :class:`Conflict`."""
    before = source.project
    try:
        with transaction.atomic():
            source.project = project
            source.save(update_fields=["project"])
            audit_record(actor=user, verb="source.move", object=source, project=before, detail={"to": str(project.pk)})
    except IntegrityError:
        raise Conflict("A source of this name is in that project already. Rename this one first.", code="source_taken") from None
    return source


def source_for(*, project: Project, kind: str, name: str | None = None) -> Source:
    """Return the project's own source for uploads, folders or STOW, made on first use."""
    label = name or {"upload": "Upload", "folder": "Folder import", "stow": "DICOMweb"}[kind]
    source, _ = Source.objects.get_or_create(project=project, name=label, defaults={"kind": kind})
    return source


def source_of_peer(*, calling: str, called: str, address: str, certificate: Certificate | None = None) -> Source | None:
    """Return the active source that a DICOM peer is, by its AE title, address and certificate; None when it is not authorised."""
    candidates = Source.objects.active().filter(kind=Source.Kind.DIMSE, ae_title=calling.strip()).select_related("project")
    for source in sorted(candidates, key=lambda source: not source.called_ae_title):
        if source.called_ae_title and source.called_ae_title != called.strip():
            continue
        if source.addresses and not _is_among(address, source.addresses):
            continue
        if source.certificate_sha256 and (certificate is None or source.certificate_sha256 != certificate.sha256):
            continue
        if source.certificate_subject and (certificate is None or not certificate.is_called(source.certificate_subject)):
            continue
        return source
    return None


def _is_among(address: str, networks: list[str]) -> bool:
    try:
        return any(ip_address(address) in ip_network(network, strict=False) for network in networks)
    except ValueError:
        return False


def _check(source: Source) -> None:
    try:
        source.clean_fields(exclude=["id", "project"])
    except ValidationError as error:
        raise Invalid("Some fields are not right.", state={"fields": error.message_dict}) from None
    if source.kind == Source.Kind.DIMSE and not source.ae_title.strip():
        raise Invalid("A DICOM source needs the AE title under which it calls.", state={"fields": {"ae_title": ["Required."]}})
    if source.kind == Source.Kind.DICOMWEB and not source.dicomweb_url.startswith(("http://", "https://")):
        raise Invalid("A DICOMweb source needs the address of its root.", state={"fields": {"dicomweb_url": ["Required, http or https."]}})
    filter_check(source.pull_filter)
    if not isinstance(source.modalities, list) or not all(
        isinstance(item, str) and item.isalnum() and len(item) <= 16 for item in source.modalities
    ):
        raise Invalid("Modalities are a list of codes such as MR or CT.", state={"fields": {"modalities": ["Not a list of codes."]}})
    try:
        for network in source.addresses:
            ip_network(network, strict=False)
    except (TypeError, ValueError):
        raise Invalid("Addresses are a list of IP addresses or networks.", state={"fields": {"addresses": ["Not an address."]}}) from None
