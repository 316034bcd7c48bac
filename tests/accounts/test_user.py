"""Accounts and projects of an installation that begins with nothing but the account of ``createsuperuser``."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, Project, User
from accounts.services.token import token_create
from tests.factories import make_member, make_project, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a first password of theirs"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/{path}", body, content_type="application/json")


def patch(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.patch(f"/api/{path}", body, content_type="application/json")


def test_an_empty_installation_is_set_up_by_its_superuser():
    root = signed_in(User.objects.create_superuser("root", password=PASSWORD))
    assert root.get("/api/me").json() | {"makes_accounts": True, "runs_installation": True, "projects": []} == root.get("/api/me").json()
    assert post(root, "organisations", {"slug": "hospital", "name": "Hospital"}).status_code == 201
    assert post(root, "users", {"username": "maria", "organisation": "hospital", "password": PASSWORD}).status_code == 201
    begun = post(root, "projects", {"slug": "lumbar", "name": "Lumbar", "organisation": "hospital", "manager": "maria"})
    assert begun.status_code == 201, begun.json()
    maria = signed_in(User.objects.get(username="maria"))
    assert maria.get("/api/me").json()["projects"][0]["roles"] == ["data_manager"]
    assert maria.get("/api/me").json()["must_change_password"]
    verbs = list(AuditEvent.objects.values_list("verb", flat=True))
    assert {"organisation.create", "user.create", "project.create", "membership.add"} <= set(verbs)


def test_a_first_password_is_changed_by_the_person():
    person = make_user("maria", password=PASSWORD, must_change_password=True)
    client = Client()
    client.post("/_allauth/browser/v1/auth/login", {"username": "maria", "password": PASSWORD}, content_type="application/json")
    changed = client.post(
        "/_allauth/browser/v1/account/password/change",
        {"current_password": PASSWORD, "new_password": "and now one of my own"},
        content_type="application/json",
    )
    assert changed.status_code == 200, changed.content
    assert client.get("/api/me").json()["must_change_password"] is False, "and the session goes on"
    person.refresh_from_db()
    assert person.check_password("and now one of my own")


def test_a_first_password_opens_nothing_but_the_way_to_change_it():
    person = make_user("maria", password=PASSWORD, must_change_password=True)
    _, secret = token_create(user=person, name="laptop", scopes=["read"], days=1)
    maria, program = signed_in(person), Client(headers={"Authorization": f"Bearer {secret}"})
    for client, paths in ((maria, ["projects", "cases", "me/outbox-key"]), (program, ["projects", "cases"])):
        for path in paths:
            refused = client.get(f"/api/{path}")
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "password_change_needed")
    assert maria.get("/dicomweb/studies").json()["error"]["code"] == "password_change_needed"
    assert program.get("/dicomweb/studies").json()["error"]["code"] == "password_change_needed"
    assert maria.get("/api/me").json()["must_change_password"]
    assert maria.delete("/_allauth/browser/v1/auth/session").status_code == 401, "signed out"
    User.objects.filter(pk=person.pk).update(must_change_password=False)
    assert program.get("/api/projects").status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"username": "MARIA", "password": PASSWORD}, "username_taken"),
        ({"username": "other", "password": "short"}, "weak_password"),
        ({"username": "with a blank", "password": PASSWORD}, "invalid"),
    ],
)
def test_an_account_that_cannot_be_made_is_refused_with_a_reason(body: dict[str, str], code: str):
    operator = signed_in(make_member("operator"))
    make_user("maria")
    answer = post(operator, "users", {**body, "organisation": "hospital"})
    assert answer.json()["error"]["code"] == code
    assert not User.objects.filter(username="other").exists()


def test_an_operator_closes_an_account_but_neither_their_own_nor_a_superusers():
    operator = make_member("operator")
    house = operator.memberships.get().project.organisation
    reader, root = make_user(organisation=house), User.objects.create_superuser("root", organisation=house)
    client = signed_in(operator)
    assert patch(client, f"users/{reader.pk}", {"is_active": False}).json()["is_active"] is False
    assert patch(client, f"users/{root.pk}", {"password": PASSWORD}).status_code == 403
    User.objects.filter(pk=operator.pk).update(organisation=house)
    assert patch(client, f"users/{operator.pk}", {"is_active": False}).json()["error"]["code"] == "own_account"


def test_a_data_manager_makes_no_accounts_and_gives_no_passwords():
    project = make_project()
    manager = signed_in(make_member("data_manager", project))
    reader = make_member("radiologist", project)
    assert post(manager, "users", {"username": "second-me", "organisation": "hospital", "password": PASSWORD}).status_code == 403
    assert patch(manager, f"users/{reader.pk}", {"password": PASSWORD}).status_code == 404


def test_a_project_keeps_its_address_and_changes_its_name():
    project = make_project("lumbar")
    manager = signed_in(make_member("data_manager", project))
    assert patch(manager, "projects/lumbar", {"name": "Lumbar spine", "slug": "other"}).json()["name"] == "Lumbar spine"
    assert Project.objects.get().slug == "lumbar"
    operator = signed_in(make_member("operator", project))
    assert (
        post(operator, "projects", {"slug": "lumbar", "name": "Again", "organisation": "hospital"}).json()["error"]["code"]
        == "project_exists"
    )
