"""The statement of a list: what is found, the page of it, and how many there are, as one JSON text."""

from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from restaurants.discovery.fragments import Fragment
from restaurants.discovery.orders import Order
from restaurants.places import WHOLE

R = TypeVar("R")

PLACE: Final = WHOLE
HIT: Final = f"json_build_object('place', {WHOLE}, 'relevance', page.key)"
PLACE_AND_KEY: Final = f"json_build_object('place', {WHOLE}, 'key', page.key)"


@dataclass(frozen=True, slots=True)
class Rows(Generic[R]):
    """What the statement's text holds; `total` is None when it was not counted."""

    rows: tuple[R, ...]
    total: int | None


def listed(
    condition: Fragment,
    *,
    order: Order,
    key: Fragment,
    limit: int,
    offset: int = 0,
    after: Fragment | None = None,
    shown: str = PLACE_AND_KEY,
    counted: bool = False,
) -> Fragment:
    """Return the statement whose text is `Rows` of what `shown` says of `r` and `page` (with id and key).

    `found` is read twice when it is counted, and only then does PostgreSQL keep it: without a count the page is read
    from an index, as far as the page goes.
    """
    sql = f"""
        WITH found AS (SELECT r.id, {key.sql} AS key FROM restaurants_restaurant r WHERE {condition.sql}),
             page AS (SELECT found.id, found.key FROM found {f"WHERE {after.sql}" if after else ""}
                       ORDER BY {order.by("found")} LIMIT %(limit)s OFFSET %(offset)s)
        SELECT json_build_object(
            'rows', (SELECT coalesce(json_agg(shown.row), '[]') FROM (
                        SELECT {shown} AS row FROM page JOIN restaurants_restaurant r ON r.id = page.id
                        ORDER BY {order.by("page")}) AS shown),
            'total', {"(SELECT count(*) FROM found)" if counted else "NULL"})::text"""  # noqa: S608  # made of constants
    parameters: dict[str, Any] = {**condition.parameters, **key.parameters, "limit": limit, "offset": offset}
    return Fragment(sql, {**parameters, **(after.parameters if after else {})})


def one(condition: Fragment) -> Fragment:
    """Return the statement whose text is the whole place that meets `condition`, or no text when none does."""
    found = f"SELECT {WHOLE} AS row FROM restaurants_restaurant r WHERE {condition.sql}"  # noqa: S608
    return Fragment(f"SELECT (SELECT to_json(found.row)::text FROM ({found}) AS found)", condition.parameters)  # noqa: S608
