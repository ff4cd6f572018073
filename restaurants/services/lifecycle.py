"""Moving records through their life, and bringing deleted ones back: under the lock, with the history."""

from jewgo.core.errors import Conflict
from restaurants.lifecycle import Move, after
from restaurants.models import Restaurant
from restaurants.services.reading import require_possible
from restaurants.services.writing import Expectation, locked, rehearsed, store
from restaurants.values import Place


class NotDeleted(Conflict):
    """Only a deleted place can be brought back."""

    code, title = "not_deleted", "This restaurant is not deleted"


def move(
    restaurant_id: int, made: Move, actor: str, *, expect: Expectation, reason: str = "", dry_run: bool = False
) -> Place:
    """Move a record, with the reason where one is given, and return the place.

    Raises `UnknownRestaurant`, what `expect` raises, `IllegalRecordMove`, and `InvalidInput` where a reason is lacking.
    """
    return rehearsed(lambda: _move(restaurant_id, made, actor, expect, reason), dry_run=dry_run)


def restore(restaurant_id: int, actor: str, *, expect: Expectation, dry_run: bool = False) -> Place:
    """Bring a deleted place back into the state in which its record stood; raises `NotDeleted` and as `move` does."""
    return rehearsed(lambda: _restore(restaurant_id, actor, expect), dry_run=dry_run)


def _move(restaurant_id: int, made: Move, actor: str, expect: Expectation, reason: str) -> Place:
    restaurant = locked(restaurant_id)
    expect(restaurant.version)
    restaurant.state_of_record = after(made, restaurant.state_of_record, reason)
    restaurant.state_reason = reason.strip()
    return store(restaurant, actor, made.value)


def _restore(restaurant_id: int, actor: str, expect: Expectation) -> Place:
    require_possible(restaurant_id)
    restaurant = Restaurant.objects.locked_with_deleted(restaurant_id)
    expect(restaurant.version)
    if restaurant.deleted_at is None:
        raise NotDeleted(f"Restaurant {restaurant_id} is not deleted.", hint="There is nothing to bring back.")
    restaurant.deleted_at = None
    return store(restaurant, actor, "restore")
