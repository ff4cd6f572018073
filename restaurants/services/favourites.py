"""The places that a person keeps for later."""

from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction

from jewgo.core.errors import Conflict
from jewgo.core.paging import Cursor, Page, PageRequest
from restaurants.models import Favourite, Restaurant
from restaurants.services.reading import require_possible, unknown, whole
from restaurants.values import Sighting
from users.models import User

MOST: Final = 1000


class TooManyFavourites(Conflict):
    """Nobody keeps so many places."""

    code, title = "too_many_favourites", f"A person keeps at most {MOST} places"


def favourites(user_id: int, asked: PageRequest) -> Page[Sighting]:
    """Return one page of what a person keeps and the public sees, the latest first; raises `InvalidCursor`."""
    scope = f"restaurants.favourites:{user_id}"
    kept = Favourite.objects.filter(user_id=user_id, restaurant__in=Restaurant.objects.published()).order_by("-pk")
    total = kept.count() if asked.include_total else None
    if asked.cursor is not None:
        (last,) = Cursor.read(asked.cursor, scope)
        kept = kept.filter(pk__lt=int(last or 0))
    rows = _seen(list(kept.values_list("pk", "restaurant_id")[: asked.limit + 1]))
    return Page.cut(rows, limit=asked.limit, scope=scope, position=lambda row: [row.key], total=total)


def keep(user_id: int, restaurant_id: int) -> None:
    """Keep a place; keeping it again changes nothing. Raises `UnknownRestaurant`, `TooManyFavourites`."""
    require_possible(restaurant_id)
    if not Restaurant.objects.published().filter(pk=restaurant_id).exists():
        raise unknown()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user_id)  # so that no two count to the limit at once
        if Favourite.objects.filter(user_id=user_id).count() >= MOST:
            raise TooManyFavourites(hint="Take one away first.")
        Favourite.objects.get_or_create(user_id=user_id, restaurant_id=restaurant_id)


def let_go(user_id: int, restaurant_id: int) -> None:
    """Keep a place no longer; one that was not kept is as good as gone."""
    require_possible(restaurant_id)
    Favourite.objects.filter(user_id=user_id, restaurant_id=restaurant_id).delete()


def export(user_id: int) -> list[dict[str, Any]]:
    """Return what a person keeps, as JSON takes it."""
    kept = Favourite.objects.filter(user_id=user_id).order_by("pk")
    return [dict(row) for row in kept.values("restaurant_id", "restaurant__name", "kept_at")]


def erase(user_id: int) -> None:
    """Let a person keep nothing."""
    Favourite.objects.filter(user_id=user_id).delete()


def _seen(rows: Sequence[tuple[int, int]]) -> list[Sighting]:
    places = {place.id: place for place in whole([restaurant_id for _, restaurant_id in rows])}
    return [Sighting(places[restaurant_id], key=pk) for pk, restaurant_id in rows if restaurant_id in places]
