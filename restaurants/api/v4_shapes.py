"""Restaurants as v4 shows them: facts with their source and date, nothing unknown dressed up as known."""

from collections.abc import Collection
from datetime import date
from typing import Any, Final

from restaurants.kosher import Attribute
from restaurants.values import AgencyFact, CertificateFact, LevelFact, Place

Plain = dict[str, Any]

SHOWN: Final = (
    "id",
    "name",
    "address",
    "city",
    "state",
    "country",
    "zip_code",
    "phone_number",
    "website",
    "listing_type",
    "establishment_type",
    "short_description",
    "price_range",
    "location",
    "timezone",
    "kosher",
    "hours",
    "images",
    "record_state",
    "source",
    "sourced_on",
    "version",
    "created_at",
    "updated_at",
)
"""The members of a restaurant, in their order; `fields=` chooses among them."""


def present(place: Place, *, on: date, only: Collection[str] = ()) -> Plain:
    """Return a restaurant as of the day `on`, which decides what is expired; `only` names members, empty: all."""
    whole = {
        **{name: getattr(place, name) for name in SHOWN if hasattr(place, name)},
        "location": _location(place),
        "kosher": _kosher(place, on),
        "hours": _hours(place),
        "images": [{"url": image.url, "is_primary": image.is_primary} for image in place.images],
        "record_state": place.state_of_record,
        "sourced_on": place.sourced_on or None,
        "source": place.source or None,
    }
    return {name: whole[name] for name in SHOWN if not only or name in only}


def _location(place: Place) -> Plain | None:
    known = place.latitude is not None and place.longitude is not None
    return {"latitude": place.latitude, "longitude": place.longitude} if known else None


def _kosher(place: Place, on: date) -> Plain:
    agencies = {fact.agency.id: fact.agency for fact in place.certificates}
    levels = {fact.attribute: fact for fact in place.levels}
    return {
        "categories": list(place.kosher_categories),
        "levels": {attribute: _level(levels.get(attribute)) for attribute in Attribute.values},
        "agencies": [_agency(agency) for agency in agencies.values()],
        "certificates": [_certificate(fact, on) for fact in place.certificates],
    }


def _level(fact: LevelFact | None) -> Plain:
    if fact is None:
        return {"level": "unknown", "scope": None, "source": None, "sourced_on": None}
    return {
        "level": fact.level,
        "scope": fact.scope or None,
        "source": fact.source or None,
        "sourced_on": fact.sourced_on or None,
    }


def _agency(agency: AgencyFact) -> Plain:
    return {
        "id": agency.id,
        "name": agency.name,
        "short_name": agency.short_name or None,
        "website": agency.website,
    }


def _certificate(fact: CertificateFact, on: date) -> Plain:
    return {
        "id": fact.id,
        "agency_id": fact.agency.id,
        "number": fact.number,
        "valid_from": fact.valid_from,
        "valid_to": fact.valid_to,
        "is_expired": fact.is_expired(on),
        "scope": fact.scope or None,
        "source": fact.source or None,
        "sourced_on": fact.sourced_on or None,
        "verified_at": fact.verified_at,
    }


def _hours(place: Place) -> Plain:
    return {
        "text": place.hours_raw,
        "opening_hours": place.opening_hours,
        "problem": place.hours_problem,
        "updated_at": place.hours_updated_at,
    }
