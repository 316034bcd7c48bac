"""Which role a person has in a project."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class Role(models.TextChoices):
    RADIOLOGIST = "radiologist", "Radiologist"
    ADJUDICATOR = "adjudicator", "Adjudicator"
    DATA_MANAGER = "data_manager", "Data manager"
    BOARD_CHAIR = "board_chair", "Board chair"
    BOARD_MEMBER = "board_member", "Board member"
    PATIENT_REPRESENTATIVE = "patient_representative", "Patient representative"
    PRIVACY_OFFICER = "privacy_officer", "Privacy officer"
    SIGNING_OFFICIAL = "signing_official", "Signing official"
    RESEARCHER = "researcher", "Researcher"
    OPERATOR = "operator", "Operator"


class Membership(Row):
    """User × project × role; a person may hold several roles in one project."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="memberships")
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=32, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "project", "role"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.get_role_display()} in {self.project}"
