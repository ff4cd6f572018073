"""Plain views that only show something: pages and probes beside the contracts' own views."""

import functools
from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from jewgo.core.errors import MethodNotAllowed
from jewgo.core.problems import respond

View = Callable[..., HttpResponseBase]

OFFERED: Final = ("GET", "HEAD")


def only_shows(view: View) -> View:
    """Refuse every method but GET and HEAD with 405, in the shape of the path's contract.

    Exempt from the check against forged requests, which would answer first, and with a page of its own: whoever only
    shows something has nothing that could be forged.
    """

    @functools.wraps(view)
    def answer(request: HttpRequest, **named: Any) -> HttpResponseBase:
        if request.method not in OFFERED:
            return respond(request, MethodNotAllowed(headers={"Allow": ", ".join(OFFERED)}))
        return view(request, **named)

    return csrf_exempt(answer)
