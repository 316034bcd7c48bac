"""The database itself keeps revisions immutable and the operation log append-only, on SQLite and on PostgreSQL.

Of a withdrawn subject, operations may be deleted and revisions emptied: what they hold is drawn on that patient's images. A
revision's row itself stays, with its digest.
"""

from django.db import migrations

_WITHDRAWN = """SELECT 1 FROM annotation_annotation a
      JOIN annotation_case c ON c.id = a.case_id
      JOIN storage_subject s ON s.id = c.subject_id
      WHERE a.id = OLD.annotation_id AND s.withdrawn_at IS NOT NULL"""

_SQLITE = f"""
CREATE TRIGGER IF NOT EXISTS revision_no_update BEFORE UPDATE ON annotation_revision
BEGIN
  SELECT RAISE(ABORT, 'a revision is immutable: no UPDATE') WHERE NEW.digest <> OLD.digest OR NOT EXISTS ({_WITHDRAWN});
END;
--
CREATE TRIGGER IF NOT EXISTS revision_no_delete BEFORE DELETE ON annotation_revision
BEGIN SELECT RAISE(ABORT, 'a revision is immutable: no DELETE'); END;
--
CREATE TRIGGER IF NOT EXISTS operation_no_update BEFORE UPDATE ON annotation_operation
BEGIN SELECT RAISE(ABORT, 'the operation log is append-only: no UPDATE'); END;
--
CREATE TRIGGER IF NOT EXISTS operation_no_delete BEFORE DELETE ON annotation_operation
BEGIN
  SELECT RAISE(ABORT, 'the operation log is append-only: no DELETE') WHERE NOT EXISTS ({_WITHDRAWN});
END;
"""

_POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION annotation_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'annotation: % is immutable: no %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
--
CREATE OR REPLACE FUNCTION annotation_operation_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS ({_WITHDRAWN}) THEN
    RAISE EXCEPTION 'the operation log is append-only: no DELETE' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN OLD;
END $$;
--
CREATE OR REPLACE FUNCTION annotation_revision_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.digest <> OLD.digest OR NOT EXISTS ({_WITHDRAWN}) THEN
    RAISE EXCEPTION 'a revision is immutable: no UPDATE' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
--
CREATE OR REPLACE TRIGGER revision_no_update BEFORE UPDATE ON annotation_revision
FOR EACH ROW EXECUTE FUNCTION annotation_revision_update();
--
CREATE OR REPLACE TRIGGER revision_no_delete BEFORE DELETE ON annotation_revision
FOR EACH ROW EXECUTE FUNCTION annotation_refuse();
--
CREATE OR REPLACE TRIGGER revision_no_truncate BEFORE TRUNCATE ON annotation_revision
FOR EACH STATEMENT EXECUTE FUNCTION annotation_refuse();
--
CREATE OR REPLACE TRIGGER operation_no_update BEFORE UPDATE ON annotation_operation
FOR EACH ROW EXECUTE FUNCTION annotation_refuse();
--
CREATE OR REPLACE TRIGGER operation_no_truncate BEFORE TRUNCATE ON annotation_operation
FOR EACH STATEMENT EXECUTE FUNCTION annotation_refuse();
--
CREATE OR REPLACE TRIGGER operation_no_delete BEFORE DELETE ON annotation_operation
FOR EACH ROW EXECUTE FUNCTION annotation_operation_delete();
"""

_UNDO = {
    "sqlite": [
        f"DROP TRIGGER IF EXISTS {name}"
        for name in ("revision_no_update", "revision_no_delete", "operation_no_update", "operation_no_delete")
    ],
    "postgresql": [
        f"DROP TRIGGER IF EXISTS {name} ON annotation_{name.split('_')[0]}"
        for name in (
            "revision_no_update",
            "revision_no_delete",
            "revision_no_truncate",
            "operation_no_update",
            "operation_no_truncate",
            "operation_no_delete",
        )
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
    dependencies = [("annotation", "0001_initial"), ("storage", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
