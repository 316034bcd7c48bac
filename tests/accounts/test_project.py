"""Projects, members, and what a person is told of themselves."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.management.commands.roles import table
from accounts.models import Membership, User
from accounts.services.membership import membership_add, membership_remove
from config.environment import BASE_DIR
from config.errors import Conflict
from tests.factories import make_member, make_project, make_user

BACKEND = "django.contrib.auth.backends.ModelBackend"


def test_me_lists_projects_with_roles_and_abilities(db: None, client: Client):
    reader = make_member("radiologist", make_project("lumbar"))
    make_project("somebody-elses")
    client.force_login(reader, backend=BACKEND)
    me = client.get("/api/me").json()
    assert [project["slug"] for project in me["projects"]] == ["lumbar"]
    assert me["projects"][0]["roles"] == ["radiologist"]
    assert "case.label" in me["projects"][0]["abilities"]
    assert "project.manage" not in me["projects"][0]["abilities"]


def test_a_data_manager_adds_and_removes_a_member(db: None, client: Client):
    project = make_project("lumbar")
    client.force_login(make_member("data_manager", project), backend=BACKEND)
    newcomer = make_user("newcomer")
    added = client.post("/api/projects/lumbar/members", {"username": "newcomer", "role": "radiologist"}, content_type="application/json")
    assert added.status_code == 201
    assert newcomer.memberships.get().project == project
    assert client.delete(f"/api/projects/lumbar/members/{added.json()['id']}").status_code == 204
    assert not newcomer.memberships.exists()


def test_an_unknown_username_is_refused_with_a_reason(db: None, client: Client):
    client.force_login(make_member("data_manager", make_project("lumbar")), backend=BACKEND)
    answer = client.post("/api/projects/lumbar/members", {"username": "nobody", "role": "radiologist"}, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "unknown_user"


def test_the_last_data_manager_stays(db: None):
    project = make_project()
    manager = make_member("data_manager", project)
    with pytest.raises(Conflict, match="last data manager"):
        membership_remove(membership=Membership.objects.get(user=manager), actor=manager)


def test_adding_the_same_member_twice_is_one_membership_and_one_row_of_the_trail(db: None):
    from accounts.models import AuditEvent

    project, person = make_project(), make_user()
    for _ in range(2):
        membership_add(project=project, user=person, role="radiologist", actor=None)
    assert Membership.objects.count() == AuditEvent.objects.filter(verb="membership.add").count() == 1


def test_the_page_of_roles_is_what_the_code_says():
    assert table() in (BASE_DIR / "docs" / "reference" / "roles.md").read_text(), "run `manage.py roles`"


def test_the_demo_can_be_made_twice_and_its_people_sign_in(db: None, client: Client):
    for _ in range(2):
        call_command("demo", people_only=True, verbosity=0)
    assert User.objects.count() == 7
    answer = client.post(
        "/_allauth/browser/v1/auth/login", {"username": "reader", "password": "reader-columna-demo"}, content_type="application/json"
    )
    assert answer.status_code == 200
    assert [project["slug"] for project in client.get("/api/me").json()["projects"]] == ["lumbar-demo"]


def test_the_demo_refuses_full_mode(db: None, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"mode": "full"})
    with pytest.raises(CommandError, match="embedded mode only"):
        call_command("demo", verbosity=0)
    assert not User.objects.exists()
