"""What the rollout does around every request: see that the view is fresh, know the caller, say who answered."""

import os
from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from rollout import forces, identity, pulse
from rollout.recording import recorder
from rollout.served import Served

Handler = Callable[[HttpRequest], HttpResponseBase]

SERVED_BY = "X-JewGo-Served-By"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RolloutMiddleware:
    """Only processes that serve build it, so a force that nobody understands stops them here, at start."""

    def __init__(self, get_response: Handler) -> None:
        forces.stop_unless_understood(forces.read(os.environ, settings.ROLLOUT["FEATURES"]))
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        pulse.ensure_fresh()
        began = perf_counter()
        with identity.bind(request):
            response = self.get_response(request)
        served = getattr(request, "rollout_served", None)
        if isinstance(served, Served):
            response.headers[SERVED_BY] = str(served)
            if served.is_switched:
                identity.offer_device(request, response)
            else:
                recorder.note_contract(
                    served.feature, _route(request), response.status_code, (perf_counter() - began) * 1000
                )
        return response


def _route(request: HttpRequest) -> str:
    """Return method and route template, never the path nor a client's own word: there are as few of these as routes."""
    match = request.resolver_match
    method = request.method if request.method in METHODS else "OTHER"
    return f"{method} /{match.route if match else ''}"[:200]
