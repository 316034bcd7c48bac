"""The audit trail: chained, gapless, and beyond the reach of UPDATE and DELETE."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts.models import AuditEvent
from accounts.services.audit import audit_record, audit_verify
from config.environment import BASE_DIR
from tests.database import guards_lifted
from tests.factories import make_member, make_project
from tests.servers.process import Server


def record(number: int = 1) -> None:
    for index in range(number):
        audit_record(actor=None, verb="test.happen", object=("thing", str(index)), detail={"index": index, "of": ["a", {"b": None}]})


def test_rows_are_numbered_without_a_gap_and_the_chain_holds(db: None):
    record(5)
    assert list(AuditEvent.objects.values_list("sequence", flat=True)) == [1, 2, 3, 4, 5]
    assert audit_verify()[0] == 5
    assert audit_verify()[2] is None


def test_a_change_that_is_rolled_back_leaves_no_row_and_no_gap(db: None):
    record()
    with transaction.atomic():
        record()
        transaction.set_rollback(True)
    record()
    assert list(AuditEvent.objects.values_list("sequence", flat=True)) == [1, 2]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditevent SET verb = 'nothing.happened'",
        "DELETE FROM accounts_auditevent",
        "INSERT INTO accounts_auditevent SELECT 9, at, actor, actor_kind, verb, object_kind, object_id, project, request_id, detail, digest, 'x' "
        "FROM accounts_auditevent",
        "INSERT INTO accounts_auditevent SELECT 2, at, actor, actor_kind, verb, object_kind, object_id, project, request_id, detail, 'x', 'x' "
        "FROM accounts_auditevent",
    ],
    ids=["update", "delete", "gap", "wrong predecessor"],
)
def test_the_database_refuses(db: None, statement: str):
    record()
    with pytest.raises(DatabaseError, match="audit trail"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert audit_verify()[0] == 1


def test_postgresql_refuses_truncate_too(db: None):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(DatabaseError, match="audit trail"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_auditevent")


def test_verify_names_the_first_row_that_somebody_with_the_database_changed(db: None):
    record(4)
    with guards_lifted():
        AuditEvent.objects.filter(sequence=3).update(verb="nothing.happened")
    with pytest.raises(CommandError, match="broken at row 3: its content does not match"):
        call_command("audit", "verify")


def test_verify_finds_a_missing_row(db: None):
    record(4)
    with guards_lifted():
        AuditEvent.objects.filter(sequence=2).delete()
    with pytest.raises(CommandError, match="broken at row 3: row 2 is missing"):
        call_command("audit", "verify")


def test_a_trail_cut_short_is_found_by_what_was_noted_down(db: None):
    record(4)
    anchor = f"4:{AuditEvent.objects.get(sequence=4).digest}"
    call_command("audit", "verify", anchor=(4, anchor[2:]))
    with guards_lifted():
        AuditEvent.objects.filter(sequence=4).delete()
    with pytest.raises(CommandError, match="ends before row 4"):
        call_command("audit", "verify", "--anchor", anchor)


def test_a_number_that_databases_round_is_refused(db: None):
    with pytest.raises(TypeError, match=r"0\.1"):
        audit_record(actor=None, verb="test.happen", object=("thing", "1"), detail={"dice": [0.1]})


def test_the_trail_of_a_project_is_read_by_those_who_may(db: None, client: Client):
    project, other = make_project("lumbar"), make_project("other")
    officer = make_member("privacy_officer", project)
    audit_record(actor=officer, verb="test.happen", object=project, project=project)
    audit_record(actor=None, verb="test.happen", object=other, project=other)
    client.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    rows = client.get("/api/audit?project=lumbar").json()["results"]
    assert [row["object_id"] for row in rows] == [str(project.pk)]
    assert client.get("/api/audit").status_code == 400
    assert client.get("/api/audit?project=other").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_tables_are_emptied_between_tests_and_guarded_again():
    record()
    assert AuditEvent.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.all().delete()


_WRITER = """
import django; django.setup()
from django.db import transaction
from accounts.services.audit import audit_record
for number in range(20):
    with transaction.atomic():
        audit_record(actor=None, verb="test.happen", object=("thing", str(number)))
        if number % 5 == 4:
            transaction.set_rollback(True)
"""


def _processes_write_at_once(environment: dict[str, str]) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **environment}
    manage = [sys.executable, str(BASE_DIR / "manage.py")]
    subprocess.run([*manage, "migrate", "accounts", "-v0"], check=True, env=environment, cwd=BASE_DIR)
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER], env=environment, cwd=BASE_DIR) for _ in range(4)]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0, 0]
    verdict = subprocess.run([*manage, "audit", "verify"], check=True, env=environment, cwd=BASE_DIR, capture_output=True, text=True)
    assert "sound: 64 rows" in verdict.stdout


def test_four_processes_write_one_chain_on_sqlite(tmp_path: Path):
    _processes_write_at_once({"COLUMNA_DATA_DIR": str(tmp_path), "COLUMNA_DATABASE_URL": ""})


def test_four_processes_write_one_chain_on_postgresql(tmp_path: Path, postgresql_server: Server):
    _processes_write_at_once({"COLUMNA_DATA_DIR": str(tmp_path), "COLUMNA_DATABASE_URL": postgresql_server.url})


_GUESS = """
import django; django.setup()
from django.test import Client
answer = Client(headers={"host": "localhost"}).post("/_allauth/browser/v1/auth/login", {"username": "reader", "password": "wrong"}, content_type="application/json")
print(answer.json()["errors"][0]["code"])
"""


def test_failures_in_several_processes_count_together(tmp_path: Path):
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "COLUMNA_DATA_DIR": str(tmp_path), "COLUMNA_DATABASE_URL": ""}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, env=environment, cwd=BASE_DIR)
    codes = []
    for _ in range(6):
        guess = subprocess.run([sys.executable, "-c", _GUESS], env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=True)
        codes.append(guess.stdout.strip())
    assert codes == ["username_password_mismatch"] * 5 + ["too_many_login_attempts"]
