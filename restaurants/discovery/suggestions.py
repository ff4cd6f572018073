"""What helps somebody to ask: completions of what is being typed, what each filter can be asked, places like one."""

from typing import Final

from restaurants.discovery import facets
from restaurants.discovery.fragments import PUBLISHED, Fragment
from restaurants.geometry import chord_of
from restaurants.spelling import normalise

FILTER_OPTIONS: Final = Fragment(
    f"""WITH found AS (SELECT r.id FROM restaurants_restaurant r WHERE {PUBLISHED.sql})
        SELECT {facets.counts(facets.FACETS)}::text"""  # noqa: S608  # made of constants
)
"""The values of every filter of several values, with how many published places have them."""

SHORTEST_INNER: Final = 3
"""Letters from which on words inside a name are completed, too: trigrams answer for no less."""

_COMPLETIONS: Final = """
    SELECT coalesce(json_agg(shown), '[]')::text FROM (
        SELECT * FROM (
            (SELECT 'city' AS kind, mode() WITHIN GROUP (ORDER BY r.city) AS text, count(*) AS count
               FROM restaurants_restaurant r
              WHERE {published} AND r.city IS NOT NULL AND r.city_key ^@ %(begun)s
              GROUP BY r.city_key ORDER BY 3 DESC, 2 LIMIT %(limit)s)
            UNION ALL
            (SELECT 'agency', a.name, (SELECT count(DISTINCT r.id) FROM restaurants_certificate c
                                         JOIN restaurants_restaurant r ON r.id = c.restaurant_id
                                        WHERE c.agency_id = a.id AND {published}) AS count
               FROM restaurants_agency a
              WHERE EXISTS (SELECT FROM unnest(a.keys) AS key WHERE key ^@ %(begun)s OR key LIKE %(inner)s)
              ORDER BY 3 DESC, 2 LIMIT %(limit)s)
            UNION ALL
            (SELECT 'name', mode() WITHIN GROUP (ORDER BY r.name), count(*)
               FROM restaurants_restaurant r WHERE {published} AND ({named})
              GROUP BY r.sort_name ORDER BY bool_or(r.sort_name ^@ %(begun)s) DESC, 3 DESC, 2 LIMIT %(limit)s)
        ) AS every WHERE every.count > 0
        ORDER BY array_position(ARRAY['city', 'agency', 'name'], every.kind), every.count DESC, every.text
        LIMIT %(limit)s) AS shown"""


def completions(q: str, *, limit: int) -> Fragment:
    """Return the statement of cities, agencies and names that begin with `q`, the most frequent of each kind first."""
    begun = normalise(q)
    if not begun:
        return Fragment("SELECT '[]'")
    inner = " OR r.sort_name LIKE %(inner)s" if len(begun) >= SHORTEST_INNER else ""
    sql = _COMPLETIONS.format(published=PUBLISHED.sql, named="r.sort_name ^@ %(begun)s" + inner)
    return Fragment(sql, {"begun": begun, "inner": f"% {begun}%", "limit": limit})


NEAR_M: Final = 2_000
_NEAR_CHORD: Final = chord_of(NEAR_M)
MOST_CANDIDATES: Final = 300
REASONS: Final = {"same_category": 3, "same_agency": 3, "near": 2, "same_listing_type": 2, "same_city": 1}
"""Why a place is like another, and how much it weighs."""


def alike(restaurant_id: int, *, limit: int, row: str) -> Fragment:
    """Return the statement of the published places most like one, each with the reasons; `row` shows `r` and `page`.

    Compared are those of its city and the nearest ones: who lives there can go there.
    """
    score = " + ".join(f"{weight} * {reason}::int" for reason, weight in REASONS.items())
    why = ", ".join(f"CASE WHEN {reason} THEN '{reason}' END" for reason in REASONS)
    sql = f"""
        WITH own AS (SELECT r.*, (SELECT array_agg(c.agency_id) FROM restaurants_certificate c
                                   WHERE c.restaurant_id = r.id) AS agencies
                       FROM restaurants_restaurant r WHERE r.id = %(id)s AND {PUBLISHED.sql}),
             candidate AS (
                (SELECT r.id FROM restaurants_restaurant r
                  WHERE {PUBLISHED.sql} AND r.city_key = (SELECT city_key FROM own) AND r.city IS NOT NULL
                    AND r.country IS NOT DISTINCT FROM (SELECT country FROM own) LIMIT {MOST_CANDIDATES})
                UNION
                (SELECT r.id FROM restaurants_restaurant r WHERE {PUBLISHED.sql} AND r.spot IS NOT NULL
                  AND (SELECT spot FROM own) IS NOT NULL
                  ORDER BY r.spot <-> (SELECT spot FROM own) LIMIT {MOST_CANDIDATES})),
             compared AS (
                SELECT r.id, own.spot <-> r.spot AS chord,
                       own.kosher_categories && r.kosher_categories AS same_category,
                       EXISTS (SELECT FROM restaurants_certificate c
                                WHERE c.restaurant_id = r.id AND c.agency_id = ANY(own.agencies)) AS same_agency,
                       coalesce(own.spot <-> r.spot <= {_NEAR_CHORD}, false) AS near,
                       coalesce(r.listing_type = own.listing_type, false) AS same_listing_type,
                       coalesce(r.city IS NOT NULL AND r.city_key = own.city_key, false) AS same_city
                  FROM own CROSS JOIN candidate JOIN restaurants_restaurant r ON r.id = candidate.id
                 WHERE r.id <> own.id),
             page AS (SELECT id, {score} AS key, chord, array_remove(ARRAY[{why}], NULL) AS why FROM compared
                       WHERE {score} > 0 ORDER BY 2 DESC, chord NULLS LAST, id LIMIT %(limit)s)
        SELECT (SELECT json_build_object('rows', (SELECT coalesce(json_agg(shown.row), '[]') FROM (
                    SELECT {row} AS row FROM page JOIN restaurants_restaurant r ON r.id = page.id
                     ORDER BY page.key DESC, page.chord NULLS LAST, page.id) AS shown)) FROM own)::text"""  # noqa: S608
    return Fragment(sql, {"id": restaurant_id, "limit": limit})
