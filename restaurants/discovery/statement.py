"""The statement of a list: what is found, the page of it, and what is counted beside it, as one JSON text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from jewgo.core.paging import Scalar
from restaurants.discovery import extras, facets, ground
from restaurants.discovery.conditions import meeting
from restaurants.discovery.fragments import Fragment, every
from restaurants.discovery.orders import ORDERS, Order
from restaurants.filters import Question
from restaurants.places import WHOLE

PLACE: Final = Fragment(WHOLE)
HIT: Final = Fragment(f"json_build_object('place', {WHOLE}, 'relevance', page.key)")
TOTAL: Final = "(SELECT count(*) FROM found)"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the statement says of each row, over `r` and `page` (id and key), and beside the rows, over `found`."""

    row: Fragment
    beside: Mapping[str, str] = field(default_factory=dict)


def listed(
    condition: Fragment,
    *,
    order: Order,
    key: Fragment,
    shown: Shown,
    limit: int,
    offset: int = 0,
    after: Fragment | None = None,
) -> Fragment:
    """Return the statement whose text is an object: `rows`, and what stands beside them.

    `found` is read again by what is counted, and only then does PostgreSQL keep it: without counts the page is read
    from an index, as far as the page goes.
    """
    beside = "".join(f", '{name}', {sql}" for name, sql in shown.beside.items())
    sql = f"""
        WITH found AS (SELECT r.id, {key.sql} AS key FROM restaurants_restaurant r WHERE {condition.sql}),
             page AS (SELECT found.id, found.key FROM found {f"WHERE {after.sql}" if after else ""}
                       ORDER BY {order.by("found")} LIMIT %(limit)s OFFSET %(offset)s)
        SELECT json_build_object(
            'rows', (SELECT coalesce(json_agg(shown.row), '[]') FROM (
                        SELECT {shown.row.sql} AS row FROM page JOIN restaurants_restaurant r ON r.id = page.id
                        ORDER BY {order.by("page")}) AS shown){beside})::text"""  # noqa: S608  # made of constants
    parameters = {**condition.parameters, **key.parameters, **shown.row.parameters}
    window = {"limit": limit, "offset": offset, **(after.parameters if after else {})}
    return Fragment(sql, {**parameters, **window})


def answering(
    question: Question, *, limit: int, after: tuple[Scalar, ...] | None = None, counted: bool = False
) -> Fragment:
    """Return the statement of the places that `question` asks for, from the position `after` on.

    Raises `InvalidCursor` when `after` is no position of the order.
    """
    order = ORDERS[question.sort]
    condition = meeting(question.filter)
    beside = {
        **({"total": TOTAL} if counted else {}),
        **({"facets": facets.counts(question.facets)} if question.facets else {}),
    }
    return listed(
        every((condition, order.needs)) if order.needs else condition,
        order=order,
        key=order.key(question.filter),
        shown=Shown(_row(question), beside),
        limit=limit,
        after=order.beyond(after) if after is not None else None,
    )


def one(condition: Fragment) -> Fragment:
    """Return the statement whose text is the whole place that meets `condition`, or no text when none does."""
    found = f"SELECT {WHOLE} AS row FROM restaurants_restaurant r WHERE {condition.sql}"  # noqa: S608
    return Fragment(f"SELECT (SELECT to_json(found.row)::text FROM ({found}) AS found)", condition.parameters)  # noqa: S608


def _row(question: Question) -> Fragment:
    members, parameters = f"'place', {WHOLE}, 'key', page.key", {}
    if question.filter.point is not None:
        members += f", 'distance_m', {ground.DISTANCE_M}"
        parameters = {"spot": question.filter.point.spot}
    if question.include:
        members += f", 'extras', {extras.shown(question.include)}"
    return Fragment(f"json_build_object({members})", parameters)
