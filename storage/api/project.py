"""Finding the project that a request speaks of."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from accounts.abilities import require
from accounts.models import Project, User
from config.errors import Invalid, Missing


def field(request: Request, name: str) -> Any:
    """Return a field of the body, or None; a body that is a list has no fields."""
    return request.data.get(name) if hasattr(request.data, "get") else None


def project_for(user: User, slug: Any, ability: str) -> Project:
    """Return the project by its slug. Raises :class:`Missing` when the person may not know of it, ``Forbidden`` without the ability."""
    if not isinstance(slug, str) or not slug:
        raise Invalid("Say which project, by its slug: project=….", state={"fields": {"project": ["Required."]}})
    project = Project.objects.visible_to(user).filter(slug=slug).first()
    if project is None:
        raise Missing("There is no such project, or you have no role in it.")
    require(user, ability, project)
    return project
