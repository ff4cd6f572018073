"""The v3 engine: plain SQL. Nobody imports it; its operations register themselves."""

from typing import Any

from django.db import connection
from django.utils import timezone

from reviews.values import (
    Author,
    Draft,
    Listing,
    PlaceNotReviewable,
    ReviewNotFound,
    Slice,
    Wanted,
    WrittenReview,
)
from rollout.switch import control

_COLUMNS = """
    r.id, r.restaurant_id, u.id, u.name, r.rating, r.title, r.content, r.images, r.state,
    r.helpful_count, r.report_count, r.version, r.created_at, r.updated_at
"""

_STORED = "FROM reviews_review r LEFT JOIN users_user u ON u.id = r.user_id"

_MATCHING = f"""{_STORED}
    WHERE r.state = ANY(%(states)s)
      AND (%(restaurant_id)s::bigint IS NULL OR r.restaurant_id = %(restaurant_id)s)
      AND (%(ratings)s::int[] = '{{}}' OR r.rating = ANY(%(ratings)s::int[]))
"""

_COUNT = f"SELECT count(*) {_MATCHING}"

_LIST = f"SELECT {_COLUMNS} {_MATCHING} ORDER BY r.id DESC LIMIT %(limit)s OFFSET %(offset)s"

_DETAIL = f"SELECT {_COLUMNS} {_STORED} WHERE r.id = %(id)s AND r.state = ANY(%(states)s)"

# The place is looked up by the statement that stores the review: no moment lies between the two.
_STORE = """
    WITH stored AS (
        INSERT INTO reviews_review (restaurant_id, rating, title, content, images, state, moderator_notes,
                                    helpful_count, report_count, version, created_at, updated_at)
        SELECT p.id, %(rating)s, %(title)s, %(content)s, %(images)s::varchar[], 'pending', '', 0, 0, 1, %(now)s, %(now)s
          FROM restaurants_restaurant p
         WHERE p.id = %(restaurant_id)s AND p.state_of_record = 'approved' AND p.deleted_at IS NULL
        RETURNING *)
"""

_JUST_STORED = "FROM stored r LEFT JOIN users_user u ON u.id = r.user_id"

_CREATE = f"{_STORE} SELECT {_COLUMNS} {_JUST_STORED}"


@control("reviews.list")
def list_reviews(asked: Slice) -> Listing:
    """Return one window of the matching reviews, the latest first, and their number."""
    criteria = asked.criteria
    sent = {
        "states": sorted(criteria.states),
        "restaurant_id": criteria.restaurant_id,
        "ratings": sorted(criteria.ratings),
        "limit": asked.window.limit,
        "offset": asked.window.offset,
    }
    (total,) = _rows(_COUNT, sent)[0]
    return Listing(tuple(_written(row) for row in _rows(_LIST, sent)), total)


@control("reviews.detail")
def detail(wanted: Wanted) -> WrittenReview:
    """Return one review; raises `ReviewNotFound`, also when it is in a state that was not asked for."""
    for row in _rows(_DETAIL, {"id": wanted.id, "states": sorted(wanted.states)}):
        return _written(row)
    raise ReviewNotFound


@control("reviews.create")
def create(draft: Draft) -> WrittenReview:
    """Store a review that nobody has read yet; raises `PlaceNotReviewable`."""
    sent = {
        "restaurant_id": draft.restaurant_id,
        "rating": draft.rating,
        "title": draft.title,
        "content": draft.content,
        "images": list(draft.images),
        "now": timezone.now(),
    }
    for row in _rows(_CREATE, sent):
        return _written(row)
    raise PlaceNotReviewable


def _rows(statement: str, sent: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, sent)
        return list(cursor.fetchall())


def _written(row: tuple[Any, ...]) -> WrittenReview:
    key, place, author, author_name, rating, title, content, images, *rest = row
    known = None if author is None else Author(author, author_name)
    return WrittenReview(key, place, known, rating, title, content, tuple(images), *rest)
