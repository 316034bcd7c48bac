"""Making organisations, projects and the people in them."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from accounts.models import Organisation, Project, Role, User
from accounts.services.audit import audit_record
from accounts.services.membership import membership_add
from config.errors import Conflict


def organisation_create(*, slug: str, name: str, actor: User | None) -> Organisation:
    """Return the organisation with this slug, made if there is none."""
    with transaction.atomic():
        organisation, new = Organisation.objects.get_or_create(slug=slug, defaults={"name": name})
        if new:
            audit_record(actor=actor, verb="organisation.create", object=organisation)
    return organisation


def project_create(*, slug: str, name: str, organisation: Organisation, actor: User | None, description: str = "") -> Project:
    """Return the project with this slug, made if there is none."""
    with transaction.atomic():
        defaults = {"name": name, "organisation": organisation, "description": description}
        project, new = Project.objects.get_or_create(slug=slug, defaults=defaults)
        if new:
            audit_record(actor=actor, verb="project.create", object=project, project=project)
    return project


def project_begin(*, slug: str, name: str, description: str, organisation: Organisation, manager: User, actor: User) -> Project:
    """Make a project with its first data manager and return it. Raises :class:`Conflict` ``project_exists`` when the slug is taken."""
    with transaction.atomic():
        if Project.objects.filter(slug=slug).exists():
            raise Conflict("A project has this address already. Choose another one.", code="project_exists")
        project = project_create(slug=slug, name=name, organisation=organisation, actor=actor, description=description)
        membership_add(project=project, user=manager, role=Role.DATA_MANAGER, actor=actor)
    return project


def project_change(*, project: Project, actor: User, **changes: str) -> Project:
    """Change name or description and return the project."""
    for field, value in changes.items():
        setattr(project, field, value)
    with transaction.atomic():
        project.save()
        audit_record(actor=actor, verb="project.change", object=project, project=project, detail={"fields": sorted(changes)})
    return project


def user_create(*, username: str, password: str, display_name: str, organisation: Organisation | None, actor: User | None) -> User:
    """Return the person with this username, made if there is none; an existing one keeps their password.

    A password that is too short or too common raises ``ValidationError``.
    """
    existing = User.objects.filter(username=username).first()
    if existing:
        return existing
    validate_password(password)
    with transaction.atomic():
        user = User.objects.create_user(username, password=password, display_name=display_name, organisation=organisation)
        audit_record(actor=actor, verb="user.create", object=user)
    return user
