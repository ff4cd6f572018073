"""The limits of a request as a DRF throttle: after who calls and what they may, before the body is read."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from jewgo.core.callers import caller_of
from jewgo.core.errors import TooManyRequests
from jewgo.core.limits.headers import note
from jewgo.core.limits.limiter import limiter
from jewgo.core.limits.rates import Decision, Limit, Rate

if TYPE_CHECKING:
    from jewgo.core.api.view import ContractView


class Limits(BaseThrottle):
    """Counts a request against the limit of who asks and that of what is asked, as the setting LIMITS has them."""

    def allow_request(self, request: Request, view: "ContractView") -> bool:  # type: ignore[override]  # ours only
        """Return True, or raise `TooManyRequests`; notes how the caller stands for the answer's headers."""
        limits = list(limits_of(request, view))
        if not limits:
            return True
        decision = limiter().decide(limits)
        note(request._request, decision)
        if not decision.passed:
            raise _refusal(decision)
        return True


def limits_of(request: Request, view: "ContractView") -> Iterator[Limit]:
    """Yield the limits that apply: of the class of who asks, then of what is asked."""
    rates: dict[str, Rate | None] = settings.LIMITS["RATES"]
    if not any(rates.values()):
        return
    caller = caller_of(request._request)
    for name in (caller.kind, view.limit_class(request)):
        rate = rates.get(name) if name else None
        if name and rate:
            yield Limit(name, caller.key, rate)


def _refusal(decision: Decision) -> TooManyRequests:
    limit, wait_s = decision.tightest.limit, decision.retry_after_s
    return TooManyRequests(
        f"The limit {limit.name!r} lets {limit.rate.most} requests pass in {limit.rate.window_s} s.",
        hint=f"Ask again in {wait_s} s; the header RateLimit says how you stand.",
        meta={"limit": limit.name, "retry_after_s": wait_s},
    )
