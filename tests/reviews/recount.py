"""Every number that is kept of reviews, counted anew by plain SQL."""

from typing import Any, Final

from django.db import connection

RATINGS: Final = """
    SELECT 'rating', p.id, kept.count, kept.total, kept.stars, met.count, met.total, met.stars
      FROM restaurants_restaurant p
      LEFT JOIN restaurants_rating kept ON kept.restaurant_id = p.id
      CROSS JOIN LATERAL (
          SELECT count(*) AS count, coalesce(sum(r.rating), 0) AS total,
                 ARRAY[count(*) FILTER (WHERE r.rating = 1), count(*) FILTER (WHERE r.rating = 2),
                       count(*) FILTER (WHERE r.rating = 3), count(*) FILTER (WHERE r.rating = 4),
                       count(*) FILTER (WHERE r.rating = 5)]::int[] AS stars
            FROM reviews_review r WHERE r.restaurant_id = p.id AND r.state = 'approved') met
     WHERE (coalesce(kept.count, 0), coalesce(kept.total, 0), coalesce(kept.stars, '{0,0,0,0,0}'))
           IS DISTINCT FROM (met.count, met.total, met.stars)
"""
ANSWERS: Final = """
    SELECT 'answers', r.id, r.helpful_count, r.report_count, r.open_flag_count, v.votes, f.reports, f.open
      FROM reviews_review r
      CROSS JOIN LATERAL (SELECT count(*) AS votes FROM reviews_vote v WHERE v.review_id = r.id) v
      CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE f.state <> 'dismissed') AS reports,
                                 count(*) FILTER (WHERE f.state = 'open') AS open
                            FROM reviews_flag f WHERE f.review_id = r.id) f
     WHERE (r.helpful_count, r.report_count, r.open_flag_count) IS DISTINCT FROM (v.votes, f.reports, f.open)
     ORDER BY r.id
"""


def differences(*statements: str) -> list[tuple[Any, ...]]:
    """Return every row whose kept numbers are not those that counting gives; by default the places' ratings."""
    found: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for statement in statements or (RATINGS,):
            cursor.execute(statement)
            found += cursor.fetchall()
    return found
