"""A version: a frozen selection, named by the digest of its manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class VersionQuerySet(models.QuerySet["Version"]):
    def releases(self) -> VersionQuerySet:
        """Versions meant for people; training versions belong to the system."""
        return self.filter(kind=Version.Kind.RELEASE)

    def visible_to(self, user: User) -> VersionQuerySet:
        """Released versions for those who may look at datasets; before that, only for those who make or approve them."""
        released = Q(state__in=Version.RELEASED, dataset__project__in=projects_where(user, "dataset.view"))
        makers = Q(dataset__project__in=projects_where(user, "dataset.manage"))
        approvers = Q(dataset__project__in=projects_where(user, "dataset.approve"))
        return self.releases().filter(released | makers | approvers)

    def with_manifest(self) -> VersionQuerySet:
        return self.exclude(manifest_digest="")


class Version(Row):
    """``building`` while the job writes its files, ``refused`` when a gate said no (``refusals`` says which and why), ``frozen`` with a
    manifest, and for a release ``released`` once a second person approved it. From ``frozen`` on the database refuses every change
    but that last step."""

    class Kind(models.TextChoices):
        TRAINING = "training", "Training: frozen by the system, for learning only"
        RELEASE = "release", "Release: every gate, two people"

    class State(models.TextChoices):
        BUILDING = "building"
        REFUSED = "refused"
        FROZEN = "frozen"
        RELEASED = "released"
        REJECTED = "rejected"
        YANKED = "yanked"

    RELEASED = (State.RELEASED, State.YANKED)

    dataset = models.ForeignKey("datasets.Dataset", on_delete=models.PROTECT, related_name="versions")
    draft = models.OneToOneField("datasets.Draft", on_delete=models.PROTECT, related_name="version")
    number = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.BUILDING)
    reason = models.TextField(blank=True)
    manifest_digest = models.CharField(max_length=64, blank=True, db_index=True)
    signature = models.CharField(max_length=128, blank=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    counts = models.JSONField(default=dict)
    refusals = models.JSONField(default=dict)
    frozen_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="versions_frozen")
    frozen_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="versions_approved")
    released_at = models.DateTimeField(null=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "kind", "number"],
                condition=~Q(state__in=["refused", "rejected"]),
                name="version_number_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=["training", "release"]), name="version_kind_known"),
            models.CheckConstraint(
                condition=Q(state__in=["building", "refused", "frozen", "released", "rejected", "yanked"]), name="version_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["building", "refused"]) | (~Q(manifest_digest="") & Q(frozen_at__isnull=False)),
                name="version_frozen_has_manifest",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["released", "yanked"])
                | (
                    Q(kind="release", approved_by__isnull=False, frozen_by__isnull=False, released_at__isnull=False)
                    & ~Q(approved_by=F("frozen_by"))
                ),
                name="version_release_needs_two_people",
            ),
        ]

    @property
    def is_frozen(self) -> bool:
        return bool(self.manifest_digest)

    def __str__(self) -> str:
        return f"{self.dataset}@{self.number}"
