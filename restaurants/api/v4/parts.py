"""What the views of certificates, specials and images share: who sees the restaurant, how one of them is changed."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from jewgo.core.api import require_match
from restaurants import services
from restaurants.api.v4.forms import WriteQuery
from restaurants.api.v4.places import CatalogueView
from restaurants.values import Place
from rollout.identity import identify
from users.api.permissions import has_scope


def keeps(request: HttpRequest | Request) -> bool:
    """Say whether the caller sees what is not published."""
    return has_scope(request, "catalog:read") or has_scope(request, "catalog:write")


def seen(request: Request, restaurant_id: int) -> Place:
    """Return the restaurant that this caller may see; raises `UnknownRestaurant`."""
    return services.record(restaurant_id) if keeps(request) else services.detail(restaurant_id)


class PartView(CatalogueView):
    """Something that hangs on a restaurant; a change of it is a change of the restaurant, with its version."""

    def terms(self, request: Request) -> dict[str, Any]:
        """Return what every change needs to know: who makes it, against which version, in earnest or not."""
        return {
            "actor": str(identify(request)),
            "expect": partial(require_match, request._request),
            "dry_run": self.query(WriteQuery)["dry_run"],
        }
