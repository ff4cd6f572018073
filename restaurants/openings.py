"""What the filters `open_now`, `open_at` and `open_before_shabbat` mean in SQL, over the stored spans."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from jewgo.core.errors import InvalidInput, Problem
from restaurants.foresight import BEHIND

HORIZON: Final = timedelta(days=20)
"""How far ahead `open_at` may ask. `manage.py openings` keeps a day more than that."""

Answer = Literal["open", "closed", "unknown"]


class BeyondHorizon(InvalidInput):
    """It was asked whether places are open at a moment for which that is not computed."""

    code, title = "beyond_horizon", "Nobody has computed yet who is open then"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the alias `r` of restaurants_restaurant, with psycopg2's named parameters."""

    sql: str
    params: dict[str, Any]


_OPEN: Final = """(r.spans_until > %({name})s AND r.id IN (
    SELECT span.restaurant_id FROM restaurants_openingspan span
    WHERE span.kind = '{kind}' AND span.during @> %({name})s::timestamptz))"""
_CLOSED: Final = """(r.spans_since <= %({name})s AND r.spans_until > %({name})s AND NOT EXISTS (
    SELECT FROM restaurants_openingspan span
    WHERE span.restaurant_id = r.id AND span.kind IN ('{kind}', '{unknown}')
      AND span.during @> %({name})s::timestamptz))"""
_UNKNOWN: Final = """(coalesce(r.spans_since > %({name})s OR r.spans_until <= %({name})s, true) OR EXISTS (
    SELECT FROM restaurants_openingspan span
    WHERE span.restaurant_id = r.id AND span.kind = '{unknown}' AND span.during @> %({name})s::timestamptz))"""
_TEXTS: Final[dict[Answer, str]] = {"open": _OPEN, "closed": _CLOSED, "unknown": _UNKNOWN}


def open_now(now: datetime, answer: Answer = "open") -> Condition:
    """Ask for the places that are open (closed, of which it is not known) at the aware moment `now`.

    A place whose spans do not reach to the moment is unknown, never closed.
    """
    return _asked("open", "unknown", "open_now", now, answer)


def require_foreseen(moment: datetime, now: datetime) -> None:
    """Raise `BeyondHorizon` for a moment a day before `now` or earlier, or from the horizon on."""
    if not now - BEHIND <= moment <= now + HORIZON:
        raise BeyondHorizon(problems=[_too_far(now)])


def open_at(moment: datetime, answer: Answer = "open") -> Condition:
    """Ask the same of another moment, one that is foreseen (`require_foreseen`)."""
    return _asked("open", "unknown", "open_at", moment, answer)


def open_before_shabbat(now: datetime, answer: Answer = "open") -> Condition:
    """Ask for the places that are open at some moment of the last three hours before their next candle lighting.

    Meant is the lighting that begins the closure in which the next Shabbat lies: on the eve of a Yom Tov that runs into
    Shabbat it is that eve's. A place that keeps no Shabbat is asked by the same clock.
    """
    return _asked("eve_open", "eve_unknown", "open_before_shabbat", now, answer)


def _asked(kind: str, unknown: str, name: str, moment: datetime, answer: Answer) -> Condition:
    return Condition(_TEXTS[answer].format(kind=kind, unknown=unknown, name=name), {name: moment})


def _too_far(now: datetime) -> Problem:
    first, last = now - BEHIND, now + HORIZON
    hint = f"Ask for a moment from {first:%Y-%m-%dT%H:%MZ} to {last:%Y-%m-%dT%H:%MZ}, {HORIZON.days} days ahead."
    return Problem(BeyondHorizon.code, "This moment lies beyond the horizon.", parameter="open_at", hint=hint)
