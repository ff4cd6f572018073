"""PostgreSQL refuses to change or remove a row of the history; the test run alone may empty its own database."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION restaurants_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_setting('jewgo.allow_truncate', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the history of restaurants is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER restaurants_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON restaurants_change
    FOR EACH STATEMENT EXECUTE FUNCTION restaurants_history_is_append_only();
"""
BACKWARDS = """
DROP TRIGGER restaurants_change_append_only ON restaurants_change;
DROP FUNCTION restaurants_history_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("restaurants", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
