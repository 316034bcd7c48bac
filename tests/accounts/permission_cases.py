"""Who may call the endpoints of accounts."""

from __future__ import annotations

from accounts.models import AccessToken, Membership
from accounts.services.token import token_create
from tests.factories import make_member, make_user
from tests.permissions import Case, World


def _member(world: World) -> None:
    world.things["newcomer"] = make_user()
    reader = make_member("radiologist", world.project)
    world.things["membership"] = Membership.objects.get(user=reader)


def _tokens(world: World) -> None:
    for person in [*world.people.values(), world.outsider]:
        token_create(user=person, name="laptop", scopes=["read"], days=1)


def _own_token(world: World) -> str:
    token = AccessToken.objects.filter(user=world.asking).first() or AccessToken.objects.first()
    return f"/api/tokens/{token.pk}"  # type: ignore[union-attr]


def _members(world: World) -> str:
    return f"/api/projects/{world.project.slug}/members"


def _colleague(world: World) -> None:
    world.things["colleague"] = make_user(organisation=world.project.organisation)


CASES = [
    Case("GET", "users", None, lambda world: "/api/users", outsider="allowed"),
    Case(
        "GET",
        "users/{pk}",
        "account.manage",
        lambda world: f"/api/users/{world.things['colleague'].pk}",
        prepare=_colleague,
        denied=404,
        outsider="allowed",
    ),
    Case(
        "POST",
        "users",
        "account.manage",
        lambda world: "/api/users",
        body=lambda world: {
            "username": "a.newcomer",
            "organisation": world.project.organisation.slug,
            "password": "a long enough password",
        },
        outsider="allowed",
    ),
    Case(
        "PATCH",
        "users/{pk}",
        "account.manage",
        lambda world: f"/api/users/{world.things['colleague'].pk}",
        body=lambda world: {"display_name": "A. Newcomer"},
        prepare=_colleague,
        denied=404,
        outsider="allowed",
    ),
    Case("GET", "organisations", None, lambda world: "/api/organisations", outsider="allowed"),
    Case(
        "POST",
        "organisations",
        "installation.manage",
        lambda world: "/api/organisations",
        body=lambda world: {"slug": "another", "name": "Another"},
        outsider=403,
    ),
    Case(
        "POST",
        "projects",
        "account.manage",
        lambda world: "/api/projects",
        body=lambda world: {"slug": "another", "name": "Another", "organisation": world.project.organisation.slug},
        outsider="allowed",
    ),
    Case(
        "PATCH",
        "projects/{slug}",
        "project.manage",
        lambda world: f"/api/projects/{world.project.slug}",
        body=lambda world: {"name": "Another name"},
    ),
    Case("GET", "me", None, lambda world: "/api/me", outsider="allowed"),
    Case("GET", "me/outbox-key", None, lambda world: "/api/me/outbox-key", outsider="allowed"),
    Case("GET", "tokens", None, lambda world: "/api/tokens", outsider="allowed"),
    Case(
        "POST",
        "tokens",
        None,
        lambda world: "/api/tokens",
        body=lambda world: {"name": "laptop", "scopes": ["read"], "days": 1},
        outsider="allowed",
    ),
    Case("DELETE", "tokens/{pk}", None, _own_token, prepare=_tokens, outsider="allowed"),
    Case("GET", "projects", None, lambda world: "/api/projects", outsider="allowed"),
    Case("GET", "projects/{slug}", None, lambda world: f"/api/projects/{world.project.slug}"),
    Case("GET", "projects/{slug}/members", "project.manage", _members),
    Case(
        "POST",
        "projects/{slug}/members",
        "project.manage",
        _members,
        body=lambda world: {"username": world.things["newcomer"].username, "role": "radiologist"},
        prepare=_member,
    ),
    Case(
        "DELETE",
        "projects/{slug}/members/{pk}",
        "project.manage",
        lambda world: f"{_members(world)}/{world.things['membership'].pk}",
        prepare=_member,
    ),
    Case("GET", "audit", "audit.view", lambda world: f"/api/audit?project={world.project.slug}"),
]
