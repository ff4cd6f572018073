"""How a caller stands, as headers: the IETF's RateLimit fields, and the older ones that many clients read.

RateLimit and RateLimit-Policy as in draft-ietf-httpapi-ratelimit-headers-09: `q` quota, `w` window (s), `r` remaining,
`t` seconds until there is room for one more than that.
"""

import math

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from jewgo.core.limits.rates import Decision, Standing


def note(request: HttpRequest, decision: Decision) -> None:
    """Keep on the request what was decided about it, for whoever makes the answer."""
    request.limits = decision  # type: ignore[attr-defined]


def tell(request: HttpRequest, response: HttpResponseBase) -> None:
    """Tell the caller how they stand, where a limit applied to the request."""
    decision: Decision | None = getattr(request, "limits", None)
    if decision is not None:
        for name, value in headers_of(decision).items():
            response.headers[name] = value


def headers_of(decision: Decision) -> dict[str, str]:
    """Return what tells a caller how they stand against each limit; the older headers know one, the tightest."""
    tightest = decision.tightest
    told = {
        "RateLimit-Policy": ", ".join(map(_policy, decision.standings)),
        "RateLimit": ", ".join(map(_item, decision.standings)),
        "x-ratelimit-limit": str(tightest.limit.rate.most),
        "x-ratelimit-remaining": str(tightest.remaining),
        "x-ratelimit-reset": str(math.ceil(tightest.frees_in_s)),
    }
    return told if decision.passed else told | {"Retry-After": str(decision.retry_after_s)}


def _policy(standing: Standing) -> str:
    limit = standing.limit
    return f'"{limit.name}";q={limit.rate.most};w={limit.rate.window_s}'


def _item(standing: Standing) -> str:
    return f'"{standing.limit.name}";r={standing.remaining};t={math.ceil(standing.frees_in_s)}'
