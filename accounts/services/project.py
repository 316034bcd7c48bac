"""Making organisations, projects and the people in them."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from accounts.models import Organisation, Project, User
from accounts.services.audit import audit_record


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
