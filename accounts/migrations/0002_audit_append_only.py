"""The database itself keeps the audit trail append-only and gapless, on SQLite and on PostgreSQL."""

from django.db import migrations

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON accounts_auditevent
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: no UPDATE'); END;
--
CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON accounts_auditevent
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: no DELETE'); END;
--
CREATE TRIGGER IF NOT EXISTS audit_chained BEFORE INSERT ON accounts_auditevent
BEGIN
  SELECT RAISE(ABORT, 'the audit trail is gapless: wrong sequence')
    WHERE NEW.sequence <> (SELECT COALESCE(MAX(sequence), 0) + 1 FROM accounts_auditevent);
  SELECT RAISE(ABORT, 'the audit trail is chained: wrong predecessor')
    WHERE NEW.previous <> COALESCE((SELECT digest FROM accounts_auditevent ORDER BY sequence DESC LIMIT 1),
                                   '0000000000000000000000000000000000000000000000000000000000000000');
END;
"""

_POSTGRESQL = """
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is append-only: no %', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
--
CREATE OR REPLACE FUNCTION audit_chained() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last_sequence bigint := 0;
  last_digest text := repeat('0', 64);
BEGIN
  SELECT sequence, digest INTO last_sequence, last_digest FROM accounts_auditevent ORDER BY sequence DESC LIMIT 1;
  IF NEW.sequence <> COALESCE(last_sequence, 0) + 1 THEN
    RAISE EXCEPTION 'the audit trail is gapless: wrong sequence' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.previous <> COALESCE(last_digest, repeat('0', 64)) THEN
    RAISE EXCEPTION 'the audit trail is chained: wrong predecessor' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
--
CREATE OR REPLACE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON accounts_auditevent
FOR EACH ROW EXECUTE FUNCTION audit_refuse();
--
CREATE OR REPLACE TRIGGER audit_no_truncate BEFORE TRUNCATE ON accounts_auditevent
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
--
CREATE OR REPLACE TRIGGER audit_chained BEFORE INSERT ON accounts_auditevent
FOR EACH ROW EXECUTE FUNCTION audit_chained();
"""

_UNDO = {
    "sqlite": ["DROP TRIGGER IF EXISTS audit_no_update", "DROP TRIGGER IF EXISTS audit_no_delete", "DROP TRIGGER IF EXISTS audit_chained"],
    "postgresql": [
        "DROP TRIGGER IF EXISTS audit_no_change ON accounts_auditevent",
        "DROP TRIGGER IF EXISTS audit_no_truncate ON accounts_auditevent",
        "DROP TRIGGER IF EXISTS audit_chained ON accounts_auditevent",
    ],
}


def install(apps, schema_editor):
    script = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[schema_editor.connection.vendor]
    for statement in script.split("\n--\n"):
        schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    for statement in _UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
