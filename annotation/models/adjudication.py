"""An adjudication: two or three readings of a case held against each other until one consensus stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User
    from annotation.models.revision import Revision


class AdjudicationQuerySet(models.QuerySet["Adjudication"]):
    def visible_to(self, user: User) -> AdjudicationQuerySet:
        """Adjudications of projects this person reviews, but none of a case that they have read themselves."""
        from annotation.models.annotation import Annotation

        if not user.is_authenticated:
            return self.none()
        own = Annotation.objects.filter(author=user, author_kind="reader").values("case")
        return self.filter(project__in=projects_where(user, "case.review"), case__subject__withdrawn_at=None).exclude(case__in=own)

    def standing(self) -> AdjudicationQuerySet:
        """Adjudications that nobody has finished or given back."""
        return self.filter(state=Adjudication.State.OPEN)


class Adjudication(Row):
    """``a``, ``b`` and, of three, ``c`` are the readings, in an order that says nothing of who or when. ``findings`` lists where they differ,
    worst first (:func:`annotation.services.agreement.agreement_of`), ``agreement`` sums it up, ``picks`` says what was settled:
    {finding: {"take": "a" | "b" | "c" | "vote" | "staple" | "edit"}}. ``consensus`` is the adjudicator's annotation; it derives from ``a``.
    """

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        RETURNED = "returned"

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="adjudications")
    case = models.ForeignKey("annotation.Case", on_delete=models.CASCADE, related_name="adjudications")
    a = models.ForeignKey("annotation.Revision", on_delete=models.PROTECT, related_name="adjudications_as_a")
    b = models.ForeignKey("annotation.Revision", on_delete=models.PROTECT, related_name="adjudications_as_b")
    c = models.ForeignKey("annotation.Revision", null=True, on_delete=models.PROTECT, related_name="adjudications_as_c")
    findings = models.JSONField(default=list)
    agreement = models.JSONField(default=dict)
    picks = models.JSONField(default=dict)
    consensus = models.ForeignKey("annotation.Annotation", null=True, on_delete=models.SET_NULL, related_name="adjudications")
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)

    objects = AdjudicationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["a", "b"], condition=Q(c=None), name="adjudication_once"),
            models.UniqueConstraint(fields=["a", "b", "c"], name="adjudication_of_three_once"),
            models.UniqueConstraint(fields=["case"], condition=Q(state="open"), name="adjudication_one_open"),
            models.CheckConstraint(condition=Q(state__in=["open", "done", "returned"]), name="adjudication_state_known"),
        ]

    @property
    def readings(self) -> dict[str, Revision]:
        """The readings by their side."""
        return {side: reading for side, reading in (("a", self.a), ("b", self.b), ("c", self.c)) if reading is not None}

    def __str__(self) -> str:
        return str(self.pk)
