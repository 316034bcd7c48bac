"""A revision: an annotation frozen for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.abilities import projects_where
from accounts.models.base import Row
from annotation.models.annotation import Annotation, AuthorKind
from annotation.models.protocol import ReadingMode

if TYPE_CHECKING:
    from accounts.models import User


class RevisionQuerySet(models.QuerySet["Revision"]):
    def visible_to(self, user: User) -> RevisionQuerySet:
        """Own revisions, all of a managed project, and a case's proposal where the reading mode shows it to this reader."""
        own = Q(annotation__in=Annotation.objects.visible_to(user))
        return self.filter(annotation__case__subject__withdrawn_at=None).filter(
            (own & ~Q(kind=Revision.Kind.PROPOSAL)) | Q(pk__in=self._shown_proposals(user).values("pk"))
        )

    def _shown_proposals(self, user: User) -> RevisionQuerySet:
        proposals = Revision.objects.filter(kind=Revision.Kind.PROPOSAL)
        labels, manages = projects_where(user, "case.label"), projects_where(user, "case.manage")
        read = Q(state=Annotation.State.SUBMITTED) | Q(blind__isnull=False)
        own = Annotation.objects.filter(read, case=OuterRef("annotation__case"), author=user, author_kind=AuthorKind.READER, branch_of=None)
        case = "annotation__case__"
        mode = f"{case}protocol__reading_mode"
        open_to_reader = Q(**{mode: ReadingMode.AI_FIRST}) | (Q(**{mode: ReadingMode.BLIND_FIRST}) & Exists(own))
        reader = Q(**{f"{case}project__in": labels}) & open_to_reader & ~Q(**{f"{case}subject__fold": "sealed"})
        manager = Q(**{f"{case}project__in": manages}) & ~Q(**{f"{case}project__in": labels})
        return proposals.filter(reader | manager)

    def authored(self) -> RevisionQuerySet:
        """What people stand for: readings, adjudications, consensus and imports; never a model's proposal, nor what a reader
        thought before they saw it."""
        return self.exclude(kind__in=[Revision.Kind.PROPOSAL, Revision.Kind.BLIND])

    def latest_of_each_annotation(self) -> RevisionQuerySet:
        later = Revision.objects.filter(annotation=OuterRef("annotation"), number__gt=OuterRef("number"))
        return self.filter(~Exists(later))


class Revision(Row):
    """Immutable: the database refuses to change or delete a row.

    ``content`` is everything the revision says; ``digest`` the SHA-256 of its canonical JSON (RFC 8785). In ``content["layers"]``
    each slice key leads to the digest of its raw uint8 bytes, and ``chunks`` leads from there to the blob: {raw digest:
    {"blob": digest of the gzip, "counts": {segment id: pixels}}}. ``uncertainty`` is the digest of a blob, for proposals.
    ``figures`` counts what was accepted, corrected and drawn.
    """

    class Kind(models.TextChoices):
        SUBMIT = "submit"
        PROPOSAL = "proposal"
        IMPORT = "import"
        BLIND = "blind"

    annotation = models.ForeignKey("annotation.Annotation", on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, db_index=True)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    content = models.JSONField(default=dict)
    chunks = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    uncertainty = models.CharField(max_length=64, blank=True)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        ordering = ["annotation", "number"]
        constraints = [
            models.UniqueConstraint(fields=["annotation", "number"], name="revision_number_once"),
            models.CheckConstraint(condition=models.Q(kind__in=["submit", "proposal", "import", "blind"]), name="revision_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.digest[:12]}"
