"""What somebody may have meant by a word: the guide's own words that are spelled like it, by how sure that is.

Looking among distinct words keeps a typo cheap however many places there are; places are then found by whole words.
"""

from typing import Final

from pydantic import TypeAdapter

from restaurants.discovery.fragments import Fragment, answer
from restaurants.filters import Spelled
from restaurants.spelling import normalise

MOST_TYPED: Final = 12
"""Words of a text that are looked for; what follows is ignored."""
MOST_BEGUN: Final = 200
MOST_LIKE: Final = 40


_SPELLED: Final = TypeAdapter(tuple[Spelled, ...])

# A slip is one letter in a short word and two in a longer one; shorter words than four letters are taken as they are.
# Skeletons compare across scripts only, and from two consonants on: within a script they say too little.
_MEANT: Final = f"""
    WITH typed AS MATERIALIZED (
        SELECT word, place, word ~ '[א-ת]' AS is_hebrew, restaurants_skeleton(word, true) AS hard,
               restaurants_skeleton(word, false) AS soft
          FROM unnest(%(typed)s::text[]) WITH ORDINALITY AS typed(word, place))
    SELECT coalesce(json_agg(json_build_object('same', same.words, 'begun', begun.words, 'like', alike.words)
                             ORDER BY typed.place), '[]')::text
      FROM typed
     CROSS JOIN LATERAL (SELECT coalesce(array_agg(w.word), '{{}}') AS words
                           FROM restaurants_word w WHERE w.word = typed.word) AS same
     CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(found.word), '{{}}') AS words FROM (
            (SELECT w.word FROM restaurants_word w
              WHERE w.word > typed.word AND w.word < typed.word || U&'\\+10FFFF' AND length(typed.word) > 1
              ORDER BY w.word LIMIT {MOST_BEGUN})
            UNION
            (SELECT w.word FROM restaurants_word w
              WHERE w.hard = typed.hard AND w.is_hebrew <> typed.is_hebrew AND length(typed.hard) > 1
              LIMIT {MOST_LIKE})
            UNION
            (SELECT w.word FROM restaurants_word w
              WHERE w.soft = typed.soft AND w.is_hebrew <> typed.is_hebrew AND length(typed.soft) > 1
              LIMIT {MOST_LIKE})) AS found) AS begun
     CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(found.word), '{{}}') AS words FROM (
            SELECT w.word FROM restaurants_word w
             WHERE length(typed.word) BETWEEN 4 AND 40 AND w.word %% typed.word AND length(w.word) <= 60
               AND NOT w.word ^@ typed.word
               AND levenshtein_less_equal(w.word, typed.word, 2) <= CASE WHEN length(typed.word) < 6 THEN 1 ELSE 2 END
             ORDER BY similarity(w.word, typed.word) DESC, w.word LIMIT {MOST_LIKE}) AS found) AS alike"""  # noqa: S608


def spelled(q: str) -> tuple[Spelled, ...]:
    """Return what each word of `q` may mean, in their order; one query. No words: nothing can be meant."""
    typed = list(dict.fromkeys(normalise(q).split()))[:MOST_TYPED]
    if not typed:
        return ()
    return _SPELLED.validate_json(answer(Fragment(_MEANT, {"typed": typed})) or "[]")
