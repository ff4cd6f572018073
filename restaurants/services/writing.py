"""How the v4 engine changes a place: under its lock, against a version, whole or not at all, with its history."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.db import transaction

from jewgo.core.middleware import current_request_id
from restaurants.models import Restaurant
from restaurants.parts import UNCHANGED, Parts
from restaurants.services.reading import record, require_possible
from restaurants.values import Place

T = TypeVar("T")
Expectation = Callable[[int], None]
"""Called with the stored version under the row's lock; raises to refuse the change."""


def _anything(_version: int) -> None:
    """Expect no particular version."""


ANY_VERSION: Final[Expectation] = _anything


def rehearsed(work: Callable[[], T], *, dry_run: bool) -> T:
    """Do `work` whole or not at all; with `dry_run` do it and undo it."""
    with transaction.atomic():
        outcome = work()
        if dry_run:
            transaction.set_rollback(True)
    return outcome


def locked(restaurant_id: int) -> Restaurant:
    """Return the place under its lock; raises `UnknownRestaurant`."""
    require_possible(restaurant_id)
    return Restaurant.objects.locked(restaurant_id)


def store(restaurant: Restaurant, actor: str, action: str, parts: Parts = UNCHANGED) -> Place:
    """Write the place with its history, and return it as it then stands."""
    Restaurant.objects.store(restaurant, actor=actor, action=action, request_id=current_request_id(), parts=parts)
    return record(restaurant.pk)


def change_parts(
    restaurant_id: int,
    actor: str,
    action: str,
    work: Callable[[Restaurant], tuple[Parts, Any]],
    *,
    expect: Expectation,
    dry_run: bool = False,
) -> tuple[Place, Any]:
    """Let `work` say the place's parts anew, under the place's lock; return the place, and the row `work` was about.

    Raises `UnknownRestaurant`, what `expect` raises, and what `work` raises.
    """

    def apply() -> tuple[Place, Any]:
        restaurant = locked(restaurant_id)
        expect(restaurant.version)
        parts, row = work(restaurant)
        return store(restaurant, actor, action, parts), row

    return rehearsed(apply, dry_run=dry_run)
