"""What is said about a failure of an engine: which one it is, and nothing about the person who met it."""

import logging
import traceback
from enum import StrEnum
from hashlib import blake2b

from jewgo.core.middleware import current_request_id

logger = logging.getLogger(__name__)


class Outcome(StrEnum):
    """How an engine failed."""

    RAISED = "raised"
    """It raised what nobody anticipated."""
    WRONG_REFUSAL = "wrong_refusal"
    """It refused a read that the other engine could answer."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """The connection was lost while committing."""
    HOOK = "hook"
    """Work that waited for the commit raised; the answer stands."""


def fingerprint(error: BaseException) -> str:
    """Return 12 hex digits, the same for the same exception from the same place; the message has no part in it."""
    return blake2b(place(error).encode(), digest_size=6).hexdigest()


def place(error: BaseException) -> str:
    """Return the exception's type and where it comes from, as `ValueError in restaurants.services:search`."""
    *_, innermost = ["", *path(error)]
    kind = type(error).__qualname__
    return f"{kind} in {innermost.rpartition(':')[0]}" if innermost else kind


def path(error: BaseException) -> list[str]:
    """Return the calls that led to the exception, outermost first, as `restaurants.services:search:48`."""
    frames = traceback.walk_tb(error.__traceback__)
    return [f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_name}:{line}" for frame, line in frames]


def report(error: BaseException, outcome: Outcome, **about: str | bool) -> None:
    """Log one failure. The exception's message is left out, for it may quote what somebody entered."""
    fields = {
        **about,
        "outcome": outcome,
        "fingerprint": fingerprint(error),
        "place": place(error),
        "request_id": current_request_id(),
        "path": path(error),
    }
    logger.error("%s failed: %s, %s", about.get("operation", "?"), outcome, place(error), extra={"fields": fields})
