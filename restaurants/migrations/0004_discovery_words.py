"""The guide's vocabulary: every word that a place is found by, so that a typed word is looked for among words."""

from django.db import migrations

# What is left of a word without vowels, in Latin letters: Hebrew and its transliterations meet there. Two ways, since
# ch stands for kaf and for khet, and khet is written h as well: `hard` keeps it as k, `soft` drops it.
SKELETON = r"""
CREATE FUNCTION restaurants_skeleton(word text, hard boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT translate(
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            regexp_replace(word, '(.)\1+', '\1', 'g'),
            'tz|ts|צ|ץ', 's', 'g'), 'sh', 's', 'g'), 'ph', 'p', 'g'), 'ck', 'k', 'g'),
            'ch|kh|ח', CASE WHEN hard THEN 'k' ELSE '' END, 'g'), 'x', 'ks', 'g'),
        'בגדזטכךלמםנןספףקרשתcfjqvzaeiouyhwאהויע',
        'bgdstkklmmnnsppkrstkpgkbs')
$$;
"""

# A word stays when the last place that held it goes: it then expands to what no place holds, which finds nothing.
WORDS = """
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;
CREATE TABLE restaurants_word (
    word text COLLATE "C" PRIMARY KEY CHECK (word <> ''),
    is_hebrew boolean NOT NULL GENERATED ALWAYS AS (word ~ '[א-ת]') STORED,
    hard text NOT NULL GENERATED ALWAYS AS (restaurants_skeleton(word, true)) STORED,
    soft text NOT NULL GENERATED ALWAYS AS (restaurants_skeleton(word, false)) STORED
);
CREATE INDEX restaurants_word_trigrams ON restaurants_word USING gin (word gin_trgm_ops);
CREATE INDEX restaurants_word_hard ON restaurants_word (hard, is_hebrew);
CREATE INDEX restaurants_word_soft ON restaurants_word (soft, is_hebrew);
ALTER TABLE restaurants_restaurant
    ADD COLUMN words text[] GENERATED ALWAYS AS (string_to_array(search_text, ' ')) STORED;
-- Without a list of what is yet to be indexed: the guide is read a thousand times as often as written, and after many
-- writes at once the list makes an index dearer than reading every place.
CREATE INDEX restaurants_words ON restaurants_restaurant USING gin (words) WITH (fastupdate = off)
    WHERE state_of_record = 'approved' AND deleted_at IS NULL;

CREATE FUNCTION restaurants_learn_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In order, so that two that learn the same words wait for each other instead of for ever.
    INSERT INTO restaurants_word (word)
    SELECT DISTINCT met.word FROM learned, unnest(learned.words) AS met(word)
     WHERE met.word <> '' AND NOT EXISTS (SELECT FROM restaurants_word known WHERE known.word = met.word)
     ORDER BY 1 ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER restaurants_restaurant_learn_new AFTER INSERT ON restaurants_restaurant
    REFERENCING NEW TABLE AS learned FOR EACH STATEMENT EXECUTE FUNCTION restaurants_learn_words();
CREATE TRIGGER restaurants_restaurant_learn_changed AFTER UPDATE ON restaurants_restaurant
    REFERENCING NEW TABLE AS learned FOR EACH STATEMENT EXECUTE FUNCTION restaurants_learn_words();
INSERT INTO restaurants_word (word)
SELECT DISTINCT word FROM restaurants_restaurant r, unnest(r.words) AS word WHERE word <> '' ORDER BY 1;
"""

BACKWARDS = """
DROP TRIGGER restaurants_restaurant_learn_changed ON restaurants_restaurant;
DROP TRIGGER restaurants_restaurant_learn_new ON restaurants_restaurant;
DROP FUNCTION restaurants_learn_words();
DROP INDEX restaurants_words;
ALTER TABLE restaurants_restaurant DROP COLUMN words;
DROP TABLE restaurants_word;
DROP FUNCTION restaurants_skeleton(text, boolean);
"""


class Migration(migrations.Migration):
    dependencies = [("restaurants", "0003_discovery_where_and_how_good")]
    operations = [migrations.RunSQL(SKELETON + WORDS, BACKWARDS)]
