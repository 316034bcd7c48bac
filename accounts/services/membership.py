"""Who belongs to a project, and as what."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Membership, Project, Role, User
from accounts.services.audit import audit_record
from config.errors import Conflict, Invalid


def membership_add(*, project: Project, user: User, role: str, actor: User | None) -> Membership:
    """Return the membership; adding the same one again changes nothing."""
    if role not in Role.values:
        raise Invalid(f"{role!r} is not a role; the roles are {', '.join(Role.values)}.")
    with transaction.atomic():
        membership, new = Membership.objects.get_or_create(project=project, user=user, role=role)
        if new:
            audit_record(
                actor=actor, verb="membership.add", object=membership, project=project, detail={"user": str(user.pk), "role": role}
            )
    return membership


def membership_remove(*, membership: Membership, actor: User | None) -> None:
    """End a membership. The last data manager stays: a project that nobody can manage helps nobody."""
    project = membership.project
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        others = project.memberships.filter(role=Role.DATA_MANAGER).exclude(pk=membership.pk)
        if membership.role == Role.DATA_MANAGER and not others.exists():
            raise Conflict("This is the project's last data manager. Add another one first.", code="last_data_manager")
        detail = {"user": str(membership.user_id), "role": membership.role}
        reference = (membership._meta.label_lower, str(membership.pk))
        membership.delete()
        audit_record(actor=actor, verb="membership.remove", object=reference, project=project, detail=detail)
