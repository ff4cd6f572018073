"""Keeping the guide: every change of a place, whole or not at all, with its history."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from jewgo.core.middleware import current_request_id
from restaurants.drafts import columns_of, draft_of, levels_of, parts_of
from restaurants.duplicates import require_new
from restaurants.models import Restaurant
from restaurants.parts import Parts
from restaurants.rules import require_sound
from restaurants.services.reading import record
from restaurants.services.writing import Expectation, locked, rehearsed
from restaurants.values import Draft, Place


def create(draft: Draft, actor: str, *, force: bool = False, dry_run: bool = False) -> Place:
    """Store a new pending place that keeps v4's rules, and return it.

    Raises `InvalidRestaurant`, and unless `force` is said `ProbableDuplicate`. With `dry_run` everything is done and
    undone: the place returned is what would have been stored.
    """
    require_sound(draft)
    return rehearsed(lambda: _propose(draft, actor, force=force), dry_run=dry_run)


def _propose(draft: Draft, actor: str, *, force: bool) -> Place:
    if not force:
        require_new(draft)
    return accept(draft, actor)


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
