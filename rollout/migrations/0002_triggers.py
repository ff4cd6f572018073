"""What the database itself guards: nobody is decided for in secret, and the ledger is never rewritten.

`rollout_control` holds the version that every worker compares with its own. Any statement that can change a decision
raises it and notifies, whoever runs it, SQL by hand included. It is no model, so that a flush never empties it.
"""

from collections.abc import Iterator

from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CONTROL = """
CREATE TABLE rollout_control (
    id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    version bigint NOT NULL,
    changed_at timestamptz NOT NULL
);
INSERT INTO rollout_control (version, changed_at) VALUES (1, clock_timestamp());

CREATE FUNCTION rollout_raise_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    raised bigint;
BEGIN
    INSERT INTO rollout_control AS control (version, changed_at) VALUES (1, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET version = control.version + 1, changed_at = clock_timestamp()
    RETURNING version INTO raised;
    PERFORM pg_notify('rollout', raised::text);
    RETURN NULL;
END $$;
"""
CONTROL_REVERSE = "DROP FUNCTION rollout_raise_version() CASCADE; DROP TABLE rollout_control;"

LEDGER = """
CREATE FUNCTION rollout_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_setting('jewgo.allow_truncate', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the ledger % is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING HINT = 'A wrong line is corrected by a further move, which appends its own line.',
              ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER rollout_ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rollout_stagechange
FOR EACH STATEMENT EXECUTE FUNCTION rollout_refuse_rewriting();
"""
LEDGER_REVERSE = "DROP FUNCTION rollout_refuse_rewriting() CASCADE;"

STATEMENT_TRIGGER = """
CREATE TRIGGER rollout_raise_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION rollout_raise_version();
"""

# Logging in updates the user's row: only what can make somebody a tester, or no longer one, may wake the workers.
USER_TRIGGERS = """
CREATE TRIGGER rollout_raise_version_update AFTER UPDATE ON {table} FOR EACH ROW
WHEN ((OLD.is_staff, OLD.is_superuser, OLD.is_active) IS DISTINCT FROM (NEW.is_staff, NEW.is_superuser, NEW.is_active))
EXECUTE FUNCTION rollout_raise_version();
CREATE TRIGGER rollout_raise_version_insert AFTER INSERT ON {table} FOR EACH ROW
WHEN (NEW.is_staff OR NEW.is_superuser) EXECUTE FUNCTION rollout_raise_version();
CREATE TRIGGER rollout_raise_version_delete AFTER DELETE ON {table} FOR EACH ROW
WHEN (OLD.is_staff OR OLD.is_superuser) EXECUTE FUNCTION rollout_raise_version();
CREATE TRIGGER rollout_raise_version_truncate AFTER TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION rollout_raise_version();
"""


def control_tables(apps: Apps) -> Iterator[str]:
    """Yield the tables that decide who is in, the user table aside."""
    flag = apps.get_model("rollout", "Flag")
    yield flag._meta.db_table
    yield flag.users.through._meta.db_table
    yield flag.groups.through._meta.db_table
    yield apps.get_model("rollout", "Override")._meta.db_table
    yield apps.get_model("rollout", "Drill")._meta.db_table
    yield apps.get_model(settings.AUTH_USER_MODEL).groups.through._meta.db_table


def create_triggers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    quote = schema_editor.quote_name
    for table in control_tables(apps):
        schema_editor.execute(STATEMENT_TRIGGER.format(table=quote(table)))
    users = apps.get_model(settings.AUTH_USER_MODEL)._meta.db_table
    schema_editor.execute(USER_TRIGGERS.format(table=quote(users)))


class Migration(migrations.Migration):
    dependencies = [
        ("rollout", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(CONTROL, CONTROL_REVERSE),
        migrations.RunSQL(LEDGER, LEDGER_REVERSE),
        # Reversing needs no work of its own: dropping the function takes its triggers along.
        migrations.RunPython(create_triggers, migrations.RunPython.noop),
    ]
