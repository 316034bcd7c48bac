"""Who may do what: one table of role × ability, and the questions asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models.membership import Role
from config.errors import Forbidden

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import Organisation, Project, User

_READERS = frozenset({Role.RADIOLOGIST, Role.ADJUDICATOR})
_MANAGERS = frozenset({Role.DATA_MANAGER})
_BOARD = frozenset({Role.BOARD_CHAIR, Role.BOARD_MEMBER, Role.PATIENT_REPRESENTATIVE})

ABILITIES: dict[str, frozenset[Role]] = {
    "installation.manage": frozenset(),
    "account.manage": frozenset({Role.OPERATOR}),
    "project.manage": _MANAGERS,
    "image.view": _READERS | _MANAGERS,
    "case.label": _READERS,
    "case.manage": _MANAGERS,
    "case.review": _MANAGERS | {Role.ADJUDICATOR},
    "intake.view": _MANAGERS | {Role.OPERATOR, Role.PRIVACY_OFFICER},
    "intake.import": _MANAGERS,
    "quarantine.decide": _MANAGERS | {Role.PRIVACY_OFFICER},
    "profile.manage": _MANAGERS | {Role.PRIVACY_OFFICER},
    "source.manage": _MANAGERS | {Role.OPERATOR},
    "identity.reveal": frozenset({Role.PRIVACY_OFFICER, Role.DATA_MANAGER}),
    "subject.withdraw": frozenset({Role.PRIVACY_OFFICER, Role.DATA_MANAGER}),
    "model.view": _READERS | _MANAGERS | {Role.RESEARCHER, Role.OPERATOR},
    "model.train": _MANAGERS,
    "model.promote": _MANAGERS,
    "dataset.view": _MANAGERS | _BOARD | {Role.RESEARCHER, Role.PRIVACY_OFFICER, Role.SIGNING_OFFICIAL, Role.RADIOLOGIST, Role.ADJUDICATOR},
    "dataset.manage": _MANAGERS,
    "dataset.approve": _MANAGERS | {Role.BOARD_CHAIR},
    "dataset.pull": _MANAGERS | {Role.RESEARCHER},
    "job.view": _MANAGERS | {Role.OPERATOR},
    "job.cancel": _MANAGERS | {Role.OPERATOR},
    "audit.view": frozenset({Role.PRIVACY_OFFICER, Role.OPERATOR, Role.DATA_MANAGER}),
}
"""Every ability and the roles that have it; one without roles is for superusers only. A new endpoint names one of these; the permission tests walk the table."""


def roles_of(user: User, project: Project) -> set[str]:
    return set(user.memberships.filter(project=project).values_list("role", flat=True))


def may(user: User, ability: str, project: Project) -> bool:
    """Return whether this person's roles in the project give the ability. Unknown abilities raise ``KeyError``."""
    allowed = ABILITIES[ability]
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or bool(roles_of(user, project) & allowed)


def require(user: User, ability: str, project: Project) -> None:
    """Raise :class:`config.errors.Forbidden` unless :func:`may`."""
    if not may(user, ability, project):
        raise Forbidden(f"Your roles in this project do not include '{ability}'. Ask a data manager of the project.")


def projects_where(user: User, ability: str) -> QuerySet[Project]:
    """Return the QuerySet of projects in which this person has the ability; what other rooms' ``visible_to`` filter by."""
    from accounts.models.project import Project

    if user.is_authenticated and user.is_superuser:
        return Project.objects.all()
    if not user.is_authenticated or not user.is_active:
        return Project.objects.none()
    return Project.objects.filter(memberships__user=user, memberships__role__in=ABILITIES[ability]).distinct()


def organisations_run_by(user: User) -> QuerySet[Organisation]:
    """Return the QuerySet of organisations whose accounts and projects this person makes: all for a superuser, an operator's own."""
    from accounts.models.organisation import Organisation

    if user.is_superuser and user.is_active:
        return Organisation.objects.all()
    return Organisation.objects.filter(projects__in=projects_where(user, "account.manage")).distinct()
