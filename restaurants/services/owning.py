"""Who owns a place, for whoever asks; staff set it in the admin."""

from typing import Any

from restaurants.models import Ownership


def owns(user_id: int | None, restaurant_id: int) -> bool:
    """Say whether a person owns a place; nobody (None) owns none."""
    return Ownership.objects.holds(user_id, restaurant_id)


def export(user_id: int) -> list[dict[str, Any]]:
    """Return the places that a person owns, as JSON takes it."""
    owned = Ownership.objects.filter(user_id=user_id).order_by("pk")
    return [dict(row) for row in owned.values("restaurant_id", "restaurant__name", "set_at")]


def erase(user_id: int) -> None:
    """Let a person own nothing any more, and have set nothing."""
    Ownership.objects.filter(user_id=user_id).delete()
    Ownership.objects.filter(set_by_id=user_id).update(set_by=None)
