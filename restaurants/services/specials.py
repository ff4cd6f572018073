"""Specials of a place: at most three are active, by slots that the database holds apart."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils.timezone import now

from jewgo.core.errors import Conflict, InvalidInput, NotFound, Problem
from restaurants.models import Restaurant, Special
from restaurants.parts import SLOTS, Parts
from restaurants.services.reading import detail, record
from restaurants.services.writing import Expectation, change_parts
from restaurants.values import Place, SpecialFact

FIELDS: Final = ("title", "description", "price", "starts_at", "ends_at", "is_active")


class UnknownSpecial(NotFound):
    """The place has no such special."""

    code, title = "unknown_special", "This restaurant has no such special"


class InvalidSpecial(InvalidInput):
    """A special that would end before it starts."""

    code, title = "invalid_special", "The special cannot be so"


class TooManySpecials(Conflict):
    """Three specials of the place are active already."""

    code, title = "too_many_specials", "A restaurant has at most three active specials"


def shown(restaurant_id: int) -> tuple[SpecialFact, ...]:
    """Return the specials that the public sees now; raises `UnknownRestaurant`."""
    return on_now(detail(restaurant_id), now())


def on_now(place: Place, at: datetime) -> tuple[SpecialFact, ...]:
    """Return the specials of a place that are on at that moment."""
    return tuple(special for special in place.specials if special.is_on(at))


def kept(restaurant_id: int) -> tuple[SpecialFact, ...]:
    """Return every special of a place, for those who keep the catalogue; raises `UnknownRestaurant`."""
    place = record(restaurant_id)
    return tuple(fact_of(row) for row in Special.objects.filter(restaurant_id=place.id).order_by("pk"))


def add(
    restaurant_id: int, said: Mapping[str, Any], actor: str, *, expect: Expectation, dry_run: bool = False
) -> tuple[Place, SpecialFact]:
    """Add a special and return the place and it; `said` holds any of `FIELDS`.

    Raises `UnknownRestaurant`, what `expect` raises, `InvalidSpecial` and `TooManySpecials`.
    """

    def work(restaurant: Restaurant) -> tuple[Parts, Special]:
        row = _said(Special(), said)
        rows = [*restaurant.specials.order_by("pk"), row]
        return Parts(specials=arrange(rows, now())), row

    return _fact(*change_parts(restaurant_id, actor, "update", work, expect=expect, dry_run=dry_run))


def amend(
    restaurant_id: int,
    special_id: int,
    said: Mapping[str, Any],
    actor: str,
    *,
    expect: Expectation,
    dry_run: bool = False,
) -> tuple[Place, SpecialFact]:
    """Change the named members of a special. Raises as `add` does, and `UnknownSpecial`."""

    def work(restaurant: Restaurant) -> tuple[Parts, Special]:
        rows = list(restaurant.specials.order_by("pk"))
        row = _said(_one(rows, special_id), said)
        return Parts(specials=arrange(rows, now())), row

    return _fact(*change_parts(restaurant_id, actor, "update", work, expect=expect, dry_run=dry_run))


def remove(restaurant_id: int, special_id: int, actor: str, *, expect: Expectation, dry_run: bool = False) -> Place:
    """Take a special away; the history keeps it. Raises as `amend` does."""

    def work(restaurant: Restaurant) -> tuple[Parts, Special]:
        rows = list(restaurant.specials.order_by("pk"))
        row = _one(rows, special_id)
        return Parts(specials=[other for other in rows if other is not row]), row

    place, _ = change_parts(restaurant_id, actor, "update", work, expect=expect, dry_run=dry_run)
    return place


def arrange(rows: Sequence[Special], at: datetime) -> list[Special]:
    """Give every active special a slot, and take it from the others; raises `TooManySpecials`.

    One that had ended before `at` is switched off first, if the slots do not suffice.
    """
    if sum(row.is_active for row in rows) > len(SLOTS):
        for row in rows:
            row.is_active = row.is_active and not (row.ends_at and row.ends_at <= at)
    active = [row for row in rows if row.is_active]
    if len(active) > len(SLOTS):
        ids = [row.pk for row in active if row.pk]
        raise TooManySpecials(hint="Switch one off, or let it end, before another begins.", meta={"active": ids})
    free = [slot for slot in SLOTS if slot not in {row.slot for row in active}]
    for row in rows:
        row.slot = (row.slot or free.pop(0)) if row.is_active else None
    return list(rows)


def fact_of(row: Special) -> SpecialFact:
    """Return a stored special as a value."""
    return SpecialFact(
        row.pk, row.title, row.description, row.price, row.starts_at, row.ends_at, is_active=row.is_active
    )


def _said(row: Special, said: Mapping[str, Any]) -> Special:
    for name in FIELDS:
        if name in said:
            setattr(row, name, said[name])
    if row.starts_at and row.ends_at and row.ends_at <= row.starts_at:
        problem = Problem("ends_before_start", "It would end before it starts.", pointer="/ends_at")
        raise InvalidSpecial(problems=[problem])
    return row


def _one(rows: list[Special], special_id: int) -> Special:
    for row in rows:
        if row.pk == special_id:
            return row
    raise UnknownSpecial(f"There is no special {special_id} here.")


def _fact(place: Place, row: Special) -> tuple[Place, SpecialFact]:
    return place, fact_of(row)
