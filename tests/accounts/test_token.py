"""Personal access tokens: shown once, kept as a hash, scoped, expiring, revocable."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccessToken, AuditEvent, User
from accounts.services.token import token_create, token_revoke
from tests.factories import make_member, make_project


@pytest.fixture
def manager(db: None) -> User:
    return make_member("data_manager", make_project("lumbar"))


def program(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"})


def made(user: User, *scopes: str) -> tuple[AccessToken, Client]:
    token, secret = token_create(user=user, name="laptop", scopes=list(scopes), days=1)
    return token, program(secret)


def test_the_secret_is_shown_once_and_stored_nowhere(manager: User, client: Client):
    client.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/api/tokens", {"name": "laptop", "scopes": ["read"], "days": 7}, content_type="application/json")
    secret = answer.json()["secret"]
    assert program(secret).get("/api/me").json()["username"] == manager.username
    assert secret not in client.get("/api/tokens").content.decode()
    assert secret not in str(list(AccessToken.objects.values())) + str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("header", ["Bearer col_made-up", "Bearer ", "Bearer something", "bearer col_\u00e9"])
def test_a_made_up_token_gets_401(db: None, header: str):
    assert Client(headers={"Authorization": header}).get("/api/me").status_code == 401


def test_a_read_token_reads_and_changes_nothing(manager: User):
    _, reader = made(manager, "read")
    assert reader.get("/api/projects/lumbar/members").status_code == 200
    answer = reader.post(
        "/api/projects/lumbar/members", {"username": manager.username, "role": "operator"}, content_type="application/json"
    )
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "scope"


def test_a_pull_token_reaches_nothing_but_pulling(manager: User):
    _, puller = made(manager, "pull")
    assert puller.get("/api/projects").status_code == 403
    assert puller.get("/api/me").status_code == 403


def test_a_write_token_acts_and_the_trail_names_it(manager: User):
    token, writer = made(manager, "write")
    answer = writer.post(
        "/api/projects/lumbar/members", {"username": manager.username, "role": "operator"}, content_type="application/json"
    )
    assert answer.status_code == 201
    row = AuditEvent.objects.get(verb="membership.add")
    assert (row.actor, row.actor_kind, row.detail["token"]) == (manager.pk, "token", str(token.pk))


def test_no_token_makes_a_token(manager: User):
    _, writer = made(manager, "write")
    answer = writer.post("/api/tokens", {"name": "another", "scopes": ["write"], "days": 366}, content_type="application/json")
    assert answer.status_code == 403


def test_an_expired_revoked_or_orphaned_token_gets_401(manager: User):
    for spoil in ("expire", "revoke", "deactivate"):
        token, reader = made(manager, "read")
        assert reader.get("/api/me").status_code == 200
        if spoil == "expire":
            AccessToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        elif spoil == "revoke":
            token_revoke(token=token, user=manager)
        else:
            User.objects.filter(pk=manager.pk).update(is_active=False)
        assert reader.get("/api/me").status_code == 401, spoil


def test_nobody_sees_or_revokes_a_token_of_another(manager: User, client: Client):
    token, _ = made(manager, "read")
    client.force_login(make_member("data_manager"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/api/tokens").json()["count"] == 0
    assert client.delete(f"/api/tokens/{token.pk}").status_code == 404


def test_a_token_notes_when_it_was_last_used(manager: User):
    token, reader = made(manager, "read")
    reader.get("/api/me")
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at > timezone.now() - timedelta(minutes=1)
