"""The catalogue in numbers and names: statements of one JSON text each."""

from typing import Final

from restaurants.discovery.fragments import PUBLISHED, Fragment

KOSHER_TYPES: Final = Fragment(
    f"""SELECT coalesce(json_agg(shown), '[]')::text FROM (
            SELECT r.kosher_categories[1] AS name, count(*) AS count FROM restaurants_restaurant r
            WHERE {PUBLISHED.sql} AND r.kosher_categories <> '{{}}'
            GROUP BY 1 ORDER BY 2 DESC, r.kosher_categories[1] COLLATE "C") AS shown"""  # noqa: S608
)
"""The categories that places show, the most frequent first."""

BUSINESS_TYPES: Final = Fragment(
    f"""SELECT coalesce(json_agg(shown.name), '[]')::text FROM (
            SELECT r.listing_type AS name FROM restaurants_restaurant r
            WHERE {PUBLISHED.sql} AND r.listing_type IS NOT NULL
            GROUP BY 1 ORDER BY r.listing_type COLLATE "C") AS shown"""  # noqa: S608
)
"""The listing types in the order of their letters."""

STATISTICS: Final = Fragment(
    f"""SELECT json_build_object(
            'total_restaurants', count(*), 'last_updated', max(r.updated_at),
            'states', coalesce(array_agg(DISTINCT r.state COLLATE "C") FILTER (WHERE r.state IS NOT NULL), '{{}}'),
            'listing_types', coalesce(
                array_agg(DISTINCT r.listing_type COLLATE "C") FILTER (WHERE r.listing_type IS NOT NULL), '{{}}'),
            'counts_by_kosher_category', json_build_object(
                'meat', count(*) FILTER (WHERE r.kosher_categories[1] = 'meat'),
                'dairy', count(*) FILTER (WHERE r.kosher_categories[1] = 'dairy'),
                'pareve', count(*) FILTER (WHERE r.kosher_categories[1] = 'pareve')))::text
        FROM restaurants_restaurant r WHERE {PUBLISHED.sql}"""  # noqa: S608
)
"""How many there are, of what, where, and when one last changed."""
