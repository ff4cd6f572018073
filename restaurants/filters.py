"""What the v4 list can be asked: alternatives and exclusions, a place on the ground, a sort, counts beside the list."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

from restaurants.geometry import Box, Point

UNKNOWN: Final = "unknown"
Sort = Literal["name", "-name", "newest", "relevance", "distance", "-rating"]


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


@dataclass(frozen=True, slots=True)
class Hour:
    """Open, or known to be closed, at a moment: a full minute, so that answers may be kept."""

    at: datetime
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Spelled:
    """A typed word as the guide spells it: the `same`, words that are `begun` so or sound so in the other script, and
    words that are `like` it.
    """

    same: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    like: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.same, *self.begun, *self.like)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFilter:
    """Which published places: every filter must hold. An exclusion leaves places of unknown value in.

    None and empty mean not asked. `certified_on` narrows `agency`: by this agency, on this day. `point` alone narrows
    nothing: distances are measured from it. What depends on the clock is asked for as a moment, so that an answer may
    be kept. `words` is what `q` means in the guide's own words; whoever answers finds it out, nobody asks for it.
    """

    kosher_category: Choice = ANY
    agency: Choice = ANY
    cholov_yisroel: Choice = ANY
    pas_yisroel: Choice = ANY
    yoshon: Choice = ANY
    bishul_yisroel: Choice = ANY
    mehadrin: Choice = ANY
    glatt: Choice = ANY
    city: Choice = ANY
    state: Choice = ANY
    country: Choice = ANY
    listing_type: Choice = ANY
    price_range: Choice = ANY
    certified_on: date | None = None
    min_rating: float | None = None
    has_reviews: bool | None = None
    has_hours: bool | None = None
    point: Point | None = None
    radius_m: float | None = None
    box: Box | None = None
    ids: tuple[int, ...] = ()
    q: str = ""
    open_now: Hour | None = None
    open_at: Hour | None = None
    open_before_shabbat: Hour | None = None
    words: tuple[Spelled, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Everything that a page of the list depends on, but which page it is."""

    filter: PlaceFilter = field(default_factory=PlaceFilter)
    sort: Sort = "name"
    facets: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
