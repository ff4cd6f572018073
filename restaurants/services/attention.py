"""How often a place is looked at and shared."""

from dataclasses import dataclass
from datetime import date, timedelta

from restaurants.models import Attention


@dataclass(frozen=True, slots=True)
class Day:
    """The counts of one day (UTC)."""

    day: date
    views: int
    shares: int


def attention(restaurant_id: int, *, today: date, days: int) -> tuple[Day, ...]:
    """Return the last `days` days of a place, today last; a day on which nobody came has zeros."""
    first = today - timedelta(days=days - 1)
    found = Attention.objects.filter(restaurant_id=restaurant_id, day__range=(first, today))
    counts = {row.day: row for row in found}
    every = (first + timedelta(days=number) for number in range(days))
    return tuple(Day(day, counts[day].views, counts[day].shares) if day in counts else Day(day, 0, 0) for day in every)
