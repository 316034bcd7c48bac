"""A source: who may send images, and to which project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class SourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, user: User) -> SourceQuerySet:
        return self.filter(project__in=projects_where(user, "intake.view"))

    def active(self) -> SourceQuerySet:
        return self.filter(is_active=True)

    def askable(self) -> SourceQuerySet:
        """Active sources that can be asked what they have: a PACS with an address, or a DICOMweb server."""
        dimse = models.Q(kind=Source.Kind.DIMSE) & ~models.Q(host="")
        return self.active().filter(dimse | models.Q(kind=Source.Kind.DICOMWEB))


class Source(Row):
    """One way in. A DICOM peer is known by its AE title (and addresses, certificate); what is not listed here is refused.

    ``modalities`` empty means every modality; ``addresses`` empty means every address; ``certificate_subject`` is
    whose TLS certificate it shows (its common name or whole subject). ``rate_limit`` is instances per minute (:mod:`storage.services.rate`),
    ``association_limit`` how many associations may be open at once. ``credentials`` (of the PACS's web server) and ``worklist`` (accession
    numbers to fetch) are sealed with AES-256-GCM; ``worklist_length`` is how many wait.
    """

    class Kind(models.TextChoices):
        DIMSE = "dimse", "DICOM network"
        FOLDER = "folder", "Folder"
        UPLOAD = "upload", "Upload"
        STOW = "stow", "DICOMweb STOW"
        DICOMWEB = "dicomweb", "DICOMweb"

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="sources")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    ae_title = models.CharField(max_length=16, blank=True)
    called_ae_title = models.CharField(max_length=16, blank=True)
    addresses = models.JSONField(default=list, blank=True)
    modalities = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    certificate_sha256 = models.CharField(max_length=64, blank=True)
    certificate_subject = models.CharField(max_length=255, blank=True)
    rate_limit = models.PositiveIntegerField(null=True, blank=True)
    association_limit = models.PositiveIntegerField(null=True, blank=True)
    host = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(null=True, blank=True)
    is_tls = models.BooleanField(default=False)
    dicomweb_url = models.URLField(blank=True)
    pull_filter = models.JSONField(default=dict, blank=True)
    pull_seconds = models.PositiveIntegerField(null=True, blank=True)
    credentials = models.BinaryField(default=bytes, blank=True)
    credentials_key_id = models.CharField(max_length=32, blank=True)
    worklist = models.BinaryField(default=bytes, blank=True)
    worklist_key_id = models.CharField(max_length=32, blank=True)
    worklist_length = models.PositiveIntegerField(default=0)
    pulled_at = models.DateTimeField(null=True, blank=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="source_name_once"),
            models.UniqueConstraint(
                fields=["ae_title", "called_ae_title"], condition=models.Q(kind="dimse", is_active=True), name="source_ae_title_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["dimse", "folder", "upload", "stow", "dicomweb"]), name="source_kind_known"
            ),
            models.CheckConstraint(condition=~models.Q(kind="dimse", ae_title=""), name="source_dimse_has_ae_title"),
        ]

    def __str__(self) -> str:
        return self.name
