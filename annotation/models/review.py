"""A review: what a second person said of a reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, user: User) -> ReviewQuerySet:
        """Reviewers see those of their projects; a reader sees what was said of their own readings."""
        if not user.is_authenticated:
            return self.none()
        reviewed = Q(project__in=projects_where(user, "case.review"))
        own = Q(revision__annotation__author=user, project__in=projects_where(user, "case.label"))
        return self.filter(reviewed | own, case__subject__withdrawn_at=None)

    def unanswered(self) -> ReviewQuerySet:
        """Returned readings that their readers have not handed in again."""
        from annotation.models.revision import Revision

        again = Revision.objects.authored().filter(
            annotation__case=OuterRef("case"),
            annotation__author=OuterRef("revision__annotation__author"),
            created_at__gt=OuterRef("created_at"),
        )
        return self.filter(~Exists(again), verdict=Review.Verdict.RETURN)


class Review(Row):
    """``place`` pins the note: {"stack", "slice": slice key, "point": [x, y, z] mm LPS, "structure": code}, each part where it is known."""

    class Verdict(models.TextChoices):
        ACCEPT = "accept"
        RETURN = "return"

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="reviews")
    case = models.ForeignKey("annotation.Case", on_delete=models.CASCADE, related_name="reviews")
    revision = models.ForeignKey("annotation.Revision", on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="reviews")
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    note = models.TextField(blank=True)
    place = models.JSONField(default=dict)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=Q(verdict__in=["accept", "return"]), name="review_verdict_known")]

    def __str__(self) -> str:
        return self.verdict
