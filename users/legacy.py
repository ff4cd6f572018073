"""The v3 engine: plain SQL. Nobody imports it; its operations register themselves."""

from django.db import connection

from rollout.switch import control
from users.values import Listing, Person, Slice

_MATCHING = """
    FROM users_user
    WHERE strpos(upper(name), upper(%(search)s)) > 0 OR strpos(upper(email), upper(%(search)s)) > 0
"""

_COUNT = f"SELECT count(*) {_MATCHING}"

_LIST = f"""
    SELECT id, email, name, is_active, is_staff, is_superuser, date_joined, updated_at {_MATCHING}
    ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s
"""


@control("users.list")
def list_users(asked: Slice) -> Listing:
    """Return one window of the matching users, the latest first, and their number."""
    sent: dict[str, str | int] = {
        "search": asked.criteria.search,
        "limit": asked.window.limit,
        "offset": asked.window.offset,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LIST, sent)
        people = tuple(Person(*row) for row in cursor.fetchall())
        cursor.execute(_COUNT, sent)
        (total,) = cursor.fetchone()
    return Listing(people, total)
