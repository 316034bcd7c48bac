"""A case: the stacks of one subject that are labelled together."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case as CaseExpression
from django.db.models import Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> CaseQuerySet:
        return self.filter(project__in=projects_where(user, "image.view"), subject__withdrawn_at=None)

    def labelled_by(self, user: User) -> CaseQuerySet:
        """Cases in projects where this person labels."""
        return self.visible_to(user).filter(project__in=projects_where(user, "case.label"))

    def with_shown_state(self, user: User) -> CaseQuerySet:
        """Each case with ``shown_state``: its state, but ``submitted`` for whoever has handed in a reading that others still owe, and
        ``new`` for ``proposed`` where the protocol hides proposals from readers."""
        waiting = When(Q(state__in=[Case.State.NEW, Case.State.PROPOSED]) & self._read_by(user), then=Value(Case.State.SUBMITTED))
        hidden = ~Q(protocol__reading_mode="ai_first") & Q(project__in=projects_where(user, "case.label"))
        proposed = When(hidden & Q(state=Case.State.PROPOSED), then=Value(Case.State.NEW))
        return self.annotate(shown_state=CaseExpression(waiting, proposed, default=F("state"), output_field=models.CharField()))

    @staticmethod
    def _read_by(user: User) -> Exists:
        from annotation.models.annotation import Annotation

        return Exists(Annotation.objects.readings().filter(case=OuterRef("pk"), author=user))

    def unread_by(self, user: User) -> CaseQuerySet:
        """Cases on which this person has handed in no reading."""
        return self.filter(~self._read_by(user))

    def unleased(self) -> CaseQuerySet:
        """Cases that nobody holds now."""
        from annotation.models.assignment import Assignment

        held = Assignment.objects.live().filter(case=OuterRef("pk"))
        return self.filter(~Exists(held))

    def free_for(self, user: User) -> CaseQuerySet:
        """Cases that nobody else holds now."""
        from annotation.models.assignment import Assignment

        held = Assignment.objects.live().exclude(reader=user).filter(case=OuterRef("pk"))
        return self.filter(~Exists(held))

    def begun_by(self, user: User) -> CaseQuerySet:
        """Cases on which this person has work that is not submitted."""
        from annotation.models.annotation import Annotation

        return self.filter(Exists(Annotation.objects.drafts_of(user).filter(case=OuterRef("pk"))))

    def left_alone(self, hours: float = 24) -> CaseQuerySet:
        """Open cases whose last lease ran out this long ago: another reader may have them."""
        from annotation.models.assignment import Assignment

        limit = timezone.now() - timedelta(hours=hours)
        recent = Assignment.objects.filter(Q(lease_until__gt=limit), case=OuterRef("pk"))
        return self.filter(~Exists(recent), state=Case.State.OPEN)


class Case(Row):
    """One per study and protocol. ``epoch`` grows with every lease: the number that fences off whoever held the case before.

    ``priority`` is set by the room above that ranks cases; the higher comes first. ``stacks`` are the study's current ones.
    """

    class State(models.TextChoices):
        NEW = "new"
        PROPOSED = "proposed"
        OPEN = "open"
        SUBMITTED = "submitted"
        REVIEW = "review"
        ACCEPTED = "accepted"

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="cases")
    subject = models.ForeignKey("storage.Subject", on_delete=models.CASCADE, related_name="cases")
    study = models.ForeignKey("storage.Study", on_delete=models.CASCADE, related_name="cases")
    protocol = models.ForeignKey("annotation.Protocol", on_delete=models.PROTECT, related_name="cases")
    stacks = models.ManyToManyField("storage.Stack", related_name="cases")
    state = models.CharField(max_length=16, choices=State.choices, default=State.NEW, db_index=True)
    proposal_revision = models.ForeignKey("annotation.Revision", null=True, on_delete=models.PROTECT, related_name="proposed_for")
    priority = models.FloatField(default=0.0)
    epoch = models.PositiveIntegerField(default=0)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["-priority", "created_at"]
        constraints = [
            models.UniqueConstraint(fields=["protocol", "study"], name="case_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["new", "proposed", "open", "submitted", "review", "accepted"]), name="case_state_known"
            ),
        ]

    @property
    def is_sealed(self) -> bool:
        """Whether the subject is in the sealed fold: never trained on, and never pre-labelled for its readers."""
        return self.subject.fold == "sealed"

    def __str__(self) -> str:
        return str(self.pk)
