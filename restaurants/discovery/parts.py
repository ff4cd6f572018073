"""Conditions on what hangs on a place: certificates, levels, hours, ratings."""

from collections.abc import Callable
from datetime import date

from restaurants.discovery.fragments import NOTHING, Fragment, either
from restaurants.filters import UNKNOWN
from restaurants.spelling import normalise


def certified(name: str, agencies: tuple[str, ...], on: date | None) -> Fragment:
    """Was certified by an agency of any of these names (none: by anybody), on the day `on` (None: ever).

    A limit of a certificate that no source gives is no limit, as for `is_expired`.
    """
    by = f"AND a.keys && %({name})s::varchar[]" if agencies else ""
    valid = """AND (c.valid_from IS NULL OR c.valid_from <= %(certified_on)s::date)
               AND (c.valid_to IS NULL OR c.valid_to >= %(certified_on)s::date)"""
    sql = f"""EXISTS (SELECT FROM restaurants_certificate c JOIN restaurants_agency a ON a.id = c.agency_id
                       WHERE c.restaurant_id = r.id {by} {valid if on else ""})"""  # made of constants
    return Fragment(sql, {name: [normalise(agency) for agency in agencies], "certified_on": on})


def levels(attribute: str) -> Callable[[str, tuple[str, ...]], Fragment]:
    """Return the meaning: `attribute` holds as far as any of the values says; `unknown`: no source speaks of it."""
    row = f"SELECT FROM restaurants_supervisionlevel l WHERE l.restaurant_id = r.id AND l.attribute = '{attribute}'"

    def meaning(name: str, values: tuple[str, ...]) -> Fragment:
        known = [value for value in values if value != UNKNOWN]
        said = Fragment(f"EXISTS ({row} AND l.level = ANY(%({name})s::varchar[]))", {name: known}) if known else NOTHING
        return either(said, Fragment(f"NOT EXISTS ({row})")) if UNKNOWN in values else said

    return meaning


def with_hours(wanted: bool) -> Fragment:
    """Has hours that were understood, or has none."""
    return Fragment(f"r.opening_hours IS {'NOT ' if wanted else ''}NULL")


def reviewed(wanted: bool) -> Fragment:
    """Has published reviews, or has none."""
    row = "SELECT FROM restaurants_rating s WHERE s.restaurant_id = r.id AND s.count > 0"
    return Fragment(f"{'' if wanted else 'NOT '}EXISTS ({row})")


def rated(least: float) -> Fragment:
    """Has published reviews whose mean is `least` or better."""
    row = "s.restaurant_id = r.id AND s.count > 0 AND s.total >= %(min_rating)s * s.count"
    return Fragment(f"EXISTS (SELECT FROM restaurants_rating s WHERE {row})", {"min_rating": least})
