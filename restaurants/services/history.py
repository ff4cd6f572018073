"""What became of a place: every change with its actor, the latest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jewgo.core.paging import Cursor, Page, PageRequest
from restaurants.models import Change, Restaurant
from restaurants.repositories import UnknownRestaurant
from restaurants.services.reading import require_possible


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: each field with its old and its new value."""

    id: int
    at: datetime
    actor: str
    action: str
    fields: dict[str, Any]
    request_id: str


def history(restaurant_id: int, request: PageRequest) -> Page[Entry]:
    """Return one page of a place's changes, also of a deleted place's; raises `UnknownRestaurant`, `InvalidCursor`."""
    require_possible(restaurant_id)
    if not Restaurant.objects.filter(pk=restaurant_id).exists():
        raise UnknownRestaurant(f"There is no restaurant {restaurant_id}.", meta={"resource_type": "Restaurant"})
    scope, changes = f"history:{restaurant_id}", Change.objects.filter(restaurant_id=restaurant_id)
    rows = changes.order_by("-pk")
    if request.cursor:
        [before] = Cursor.read(request.cursor, scope)
        rows = rows.filter(pk__lt=before)
    return Page.cut(
        [_entry(row) for row in rows[: request.limit + 1]],
        limit=request.limit,
        scope=scope,
        position=lambda entry: (entry.id,),
        total=changes.count() if request.include_total else None,
    )


def _entry(row: Change) -> Entry:
    return Entry(row.pk, row.at, row.actor, row.action, row.fields, row.request_id)
