"""The history of a restaurant, for those who keep the catalogue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import PageQuery, V4View, v4_conditional
from jewgo.core.errors import Forbidden, Unauthenticated
from jewgo.core.paging import InvalidCursor, PageRequest
from jewgo.core.schema import operation
from restaurants.repositories import UnknownRestaurant
from restaurants.services.history import Entry, history
from rollout.gate import FeatureDisabled, Gate
from users.api.permissions import Authority


class ChangedShape(TypedDict):
    """A field's old and new value; null before: it was not known, or the restaurant was new."""

    before: Any
    after: Any


class ChangeShape(TypedDict):
    """Who changed what, and when."""

    id: int
    at: datetime
    actor: str
    action: str
    changes: dict[str, ChangedShape]
    request_id: str | None


def present_change(entry: Entry) -> dict[str, Any]:
    """Return a change as v4 shows it."""
    return {
        "id": entry.id,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "changes": {name: {"before": before, "after": after} for name, (before, after) in entry.fields.items()},
        "request_id": entry.request_id or None,
    }


class HistoryView(V4View):
    """What became of one restaurant, deleted or not."""

    permission_classes: Sequence[Any] = [Gate("api_v4_restaurants"), Authority]

    @operation(
        query=PageQuery,
        data=list[ChangeShape],
        conditional=True,
        errors=[Unauthenticated, Forbidden, UnknownRestaurant, InvalidCursor, FeatureDisabled],
    )
    def get(self, request: Request, restaurant_id: int) -> Response:
        """List every change of a restaurant, the latest first, also of a deleted one."""
        asked = PageRequest.of(self.query(PageQuery))
        page = history(restaurant_id, asked)
        return v4_conditional(request, [present_change(entry) for entry in page.items], meta=asked.meta(page))
