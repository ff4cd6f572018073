"""The v4 engine of reviews: rules, transactions and history."""

from reviews.services.counting import statistics
from reviews.services.flagging import flag, flags_of
from reviews.services.moderating import decide, decide_many, history, note, queues, rule
from reviews.services.reading import browse, get, kept, page, read
from reviews.services.voting import unvote, vote
from reviews.services.writing import amend, create, delete

__all__ = [
    "amend",
    "browse",
    "create",
    "decide",
    "decide_many",
    "delete",
    "flag",
    "flags_of",
    "get",
    "history",
    "kept",
    "note",
    "page",
    "queues",
    "read",
    "rule",
    "statistics",
    "unvote",
    "vote",
]
