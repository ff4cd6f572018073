"""What the v4 list can be asked: alternatives and exclusions in every filter, a sort, a position to go on from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final, Literal

from jewgo.core.paging import InvalidCursor, Scalar
from restaurants.queries import NOTHING, PUBLISHED, Clause
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

    def conditions(self) -> list[Clause]:
        """Return what a place has to meet."""
        return [PUBLISHED, *self._chosen(), *([matching(self.q)] if self.q else [])]

    def _chosen(self) -> Iterator[Clause]:
        for field in fields(self):
            choice = getattr(self, field.name)
            if not isinstance(choice, Choice):
                continue
            meaning = MEANINGS[field.name]
            if choice.wanted:
                yield meaning(choice.wanted, f"{field.name}_in")
            if choice.unwanted:
                yield meaning(choice.unwanted, f"{field.name}_out").negated()


def matching(q: str) -> Clause:
    """Ask for the places whose search text holds every word of `q`, or holds words like it (a typo)."""
    wanted = normalise(q)
    if not wanted:
        return NOTHING
    words = {f"word_{number}": f"%{word}%" for number, word in enumerate(wanted.split())}
    every_word = " AND ".join(f"r.search_text LIKE %({name})s" for name in words)
    return Clause(f"({every_word}) OR %(q)s <%% r.search_text", {**words, "q": wanted})


def relevance(q: str) -> Clause:
    """Say how much of `q` the name holds or, worth less, the other texts: 0 to 1, to four digits."""
    name, texts = ("word_similarity(%(ranked)s, r.sort_name)", "word_similarity(%(ranked)s, r.search_text) * 0.9")
    return Clause(f"round(greatest({name}, {texts})::numeric, 4)", {"ranked": normalise(q)})


def _categories(names: Sequence[str], name: str) -> Clause:
    known = [category for category in names if category != UNKNOWN]
    unknown = " OR r.kosher_categories = '{}'" if UNKNOWN in names else ""
    return Clause(f"r.kosher_categories && %({name})s::varchar[]{unknown}", {name: known})


def _agencies(names: Sequence[str], name: str) -> Clause:
    held = f"""EXISTS (
        SELECT FROM restaurants_certificate held JOIN restaurants_agency a ON a.id = held.agency_id
        WHERE held.restaurant_id = r.id AND a.keys && %({name})s::varchar[])"""  # names a parameter
    return Clause(held, {name: [normalise(agency) for agency in names]})


def _cities(names: Sequence[str], name: str) -> Clause:
    return Clause(f"r.city IS NOT NULL AND r.city_key = ANY(%({name})s)", {name: [normalise(city) for city in names]})


def _states(names: Sequence[str], name: str) -> Clause:
    return Clause(f"upper(r.state) = ANY(%({name})s)", {name: [state.upper() for state in names]})


def _countries(codes: Sequence[str], name: str) -> Clause:
    return Clause(f"r.country = ANY(%({name})s)", {name: [code.upper() for code in codes]})


Meaning = Callable[[Sequence[str], str], Clause]
MEANINGS: Final[Mapping[str, Meaning]] = {
    "kosher_category": _categories,
    "agency": _agencies,
    "city": _cities,
    "state": _states,
    "country": _countries,
}
"""What it means to be one of several values of each filter; the second argument names the parameter."""


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort: by an expression of a type, then by the primary key."""

    key: Clause
    type: str
    descending: bool
    pk_descending: bool

    @property
    def clause(self) -> Clause:
        """What to order by."""
        return Clause(f"{self.key.sql}{_direction(self.descending)}, r.id{_direction(self.pk_descending)}")

    def beyond(self, position: tuple[Scalar, ...]) -> Clause:
        """Ask for what comes after `position`; raises `InvalidCursor` when it is no position of this order."""
        if len(position) != 2:
            raise InvalidCursor
        value, pk = position
        at, key, pk_sign = f"%(at)s::{self.type}", self.key.sql, "<" if self.pk_descending else ">"
        sql = f"{key} {'<' if self.descending else '>'} {at} OR ({key} = {at} AND r.id {pk_sign} %(after)s)"
        return Clause(sql, {"at": value, "after": pk})


def order_of(sort: Sort, q: str) -> Order:
    """Return the order of a sort; `relevance` needs a text to be relevant to."""
    orders: Mapping[Sort, Callable[[], Order]] = {
        "name": lambda: Order(Clause("r.sort_name"), "text", descending=False, pk_descending=False),
        "-name": lambda: Order(Clause("r.sort_name"), "text", descending=True, pk_descending=True),
        "newest": lambda: Order(Clause("r.created_at"), "timestamptz", descending=True, pk_descending=True),
        "relevance": lambda: Order(relevance(q), "numeric", descending=True, pk_descending=False),
    }
    return orders[sort]()


SORTS: Final = ("name", "-name", "newest", "relevance")


def _direction(is_descending: bool) -> str:
    return " DESC" if is_descending else ""
