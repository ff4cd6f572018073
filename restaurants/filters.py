"""What the v4 list can be asked: alternatives and exclusions in every filter, a sort, a position to go on from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Upper

from jewgo.core.paging import InvalidCursor, Scalar
from restaurants.models import Certificate, Restaurant
from restaurants.repositories import RestaurantQuerySet
from restaurants.spelling import normalise

UNKNOWN: Final = "unknown"
Sort = Literal["name", "-name", "newest", "relevance"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any of `wanted` (all when empty) and none of `unwanted`."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Sequence[str]) -> "Choice":
        """Read values of which those that start with `!` are unwanted."""
        return cls(
            wanted=tuple(sorted({value for value in values if not value.startswith("!")})),
            unwanted=tuple(sorted({value[1:] for value in values if value.startswith("!")})),
        )


ANY: Final = Choice()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFilter:
    """Which published places: every filter must hold. An exclusion leaves places of unknown value in."""

    kosher_category: Choice = ANY
    agency: Choice = ANY
    city: Choice = ANY
    state: Choice = ANY
    country: Choice = ANY
    q: str = ""

    def apply(self) -> RestaurantQuerySet:
        """Ask for the places that meet the filter, in no particular order."""
        places = Restaurant.objects.published().alias(state_upper=Upper("state"))
        for field in fields(self):
            choice = getattr(self, field.name)
            if isinstance(choice, Choice):
                places = _narrowed(places, choice, MEANINGS[field.name])
        return places.matching(self.q) if self.q else places


def _narrowed(places: RestaurantQuerySet, choice: Choice, meaning: "Meaning") -> RestaurantQuerySet:
    if choice.wanted:
        places = places.filter(meaning(choice.wanted))
    if choice.unwanted:
        places = places.exclude(meaning(choice.unwanted))
    return places


def _categories(names: Sequence[str]) -> Q:
    known = [name for name in names if name != UNKNOWN]
    unknown = Q(kosher_categories=[]) if UNKNOWN in names else Q(pk__in=[])
    return Q(kosher_categories__overlap=known) | unknown if known else unknown


def _agencies(names: Sequence[str]) -> Q:
    keys = [normalise(name) for name in names]
    return Q(Exists(Certificate.objects.filter(restaurant=OuterRef("pk"), agency__keys__overlap=keys)))


def _cities(names: Sequence[str]) -> Q:
    return Q(city__isnull=False, city_key__in=[normalise(name) for name in names])


def _states(names: Sequence[str]) -> Q:
    return Q(state__isnull=False, state_upper__in=[name.upper() for name in names])


def _countries(codes: Sequence[str]) -> Q:
    return Q(country__isnull=False, country__in=[code.upper() for code in codes])


Meaning = Callable[[Sequence[str]], Q]
MEANINGS: Final[Mapping[str, Meaning]] = {
    "kosher_category": _categories,
    "agency": _agencies,
    "city": _cities,
    "state": _states,
    "country": _countries,
}
"""What it means to be one of several values of each filter."""


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort: by a column or annotation, then by the primary key."""

    key: str
    descending: bool
    pk_descending: bool

    @property
    def columns(self) -> tuple[str, str]:
        """The columns as Django orders by them."""
        return ("-" if self.descending else "") + self.key, "-pk" if self.pk_descending else "pk"

    def beyond(self, position: tuple[Scalar, ...]) -> Q:
        """Ask for what comes after `position`; raises `InvalidCursor` when it is no position of this order."""
        if len(position) != len(self.columns):
            raise InvalidCursor
        value, pk = position
        further: Any = Q(**{f"{self.key}__{'lt' if self.descending else 'gt'}": value})
        tied = Q(**{self.key: value, f"pk__{'lt' if self.pk_descending else 'gt'}": pk})
        return Q(further | tied)


ORDERS: Final[Mapping[Sort, Order]] = {
    "name": Order("sort_name", descending=False, pk_descending=False),
    "-name": Order("sort_name", descending=True, pk_descending=True),
    "newest": Order("created_at", descending=True, pk_descending=True),
    "relevance": Order("relevance", descending=True, pk_descending=False),
}
