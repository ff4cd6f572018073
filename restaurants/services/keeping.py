"""Keeping the guide: every change of a place, whole or not at all, with its history."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from django.db import transaction
from django.utils.timezone import now

from jewgo.core.middleware import current_request_id
from restaurants.drafts import columns_of, draft_of, levels_of, parts_of
from restaurants.models import Restaurant
from restaurants.parts import Parts
from restaurants.rules import require_sound
from restaurants.services.reading import record, require_possible
from restaurants.values import Draft, Place

T = TypeVar("T")
Expectation = Callable[[int], None]
"""Called with the stored version under the row's lock; raises to refuse the change."""


def create(draft: Draft, actor: str, *, dry_run: bool = False) -> Place:
    """Store a new pending place that keeps v4's rules, and return it; raises `InvalidRestaurant`.

    With `dry_run` everything is done and undone: the place returned is what would have been stored.
    """
    require_sound(draft)
    return rehearsed(lambda: accept(draft, actor), dry_run=dry_run)


@transaction.atomic
def accept(draft: Draft, actor: str) -> Place:
    """Store a new pending place whose needs its contract has judged, and return it."""
    restaurant = Restaurant(**columns_of(draft))
    Restaurant.objects.store(
        restaurant, actor=actor, action="create", request_id=current_request_id(), parts=parts_of(draft)
    )
    return record(restaurant.pk)


def update(
    restaurant_id: int, changes: Mapping[str, Any], actor: str, *, expect: Expectation, dry_run: bool = False
) -> Place:
    """Change the named fields of a place, and return it as it then stands.

    Raises `UnknownRestaurant`, what `expect` raises, and `InvalidRestaurant` when the outcome would break a rule.
    """
    return rehearsed(lambda: _update(restaurant_id, changes, actor, expect), dry_run=dry_run)


def delete(restaurant_id: int, actor: str, *, expect: Expectation, dry_run: bool = False) -> None:
    """Take a place away softly: nobody sees it, and it can be brought back. Raises as `update` does."""
    rehearsed(lambda: _delete(restaurant_id, actor, expect), dry_run=dry_run)


def _delete(restaurant_id: int, actor: str, expect: Expectation) -> None:
    restaurant = locked(restaurant_id)
    expect(restaurant.version)
    restaurant.deleted_at = now()
    Restaurant.objects.store(restaurant, actor=actor, action="delete", request_id=current_request_id())


def _update(restaurant_id: int, changes: Mapping[str, Any], actor: str, expect: Expectation) -> Place:
    restaurant = locked(restaurant_id)
    expect(restaurant.version)
    draft = replace(draft_of(record(restaurant_id)), **changes)
    require_sound(draft)
    for name, value in columns_of(draft).items():
        setattr(restaurant, name, value)
    parts = Parts(levels=levels_of(draft)) if "levels" in changes else Parts()
    Restaurant.objects.store(restaurant, actor=actor, action="update", request_id=current_request_id(), parts=parts)
    return record(restaurant_id)


def rehearsed(work: Callable[[], T], *, dry_run: bool) -> T:
    """Do `work` whole or not at all; with `dry_run` do it and undo it."""
    with transaction.atomic():
        outcome = work()
        if dry_run:
            transaction.set_rollback(True)
    return outcome


def locked(restaurant_id: int) -> Restaurant:
    """Return the place, locked until the transaction ends; raises `UnknownRestaurant`."""
    require_possible(restaurant_id)
    return Restaurant.objects.locked(restaurant_id)
