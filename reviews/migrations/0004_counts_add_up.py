"""PostgreSQL counts flags, votes and stars, refuses one's own flag or vote, and keeps the history append-only."""

from django.db import migrations

# The sum of stars says nothing of their distribution; the five numbers say both, and the constraint that they agree.
STARS = """
CREATE OR REPLACE FUNCTION reviews_ratings_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state = 'approved' THEN
        UPDATE restaurants_rating
           SET count = count - 1, total = total - OLD.rating, stars[OLD.rating] = stars[OLD.rating] - 1
         WHERE restaurant_id = OLD.restaurant_id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.state = 'approved' THEN
        INSERT INTO restaurants_rating AS kept (restaurant_id, count, total, stars)
        VALUES (NEW.restaurant_id, 1, NEW.rating, ARRAY(SELECT (n = NEW.rating)::int FROM generate_series(1, 5) n))
        ON CONFLICT (restaurant_id) DO UPDATE
        SET count = kept.count + 1, total = kept.total + excluded.total,
            stars[NEW.rating] = kept.stars[NEW.rating] + 1;
    END IF;
    RETURN NULL;
END $$;
UPDATE restaurants_rating kept SET stars = ARRAY(
    SELECT (SELECT count(*) FROM reviews_review r
             WHERE r.restaurant_id = kept.restaurant_id AND r.state = 'approved' AND r.rating = n)
      FROM generate_series(1, 5) n ORDER BY n);
ALTER TABLE restaurants_rating ADD CONSTRAINT restaurants_rating_stars_add_up CHECK (
    cardinality(stars) = 5
    AND count = stars[1] + stars[2] + stars[3] + stars[4] + stars[5]
    AND total = stars[1] + 2 * stars[2] + 3 * stars[3] + 4 * stars[4] + 5 * stars[5]);
"""
STARS_BACKWARDS = """
ALTER TABLE restaurants_rating DROP CONSTRAINT restaurants_rating_stars_add_up;
ALTER TABLE restaurants_rating ALTER COLUMN stars SET DEFAULT '{0,0,0,0,0}';
CREATE OR REPLACE FUNCTION reviews_ratings_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""

# A review that is deleted takes its flags along: the row that is to be counted on is then the next to go.
FLAGS = """
CREATE FUNCTION reviews_flags_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE reviews_review
           SET report_count = report_count - (OLD.state <> 'dismissed')::int,
               open_flag_count = open_flag_count - (OLD.state = 'open')::int
         WHERE id = OLD.review_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE reviews_review
           SET report_count = report_count + (NEW.state <> 'dismissed')::int,
               open_flag_count = open_flag_count + (NEW.state = 'open')::int
         WHERE id = NEW.review_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reviews_flag_adds_up AFTER INSERT OR DELETE OR UPDATE OF state ON reviews_flag
    FOR EACH ROW EXECUTE FUNCTION reviews_flags_add_up();
"""
FLAGS_BACKWARDS = """
DROP TRIGGER reviews_flag_adds_up ON reviews_flag;
DROP FUNCTION reviews_flags_add_up();
"""

# Of votes there may be thousands for one review: they are counted by statement, so that its deletion writes it once.
VOTES = """
CREATE FUNCTION reviews_votes_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reviews_review r SET helpful_count = r.helpful_count + met.votes * TG_ARGV[0]::int
      FROM (SELECT review_id, count(*) AS votes FROM counted GROUP BY review_id) met WHERE r.id = met.review_id;
    RETURN NULL;
END $$;
CREATE TRIGGER reviews_vote_given AFTER INSERT ON reviews_vote
    REFERENCING NEW TABLE AS counted FOR EACH STATEMENT EXECUTE FUNCTION reviews_votes_add_up('1');
CREATE TRIGGER reviews_vote_taken AFTER DELETE ON reviews_vote
    REFERENCING OLD TABLE AS counted FOR EACH STATEMENT EXECUTE FUNCTION reviews_votes_add_up('-1');
"""
VOTES_BACKWARDS = """
DROP TRIGGER reviews_vote_taken ON reviews_vote;
DROP TRIGGER reviews_vote_given ON reviews_vote;
DROP FUNCTION reviews_votes_add_up();
"""

OTHERS = """
CREATE FUNCTION reviews_not_ones_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM reviews_review r WHERE r.id = NEW.review_id AND r.user_id = NEW.user_id) THEN
        RAISE EXCEPTION 'nobody flags their own review or votes for it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reviews_not_ones_own';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_flag_not_ones_own BEFORE INSERT ON reviews_flag
    FOR EACH ROW EXECUTE FUNCTION reviews_not_ones_own();
CREATE TRIGGER reviews_vote_not_ones_own BEFORE INSERT ON reviews_vote
    FOR EACH ROW EXECUTE FUNCTION reviews_not_ones_own();
"""
OTHERS_BACKWARDS = """
DROP TRIGGER reviews_vote_not_ones_own ON reviews_vote;
DROP TRIGGER reviews_flag_not_ones_own ON reviews_flag;
DROP FUNCTION reviews_not_ones_own();
"""

HISTORY = """
CREATE FUNCTION reviews_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_setting('jewgo.allow_truncate', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the history of reviews is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER reviews_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reviews_event
    FOR EACH STATEMENT EXECUTE FUNCTION reviews_history_is_append_only();
"""
HISTORY_BACKWARDS = """
DROP TRIGGER reviews_event_append_only ON reviews_event;
DROP FUNCTION reviews_history_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0003_moderation")]
    operations = [
        migrations.RunSQL(STARS, STARS_BACKWARDS),
        migrations.RunSQL(FLAGS, FLAGS_BACKWARDS),
        migrations.RunSQL(VOTES, VOTES_BACKWARDS),
        migrations.RunSQL(OTHERS, OTHERS_BACKWARDS),
        migrations.RunSQL(HISTORY, HISTORY_BACKWARDS),
    ]
