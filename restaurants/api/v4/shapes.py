"""Restaurants as v4 shows them: facts with their source and date, nothing unknown dressed up as known."""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal, NotRequired, TypedDict, cast

from restaurants.api.v4.hours_shapes import NowShape, present_now
from restaurants.hours.opening import stands_until
from restaurants.kosher import Attribute
from restaurants.values import AgencyFact, CertificateFact, LevelFact, Place, Sighting

Plain = dict[str, Any]


class LocationShape(TypedDict):
    """Where it is, in degrees of WGS 84."""

    latitude: float
    longitude: float


class LevelShape(TypedDict):
    """How far an attribute holds, in a source's words."""

    level: Literal["all", "some", "available", "none", "not_applicable", "unknown"]
    scope: str | None
    source: str | None
    sourced_on: str | None


class AgencyShape(TypedDict):
    """Who certifies or certified it."""

    id: int
    name: str
    short_name: str | None
    website: str | None


class CertificateShape(TypedDict):
    """One agency's word; expired is shown, never hidden."""

    id: int
    agency_id: int
    number: str | None
    valid_from: date | None
    valid_to: date | None
    is_expired: bool
    scope: str | None
    source: str | None
    sourced_on: str | None
    verified_at: datetime | None


class KosherShape(TypedDict):
    """The religious facts; an empty list of categories is unknown."""

    categories: list[str]
    levels: dict[str, LevelShape]
    agencies: list[AgencyShape]
    certificates: list[CertificateShape]


class HoursShape(NowShape):
    """How things stand; the hours as the source wrote them, and as OpenStreetMap's opening_hours where understood."""

    text: str | None
    opening_hours: str | None
    problem: str | None
    is_shabbat_exempt: bool
    updated_at: datetime | None


class ImageShape(TypedDict):
    """A picture."""

    url: str
    is_primary: bool


class RestaurantShape(TypedDict):
    """A restaurant: these members in this order; null is not known. `fields=` chooses among them."""

    id: int
    name: str
    address: str | None
    city: str | None
    state: str | None
    country: str | None
    zip_code: str | None
    phone_number: str | None
    website: str | None
    listing_type: str | None
    establishment_type: str | None
    short_description: str | None
    price_range: str | None
    google_listing_url: str | None
    location: LocationShape | None
    timezone: str | None
    kosher: KosherShape
    hours: HoursShape
    images: list[ImageShape]
    record_state: str
    source: str | None
    sourced_on: str | None
    version: int
    created_at: datetime
    updated_at: datetime


SHOWN: Final = tuple(RestaurantShape.__annotations__)
AS_STORED: Final = tuple(name for name in SHOWN if name in Place.__dataclass_fields__)
ATTRIBUTES: Final = tuple(Attribute.values)


class RatingShape(TypedDict):
    """What its published reviews add up to; `bayesian` is what `sort=-rating` compares."""

    count: int
    average: float | None
    bayesian: float


class ShabbatHoursShape(TypedDict):
    """How long after Shabbat it opens and before Shabbat it closes, in minutes."""

    opens_after_shabbat_min: int | None
    closes_before_shabbat_min: int | None


class ListedShape(RestaurantShape):
    """A restaurant in a list: how far it is, where a point was given, and what `include=` asked for."""

    distance_m: NotRequired[float | None]
    rating: NotRequired[RatingShape]
    quality_flags: NotRequired[list[str]]
    shabbat_hours: NotRequired[ShabbatHoursShape]


class SimilarShape(RestaurantShape):
    """A restaurant like another: how far it is from that one, and why it is like it."""

    distance_m: float | None
    why: list[Literal["same_category", "same_agency", "near", "same_listing_type", "same_city"]]


class FacetShape(TypedDict):
    """How many places have a value."""

    value: str
    count: int


class CompletionShape(TypedDict):
    """What somebody who types may mean, and how many places it stands for."""

    kind: Literal["city", "agency", "name"]
    text: str
    count: int


BESIDE: Final = tuple(
    name for name in {**ListedShape.__annotations__, **SimilarShape.__annotations__} if name not in SHOWN
)
"""What only lists show."""


def present_listed(sighting: Sighting, *, at: datetime, measured: bool, only: Collection[str] = ()) -> Plain:
    """Return a restaurant of a list; `measured` when distances were asked for: null where it is not known."""
    beside: Plain = {"distance_m": sighting.distance_m, **sighting.extras} if measured else dict(sighting.extras)
    shown = {name: value for name, value in beside.items() if not only or name in only}
    return present(sighting.place, at=at, only=only) | shown


def present(place: Place, *, at: datetime, only: Collection[str] = ()) -> Plain:
    """Return a restaurant as of an aware moment, which decides what is open and expired; `only` names members."""
    whole = {
        **{name: getattr(place, name) for name in AS_STORED},
        "location": _location(place),
        "kosher": _kosher(place, at.astimezone(UTC).date()),
        "hours": _hours(place, at),
        "images": [{"url": image.url, "is_primary": image.is_primary} for image in place.images],
        "record_state": place.state_of_record,
        "sourced_on": place.sourced_on or None,
        "source": place.source or None,
    }
    return {name: whole[name] for name in SHOWN if not only or name in only}


def lasts_s(places: Iterable[Place], at: datetime) -> float:
    """Return for how many seconds after `at` what is shown of these places is right: they open and close, days end."""
    midnight = datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    ends = min((stands_until(place.schedule, at) for place in places), default=midnight)
    return (min(ends, midnight) - at).total_seconds()


def _location(place: Place) -> LocationShape | None:
    if place.latitude is None or place.longitude is None:
        return None
    return {"latitude": place.latitude, "longitude": place.longitude}


def _kosher(place: Place, on: date) -> KosherShape:
    agencies = {fact.agency.id: fact.agency for fact in place.certificates}
    levels = {fact.attribute: fact for fact in place.levels}
    return {
        "categories": list(place.kosher_categories),
        "levels": {attribute: _level(levels.get(attribute)) for attribute in ATTRIBUTES},
        "agencies": [present_agency(agency) for agency in agencies.values()],
        "certificates": [present_certificate(fact, on) for fact in place.certificates],
    }


NOT_SAID: Final[LevelShape] = {"level": "unknown", "scope": None, "source": None, "sourced_on": None}
"""A level that no source speaks of; one object for all, so nobody may change it."""


def _level(fact: LevelFact | None) -> LevelShape:
    if fact is None:
        return NOT_SAID
    return {
        "level": cast("Any", fact.level),
        "scope": fact.scope or None,
        "source": fact.source or None,
        "sourced_on": fact.sourced_on or None,
    }


def present_agency(agency: AgencyFact) -> AgencyShape:
    """Return an agency as a restaurant shows it."""
    return {
        "id": agency.id,
        "name": agency.name,
        "short_name": agency.short_name or None,
        "website": agency.website,
    }


def present_certificate(fact: CertificateFact, on: date) -> CertificateShape:
    """Return a certificate as of a day."""
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


def _hours(place: Place, at: datetime) -> HoursShape:
    return {
        **present_now(place, at),
        "text": place.hours_raw,
        "opening_hours": place.opening_hours,
        "problem": place.hours_problem,
        "is_shabbat_exempt": place.is_shabbat_exempt,
        "updated_at": place.hours_updated_at,
    }
