"""The database itself keeps what is frozen: a version's manifest and files never change, and a release is never unreleased."""

from django.db import migrations

_FIXED = "dataset_id, draft_id, number, kind, manifest_digest, signature, parent_id, counts, frozen_by_id, frozen_at, reason"
_DONE = "('frozen', 'released', 'rejected', 'yanked')"
_STEP = """(OLD.state = 'frozen' AND NEW.state IN ('frozen', 'released', 'rejected'))
    OR (OLD.state = 'released' AND NEW.state IN ('released', 'yanked')) OR OLD.state = NEW.state"""
_FILE = "version_id, path, digest, size, media_type, role, managers_only"

_SQLITE = f"""
CREATE TRIGGER IF NOT EXISTS version_fixed BEFORE UPDATE OF {_FIXED} ON datasets_version WHEN OLD.state IN {_DONE}
BEGIN SELECT RAISE(ABORT, 'a frozen version does not change'); END;
--
CREATE TRIGGER IF NOT EXISTS version_steps BEFORE UPDATE OF state ON datasets_version WHEN OLD.state IN {_DONE}
BEGIN SELECT RAISE(ABORT, 'a frozen version only goes on to released or rejected') WHERE NOT ({_STEP}); END;
--
CREATE TRIGGER IF NOT EXISTS version_approval BEFORE UPDATE OF approved_by_id, released_at ON datasets_version WHEN OLD.state <> 'frozen'
BEGIN SELECT RAISE(ABORT, 'only a frozen version can be approved'); END;
--
CREATE TRIGGER IF NOT EXISTS version_kept BEFORE DELETE ON datasets_version WHEN OLD.state IN {_DONE}
BEGIN SELECT RAISE(ABORT, 'a frozen version is never deleted'); END;
--
CREATE TRIGGER IF NOT EXISTS version_file_added BEFORE INSERT ON datasets_versionfile
BEGIN SELECT RAISE(ABORT, 'a frozen version gets no more files')
  WHERE (SELECT state FROM datasets_version WHERE id = NEW.version_id) IN {_DONE}; END;
--
CREATE TRIGGER IF NOT EXISTS version_file_fixed BEFORE UPDATE OF {_FILE} ON datasets_versionfile
BEGIN SELECT RAISE(ABORT, 'a file of a version does not change'); END;
--
CREATE TRIGGER IF NOT EXISTS version_file_kept BEFORE DELETE ON datasets_versionfile
BEGIN SELECT RAISE(ABORT, 'a frozen version keeps its files')
  WHERE (SELECT state FROM datasets_version WHERE id = OLD.version_id) IN {_DONE}; END;
--
CREATE TRIGGER IF NOT EXISTS tombstone_fixed BEFORE UPDATE ON datasets_tombstone
BEGIN SELECT RAISE(ABORT, 'a tombstone does not change'); END;
--
CREATE TRIGGER IF NOT EXISTS tombstone_kept BEFORE DELETE ON datasets_tombstone
BEGIN SELECT RAISE(ABORT, 'a tombstone is never deleted'); END;
"""

_RAISE = "RAISE EXCEPTION '%s' USING ERRCODE = 'integrity_constraint_violation'"
_POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION datasets_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.state IN {_DONE} THEN {_RAISE % "a frozen version is never deleted"}; END IF;
    RETURN OLD;
  END IF;
  IF OLD.state IN {_DONE} THEN
    IF ({", ".join("NEW." + name.strip() for name in _FIXED.split(","))})
       IS DISTINCT FROM ({", ".join("OLD." + name.strip() for name in _FIXED.split(","))}) THEN
      {_RAISE % "a frozen version does not change"};
    END IF;
    IF NOT ({_STEP}) THEN {_RAISE % "a frozen version only goes on to released or rejected"}; END IF;
  END IF;
  IF OLD.state <> 'frozen' AND (NEW.approved_by_id, NEW.released_at) IS DISTINCT FROM (OLD.approved_by_id, OLD.released_at) THEN
    {_RAISE % "only a frozen version can be approved"};
  END IF;
  RETURN NEW;
END $$;
--
CREATE OR REPLACE FUNCTION datasets_file_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF (SELECT state FROM datasets_version WHERE id = NEW.version_id) IN {_DONE} THEN
      {_RAISE % "a frozen version gets no more files"};
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' THEN
    IF ({", ".join("NEW." + name.strip() for name in _FILE.split(","))})
       IS DISTINCT FROM ({", ".join("OLD." + name.strip() for name in _FILE.split(","))}) THEN
      {_RAISE % "a file of a version does not change"};
    END IF;
    RETURN NEW;
  END IF;
  IF (SELECT state FROM datasets_version WHERE id = OLD.version_id) IN {_DONE} THEN
    {_RAISE % "a frozen version keeps its files"};
  END IF;
  RETURN OLD;
END $$;
--
CREATE OR REPLACE FUNCTION datasets_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% does not change: no %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
--
CREATE OR REPLACE TRIGGER version_guard BEFORE UPDATE OR DELETE ON datasets_version
FOR EACH ROW EXECUTE FUNCTION datasets_version_guard();
--
CREATE OR REPLACE TRIGGER version_truncate BEFORE TRUNCATE ON datasets_version
FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse();
--
CREATE OR REPLACE TRIGGER versionfile_guard BEFORE INSERT OR UPDATE OR DELETE ON datasets_versionfile
FOR EACH ROW EXECUTE FUNCTION datasets_file_guard();
--
CREATE OR REPLACE TRIGGER versionfile_truncate BEFORE TRUNCATE ON datasets_versionfile
FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse();
--
CREATE OR REPLACE TRIGGER tombstone_guard BEFORE UPDATE OR DELETE ON datasets_tombstone
FOR EACH ROW EXECUTE FUNCTION datasets_refuse();
--
CREATE OR REPLACE TRIGGER tombstone_truncate BEFORE TRUNCATE ON datasets_tombstone
FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse();
"""

_NAMES = {
    "sqlite": [
        "version_fixed",
        "version_steps",
        "version_approval",
        "version_kept",
        "version_file_added",
        "version_file_fixed",
        "version_file_kept",
        "tombstone_fixed",
        "tombstone_kept",
    ],
    "postgresql": [f"{table}_{what}" for table in ("version", "versionfile", "tombstone") for what in ("guard", "truncate")],
}


def install(apps, schema_editor):
    script = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[schema_editor.connection.vendor]
    for statement in script.split("\n--\n"):
        schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for name in _NAMES[vendor]:
        table = "" if vendor == "sqlite" else f" ON datasets_{name.split('_')[0]}"
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{table}", params=None)


class Migration(migrations.Migration):
    dependencies = [("datasets", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
