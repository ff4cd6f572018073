"""What people say about places, and what becomes of it."""

from reviews.models.answers import Flag, FlagState, Reply, Vote
from reviews.models.history import Event
from reviews.models.reviews import Review

__all__ = ["Event", "Flag", "FlagState", "Reply", "Review", "Vote"]
