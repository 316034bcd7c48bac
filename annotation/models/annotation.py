"""An annotation: one author's work on a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class AuthorKind(models.TextChoices):
    READER = "reader"
    ADJUDICATOR = "adjudicator"
    CONSENSUS = "consensus"
    IMPORT = "import"
    MODEL = "model"


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def visible_to(self, user: User) -> AnnotationQuerySet:
        """Readers see their own work and nobody else's. Data managers see all, except on a case they are reading themselves.

        Models' work is seen through its revisions, where the reading mode decides; here by managers who do not read.
        """
        if not user.is_authenticated:
            return self.none()
        managed = projects_where(user, "case.manage")
        reading = Annotation.objects.drafts_of(user).filter(case=OuterRef("case"))
        labels = projects_where(user, "case.label")
        seen = self.filter(case__subject__withdrawn_at=None)
        hidden = Exists(reading) | (Q(author_kind=AuthorKind.MODEL) & Q(project__in=labels))
        return seen.filter(Q(author=user, project__in=labels) | (Q(project__in=managed) & ~hidden))

    def drafts_of(self, user: User) -> AnnotationQuerySet:
        """This person's own work that is not submitted; branches are not counted."""
        return self.filter(author=user, author_kind=AuthorKind.READER, state=Annotation.State.DRAFT, branch_of=None)

    def readings(self) -> AnnotationQuerySet:
        """What readers handed in; branches are not counted."""
        return self.filter(author_kind=AuthorKind.READER, state=Annotation.State.SUBMITTED, branch_of=None)


class Annotation(Row):
    """``seq`` counts the operations applied so far. Where a slice has no chunk of its own, ``derived_from`` is looked at, then nothing.

    ``segments`` is the table of segment ids: [{"id": 1..255, "layer", "structure", "status", "colour"?}], ids unique per layer.
    ``ladder``, ``measurements`` and ``grades`` are the rest of the reading, written by the same operation log.

    ``blind`` is the reading as it stood before its reader saw the model's proposal; null while they have not asked for it.
    ``effort`` is time without content: {visit: {"active", "idle", "structures": {code: seconds}}}.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        SUBMITTED = "submitted"

    case = models.ForeignKey("annotation.Case", on_delete=models.CASCADE, related_name="annotations")
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="annotations")
    author_kind = models.CharField(max_length=16, choices=AuthorKind.choices)
    author = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="annotations")
    model_version = models.UUIDField(null=True)
    derived_from = models.ForeignKey("annotation.Revision", null=True, on_delete=models.PROTECT, related_name="derived")
    branch_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="branches")
    branch_seq = models.PositiveIntegerField(null=True)
    seq = models.PositiveIntegerField(default=0)
    segments = models.JSONField(default=list)
    ladder = models.JSONField(default=dict)
    measurements = models.JSONField(default=list)
    grades = models.JSONField(default=dict)
    blind = models.ForeignKey("annotation.Revision", null=True, on_delete=models.PROTECT, related_name="read_on")
    effort = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "author"],
                condition=Q(author_kind="reader", state="draft", branch_of__isnull=True),
                name="annotation_one_draft",
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(author_kind="adjudicator", state="draft", branch_of__isnull=True),
                name="annotation_one_consensus",
            ),
            models.UniqueConstraint(fields=["case", "model_version"], condition=Q(author_kind="model"), name="annotation_one_per_model"),
            models.UniqueConstraint(fields=["case"], condition=Q(author_kind="import"), name="annotation_one_import"),
            models.CheckConstraint(condition=Q(author_kind__in=AuthorKind.values), name="annotation_author_kind_known"),
            models.CheckConstraint(condition=~Q(author_kind="model") | Q(model_version__isnull=False), name="annotation_model_is_named"),
            models.CheckConstraint(
                condition=~Q(author_kind__in=["reader", "adjudicator"]) | Q(author__isnull=False), name="annotation_reader_is_named"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
