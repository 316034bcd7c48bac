"""Signing in through the browser client, as the page does it."""

from __future__ import annotations

import base64

import pytest
from django.test import Client

from accounts.models import AuditEvent, User
from config.privacy import MARK
from tests.factories import make_user

LOGIN, SESSION = "/_allauth/browser/v1/auth/login", "/_allauth/browser/v1/auth/session"
PASSWORD = "a long enough password"


@pytest.fixture
def person(db: None) -> User:
    return make_user("reader", password=PASSWORD)


def sign_in(client: Client, username: str, password: str, headers: dict[str, str] | None = None):
    return client.post(LOGIN, {"username": username, "password": password}, content_type="application/json", headers=headers)


def test_a_person_signs_in_is_told_who_they_are_and_signs_out(person: User, client: Client):
    assert sign_in(client, "reader", PASSWORD).status_code == 200
    assert client.get("/api/me").json()["username"] == "reader"
    assert client.delete(SESSION).status_code == 401
    assert client.get("/api/me").status_code == 401


def test_the_session_key_changes_when_signing_in(person: User, client: Client):
    """An attacker who planted a session cookie does not share the session afterwards (session fixation)."""
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = str(session.session_key)
    client.cookies["sessionid"] = planted
    sign_in(client, "reader", PASSWORD)
    assert client.cookies["sessionid"].value != planted
    assert Client(headers={"cookie": f"sessionid={planted}"}).get("/api/me").status_code == 401


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(person: User):
    wrong_password = sign_in(Client(), "reader", "not the password")
    wrong_name = sign_in(Client(), "nobody-by-this-name", "not the password")
    assert wrong_password.status_code == wrong_name.status_code == 400
    assert wrong_password.json() == wrong_name.json()


def test_an_inactive_person_does_not_get_in(person: User, client: Client):
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert sign_in(client, "reader", PASSWORD).status_code in (400, 401)
    assert client.get("/api/me").status_code == 401


def test_signing_in_needs_the_csrf_token(person: User):
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, "reader", PASSWORD).status_code == 403
    client.get(SESSION)
    token = client.cookies["csrftoken"].value
    assert sign_in(client, "reader", PASSWORD, headers={"X-CSRFToken": token}).status_code == 200


def test_an_unsafe_call_of_a_session_needs_the_csrf_token(person: User):
    client = Client(enforce_csrf_checks=True)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/api/tokens", {"name": "x", "scopes": ["read"]}, content_type="application/json")
    assert answer.status_code == 403


def test_the_sixth_failure_on_one_name_is_refused_even_with_the_right_password(person: User):
    for _ in range(5):
        sign_in(Client(), "reader", "not the password")
    answer = sign_in(Client(), "READER", PASSWORD)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "too_many_login_attempts"
    assert sign_in(Client(), "reader", PASSWORD, headers={"Host": "localhost"}).status_code == 400, "another host name is no second try"


def test_nobody_signs_up(db: None, client: Client):
    answer = client.post(
        "/_allauth/browser/v1/auth/signup",
        {"username": "me", "password": PASSWORD, "email": "me@example.org"},
        content_type="application/json",
    )
    assert answer.status_code == 403
    assert not User.objects.exists()


def test_signing_in_failing_and_out_are_in_the_audit_trail_without_password_or_unknown_name(person: User, client: Client):
    sign_in(client, "a-strange-name", "a tried password")
    sign_in(client, "reader", PASSWORD)
    client.delete(SESSION)
    assert list(AuditEvent.objects.values_list("verb", flat=True)) == ["session.refuse", "session.start", "session.end"]
    rows = str(list(AuditEvent.objects.values()))
    assert "a-strange-name" not in rows
    assert "password" not in rows


def test_a_session_that_ends_takes_the_cached_images_with_it(person: User, client: Client):
    sign_in(client, "reader", PASSWORD)
    assert "Clear-Site-Data" not in client.get("/api/me").headers
    planted = client.cookies["sessionid"].value
    assert client.delete(SESSION).headers["Clear-Site-Data"] == '"cache"'
    client.cookies["sessionid"] = planted
    assert client.get("/api/cases").headers["Clear-Site-Data"] == '"cache"', "an expired session finds out at its next word"
    assert "Clear-Site-Data" not in Client().get("/api/cases").headers


def test_a_session_whose_cookie_ran_out_in_the_browser_takes_the_cached_images_with_it_once(person: User, client: Client):
    sign_in(client, "reader", PASSWORD)
    mark = client.get("/api/me").cookies[MARK]
    assert (mark.value, bool(mark["httponly"])) == ("1", True), "it says that somebody was here, and not who"
    assert MARK not in client.get("/api/me").cookies
    del client.cookies["sessionid"]  # what a browser does when its time is over
    assert client.get("/api/cases").headers["Clear-Site-Data"] == '"cache"'
    assert "Clear-Site-Data" not in client.get("/api/cases").headers


def test_the_key_of_unsent_work_is_a_persons_own_and_never_changes(person: User, client: Client):
    def key_of(user: User) -> str:
        client.force_login(user)
        answer = client.get("/api/me/outbox-key")
        assert "no-store" in answer.headers["Cache-Control"]
        return str(answer.json()["key"])

    first = key_of(person)
    assert len(base64.b64decode(first)) == 32
    assert key_of(make_user("reader-two")) != first
    assert key_of(person) == first
