"""PostgreSQL refuses to change or remove a row of the history; TRUNCATE, which only tests use, passes."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION restaurants_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of restaurants is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER restaurants_change_append_only BEFORE UPDATE OR DELETE ON restaurants_change
    FOR EACH ROW EXECUTE FUNCTION restaurants_history_is_append_only();
"""
BACKWARDS = """
DROP TRIGGER restaurants_change_append_only ON restaurants_change;
DROP FUNCTION restaurants_history_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("restaurants", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
