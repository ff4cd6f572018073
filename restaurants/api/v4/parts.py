"""What the views of certificates, specials and images share: who sees the restaurant, how one of them is changed."""

from functools import partial
from typing import Any

from rest_framework.request import Request

from jewgo.core.api import require_match
from restaurants.api.v4.forms import WriteQuery
from restaurants.api.v4.places import CatalogueView
from rollout.identity import identify


class PartView(CatalogueView):
    """Something that hangs on a restaurant; a change of it is a change of the restaurant, with its version."""

    def terms(self, request: Request) -> dict[str, Any]:
        """Return what every change needs to know: who makes it, against which version, in earnest or not."""
        return {
            "actor": str(identify(request)),
            "expect": partial(require_match, request._request),
            "dry_run": self.query(WriteQuery)["dry_run"],
        }
