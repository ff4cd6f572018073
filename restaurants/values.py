"""What both engines speak: immutable values, whole and free of any query, that a contract turns into its own shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from restaurants.hours.schedule import Schedule, schedule_of

MAX_ID = 2**63 - 1
"""The largest id that the database can hold; whatever is larger names nothing."""


@dataclass(frozen=True, slots=True)
class ListCriteria:
    """Which approved places a list holds, in the terms that both engines offer. None: not asked.

    `kosher_category` is lower case and means the category that v3 shows; `record_state` other than `active` finds
    nothing, because nothing else is published; `business_types` are alternatives.
    """

    kosher_category: str | None = None
    record_state: str | None = None
    state: str | None = None
    city: str | None = None
    business_types: tuple[str, ...] = ()
    limit: int = 100
    offset: int = 0

    @property
    def finds_nothing(self) -> bool:
        """Whether it asks for what is never published."""
        return self.record_state not in (None, "active")


@dataclass(frozen=True, slots=True)
class SearchCriteria:
    """What somebody typed, and the window of the answer. How it is matched: `restaurants.services.search`."""

    text: str
    limit: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True)
class AgencyFact:
    """Who gives the hechsher."""

    id: int
    name: str
    short_name: str
    website: str | None
    candle_lighting_min: int | None


@dataclass(frozen=True, slots=True)
class CertificateFact:
    """One agency's word for one place, with where we have it from."""

    id: int
    agency: AgencyFact
    number: str | None
    valid_from: date | None
    valid_to: date | None
    scope: str
    source: str
    sourced_on: str
    verified_at: datetime | None

    def is_expired(self, on: date) -> bool:
        """Whether the certificate had ended before `on`; one without an end has not."""
        return self.valid_to is not None and self.valid_to < on


@dataclass(frozen=True, slots=True)
class LevelFact:
    """How far one religious attribute holds, in a source's words."""

    attribute: str
    level: str
    scope: str = ""
    source: str = ""
    sourced_on: str = ""


@dataclass(frozen=True, slots=True)
class ImageFact:
    """A picture by its address."""

    url: str
    is_primary: bool


@dataclass(frozen=True, slots=True)
class SpecialFact:
    """What a place offers for a while; None: from the start, without an end."""

    id: int
    title: str
    description: str
    price: str
    starts_at: datetime | None
    ends_at: datetime | None
    is_active: bool = True

    def is_on(self, at: datetime) -> bool:
        """Whether the public sees it at that moment."""
        begun = self.starts_at is None or self.starts_at <= at
        return self.is_active and begun and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class Place:
    """One restaurant with everything that is known of it. None means unknown, an empty tuple means none known."""

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
    kosher_categories: tuple[str, ...]
    latitude: float | None
    longitude: float | None
    timezone: str | None
    hours_raw: str | None
    hours_raw_json: Any
    opening_hours: str | None
    hours_problem: str | None
    hours_updated_at: datetime | None
    hours_source: str
    opens_after_shabbat_min: int | None
    closes_before_shabbat_min: int | None
    is_shabbat_exempt: bool
    state_of_record: str
    state_reason: str
    source: str
    sourced_on: str
    version: int
    created_at: datetime
    updated_at: datetime
    certificates: tuple[CertificateFact, ...]
    levels: tuple[LevelFact, ...]
    images: tuple[ImageFact, ...]
    specials: tuple[SpecialFact, ...] = ()

    @property
    def kosher_category(self) -> str | None:
        """The one category that v3 shows: the first; None when nothing is known."""
        return self.kosher_categories[0] if self.kosher_categories else None

    @property
    def schedule(self) -> Schedule:
        """What decides whether the place is open."""
        return schedule_of(self, [fact.agency.candle_lighting_min for fact in self.certificates])

    def level(self, attribute: str) -> str | None:
        """Return the level of `attribute`, None when no source speaks of it."""
        return next((fact.level for fact in self.levels if fact.attribute == attribute), None)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A place in a list, with what its order compares, how far it is, and what was asked for besides."""

    place: Place
    key: str | float
    distance_m: float | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many places of a result have a value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Completion:
    """What somebody who types may mean: a city, an agency or a name, and how many places it stands for."""

    kind: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a question found, from one position on; None and empty: not counted."""

    rows: tuple[Sighting, ...]
    total: int | None = None
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """A window of a list, and how many there are in all."""

    places: tuple[Place, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A place that a search found, with its relevance between 0 and 1 to four digits."""

    place: Place
    relevance: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A window of what a search found, the best first, and how many there are in all."""

    hits: tuple[Hit, ...]
    total: int


@dataclass(frozen=True, slots=True)
class KosherType:
    """A kosher category and the number of places that show it."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The catalogue in numbers: approved places only; places of unknown category are in no category's count."""

    total_restaurants: int
    states: tuple[str, ...]
    listing_types: tuple[str, ...]
    counts_by_kosher_category: Mapping[str, int]
    last_updated: datetime | None


@dataclass(frozen=True, slots=True)
class KeptCriteria:
    """Which places v3's admin list holds, whatever their state but deleted ones; None and empty: not asked."""

    text: str = ""
    record_state: str | None = None
    restaurant_id: int | None = None
    limit: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A place as somebody proposes it. `agency` is the certifier's name; None and empty mean not said.

    `sourced_on` is as precise as its source: 2019, 2025-08 or 2025-08-12.
    """

    name: str
    address: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    zip_code: str | None = None
    phone_number: str | None = None
    website: str | None = None
    listing_type: str | None = None
    establishment_type: str | None = None
    short_description: str | None = None
    price_range: str | None = None
    google_listing_url: str | None = None
    kosher_categories: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None
    timezone: str | None = None
    hours_raw: str | None = None
    source: str = ""
    sourced_on: str = ""
    agency: str | None = None
    levels: tuple[LevelFact, ...] = ()
    images: tuple[str, ...] = ()
