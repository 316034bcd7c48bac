"""A protocol: what a project labels, and how it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.abilities import projects_where
from accounts.models.base import Row

if TYPE_CHECKING:
    from accounts.models import User


class ReadingMode(models.TextChoices):
    """When a reader sees the model's proposal: at once, after submitting their own reading, or never."""

    AI_FIRST = "ai_first", "AI first"
    BLIND_FIRST = "blind_first", "Blind first, then reveal"
    AI_HIDDEN = "ai_hidden", "AI hidden"


class ReviewRule(models.TextChoices):
    """When a finished reading goes to a second person: never, when its readers disagree, or always."""

    NEVER = "never", "Never"
    DISAGREEMENT = "disagreement", "When readers disagree"
    ALWAYS = "always", "Always"


class ProtocolQuerySet(models.QuerySet["Protocol"]):
    def visible_to(self, user: User) -> ProtocolQuerySet:
        return self.filter(project__in=projects_where(user, "image.view"))

    def active(self) -> ProtocolQuerySet:
        """Protocols under which arriving studies become cases."""
        return self.filter(is_active=True)


class Protocol(Row):
    """``structures`` are codes picked from the schema; ``recipe`` says which tasks a reading has and its rules
    ({"tasks": ["segmentation", …], "forms": […], "required": […], "numbering": "warn"|"block"}); ``hanging`` how the panes are filled.

    ``required`` are the forms without whose every cell nothing is submitted. ``version`` grows with every change of the settings;
    ``readers`` people read each case on their own, 1 to 3; ``review`` says when somebody looks at what they handed in.
    """

    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="protocols")
    name = models.CharField(max_length=100)
    schema = models.ForeignKey("annotation.LabelSchema", on_delete=models.PROTECT, related_name="protocols")
    structures = models.JSONField(default=list)
    recipe = models.JSONField(default=dict)
    hanging = models.JSONField(default=dict)
    reading_mode = models.CharField(max_length=16, choices=ReadingMode.choices, default=ReadingMode.AI_FIRST)
    readers = models.PositiveSmallIntegerField(default=1)
    review = models.CharField(max_length=16, choices=ReviewRule.choices, default=ReviewRule.NEVER)
    version = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(default=True)

    objects = ProtocolQuerySet.as_manager()

    class Meta:
        ordering = ["project", "name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="protocol_name_once"),
            models.CheckConstraint(condition=models.Q(reading_mode__in=ReadingMode.values), name="protocol_reading_mode_known"),
            models.CheckConstraint(condition=models.Q(readers__gte=1, readers__lte=3), name="protocol_one_to_three_readers"),
            models.CheckConstraint(condition=models.Q(review__in=ReviewRule.values), name="protocol_review_known"),
        ]

    def __str__(self) -> str:
        return self.name
