"""Making the rows that tests stand on. Each room adds its own below its heading; data is small, legal and unique by default."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accounts.models import Membership, Project, User

_numbers = itertools.count(1)


# accounts


def make_user(username: str | None = None, *, password: str = "a long enough password", **fields: Any) -> User:
    """Return a person who can sign in with ``password``."""
    from accounts.models import User

    return User.objects.create_user(username or f"person{next(_numbers)}", password=password, **fields)


def make_project(slug: str | None = None, **fields: Any) -> Project:
    from accounts.models import Organisation, Project

    slug = slug or f"project-{next(_numbers)}"
    organisation, _ = Organisation.objects.get_or_create(slug="hospital", defaults={"name": "Hospital"})
    return Project.objects.create(slug=slug, **{"name": slug, "organisation": organisation, **fields})


def make_member(role: str = "radiologist", project: Project | None = None, user: User | None = None) -> User:
    """Return a person with ``role`` in ``project`` (a new one when none is given: ``user.memberships.get().project``)."""
    from accounts.models import Membership

    user = user or make_user()
    membership: Membership = Membership.objects.create(user=user, project=project or make_project(), role=role)
    return membership.user
