"""What the published reviews of a place add up to is kept by PostgreSQL, whichever door a review comes through."""

from django.db import migrations

# A place that goes takes its reviews along; then there is nothing to keep, and no row that could be referred to.
FORWARDS = """
CREATE FUNCTION reviews_ratings_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state = 'approved' THEN
        UPDATE restaurants_rating SET count = count - 1, total = total - OLD.rating
         WHERE restaurant_id = OLD.restaurant_id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.state = 'approved' THEN
        INSERT INTO restaurants_rating AS kept (restaurant_id, count, total) VALUES (NEW.restaurant_id, 1, NEW.rating)
        ON CONFLICT (restaurant_id) DO UPDATE SET count = kept.count + 1, total = kept.total + excluded.total;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reviews_review_ratings_add_up
    AFTER INSERT OR DELETE OR UPDATE OF state, rating, restaurant_id ON reviews_review
    FOR EACH ROW EXECUTE FUNCTION reviews_ratings_add_up();
INSERT INTO restaurants_rating (restaurant_id, count, total)
SELECT restaurant_id, count(*), sum(rating) FROM reviews_review WHERE state = 'approved' GROUP BY restaurant_id;
"""
BACKWARDS = """
DROP TRIGGER reviews_review_ratings_add_up ON reviews_review;
DROP FUNCTION reviews_ratings_add_up();
DELETE FROM restaurants_rating;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0001_initial"),
        ("restaurants", "0003_discovery_where_and_how_good"),
    ]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
