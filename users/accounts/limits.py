"""How often one may try to get in: counted in PostgreSQL, so that it holds while Redis is away."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpRequest
from django.utils import timezone

from jewgo.core.addresses import address_of, network_of
from jewgo.core.errors import TooManyRequests
from jewgo.core.limits.attempts import give_back, take


class TooManyAttempts(TooManyRequests):
    """Of one network, of one address or of one session; which of them is not said."""

    code, title = "too_many_attempts", "Too many attempts"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many within any stretch of so many seconds, for each key."""

    name: str
    most: int
    window_s: int

    def spend(self, key: str) -> "Attempt":
        """Count one attempt of `key`; raises `TooManyAttempts` when there were as many as may be. Keys are hashed."""
        attempt = Attempt(self, key, timezone.now())
        taken = take(self.name, key, limit=self.most, window_s=self.window_s, now=attempt.at)
        if not taken.passed:
            raise TooManyAttempts(
                f"Too many attempts; try again in {taken.retry_after_s} s.",
                headers={"Retry-After": str(taken.retry_after_s)},
            )
        return attempt


@dataclass(frozen=True, slots=True)
class Attempt:
    """One that was counted."""

    limit: Limit
    key: str
    at: datetime

    def give_back(self) -> None:
        """Count it no more: it was right, and only wrong ones are limited."""
        give_back(self.limit.name, self.key, taken_at=self.at)


NETWORK: Final = Limit("accounts.network", 20, 60)
"""Whatever is sent to the account routes from one network."""
PASSWORDS: Final = Limit("accounts.password", 5, 300)
"""Wrong passwords for one address, whoever tries."""
CODES: Final = Limit("accounts.code", 5, 300)
"""Codes entered in one session: django-allauth counts three a code, but in the session, where parallel ones race."""
SECOND_FACTORS: Final = Limit("accounts.second_factor", 5, 300)
"""Wrong codes of one person's second factor."""
USED_CODES: Final = Limit("accounts.used_code", 1, 90)
"""A code of an authenticator is good for 90 s, and for one login."""
RESETS: Final = Limit("accounts.reset_mail", 3, 3600)
PROOFS: Final = Limit("accounts.proof_mail", 5, 3600)
"""E-mails that anybody can have sent to one address."""


def neighbourhood(request: HttpRequest) -> str:
    """Return the network that the caller asks from, a /24 or a /48; "unknown" where that cannot be told."""
    return network_of(address_of(request), v4=24, v6=48)
