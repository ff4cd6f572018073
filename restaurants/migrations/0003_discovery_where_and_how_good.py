"""Where a place is, as a point that an index orders by distance, and what its reviews add up to."""

import django.db.models.deletion
from django.db import migrations, models

# The point on the unit sphere. Chords grow as great circles do, so the nearest by chord is the nearest on the ground,
# also across the poles and the 180th meridian. PostgreSQL keeps the column itself.
FORWARDS = """
CREATE EXTENSION IF NOT EXISTS cube;
ALTER TABLE restaurants_restaurant ADD COLUMN spot cube GENERATED ALWAYS AS (
    CASE WHEN latitude IS NOT NULL AND longitude IS NOT NULL THEN cube(ARRAY[
        cos(radians(latitude)) * cos(radians(longitude)),
        cos(radians(latitude)) * sin(radians(longitude)),
        sin(radians(latitude))])
    END) STORED;
CREATE INDEX restaurants_by_spot ON restaurants_restaurant USING gist (spot)
    WHERE state_of_record = 'approved' AND deleted_at IS NULL AND spot IS NOT NULL;
"""
BACKWARDS = """
DROP INDEX restaurants_by_spot;
ALTER TABLE restaurants_restaurant DROP COLUMN spot;
"""


class Migration(migrations.Migration):
    dependencies = [("restaurants", "0002_history_is_append_only")]
    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.CreateModel(
            name="Rating",
            fields=[
                (
                    "restaurant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="restaurants.restaurant",
                    ),
                ),
                ("count", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("total__gte", models.F("count")),
                            ("total__lte", models.F("count") * 5),
                        ),
                        name="restaurants_rating_1_to_5",
                    )
                ],
            },
        ),
    ]
