"""What published reviews add up to, of one place or of all: read where PostgreSQL keeps it, never counted here."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Sum

from restaurants.models import Rating, Restaurant
from restaurants.repositories import UnknownRestaurant
from restaurants.values import MAX_ID

CENT, PLACES = Decimal("0.01"), Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many reviews, how many of each number of stars (from one to five), and what that comes to."""

    count: int
    stars: tuple[int, ...]

    @property
    def total(self) -> int:
        """The sum of the stars."""
        return sum(number * count for number, count in enumerate(self.stars, start=1))

    @property
    def average(self) -> float | None:
        """The mean; None without reviews."""
        return _rounded(Decimal(self.total) / self.count, CENT) if self.count else None

    @property
    def bayesian(self) -> float:
        """The mean of the stars and five more, one of each: what `restaurants.discovery.orders` sorts by."""
        return _rounded(Decimal(self.total + 15) / (self.count + 5), PLACES)


def statistics(restaurant_id: int | None = None) -> Numbers:
    """Return the numbers of one published place, or of all; raises `UnknownRestaurant`."""
    return _of_all() if restaurant_id is None else _of(restaurant_id)


def _of(restaurant_id: int) -> Numbers:
    fits = 0 < restaurant_id <= MAX_ID
    if not (fits and Restaurant.objects.published().filter(pk=restaurant_id).exists()):
        raise UnknownRestaurant("Restaurant not found", meta={"resource_type": "Restaurant"})
    kept = Rating.objects.filter(pk=restaurant_id).first() or Rating()
    return Numbers(kept.count, tuple(kept.stars))


def _of_all() -> Numbers:
    sums = Rating.objects.aggregate(*(Sum(f"stars__{index}", default=0) for index in range(5)))
    stars = tuple(int(sums[f"stars__{index}__sum"]) for index in range(5))
    return Numbers(sum(stars), stars)


def _rounded(number: Decimal, grain: Decimal) -> float:
    """Round as PostgreSQL does, so that both say the same."""
    return float(number.quantize(grain, ROUND_HALF_UP))
