"""Whether the v4 contract is open to a caller: a DRF permission that stands before throttling and parsing."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from rest_framework.permissions import BasePermission

from jewgo.core.errors import NotFound
from rollout import identity, registry, snapshot
from rollout.served import Served, note_served
from rollout.switch import Toggle

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

_RICH_ERRORS = Toggle("api_v4_error_handling")


class FeatureDisabled(NotFound):
    """The v4 contract is not open to this caller yet; v3 answers the same question."""

    code, title = "feature_disabled", "This is not open to you yet"


class Gate(BasePermission):
    """Lets in whom the rollout lets in, from FULL on everybody. One instance guards a view's methods.

    A view names the v3 route of the same question in `v3_path`, a template of its own path's arguments.
    """

    def __init__(self, feature: str) -> None:
        registry.gates(feature, "gate")
        self.feature = feature

    def __call__(self) -> "Gate":
        """Stand in for the class that DRF expects to instantiate."""
        return self

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        """Return True, or raise FeatureDisabled with a link to the v3 path."""
        http = identity.unwrapped(request)
        decision = snapshot.current().decide(self.feature, identity.identify(http))
        note_served(http, Served("v4", self.feature, decision.reason, is_switched=False))
        if not decision.opens:
            raise FeatureDisabled(
                f"{self.feature} is not open to you: {decision.reason}.",
                hint="Call the v3 contract, which answers everybody.",
                headers={"Cache-Control": "no-store"} | _alternate(view),
            )
        return True


def rich_errors(request: HttpRequest) -> bool:
    """Say whether errors of the v3 contract may carry v4's code and the request id for this caller."""
    return _RICH_ERRORS.is_on(request)


def _alternate(view: "APIView") -> dict[str, str]:
    path: str | None = getattr(view, "v3_path", None)
    return {} if path is None else {"Link": f'<{path.format(**view.kwargs)}>; rel="alternate"'}
