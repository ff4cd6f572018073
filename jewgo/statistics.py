"""GET /api/v4/statistics: what every domain counts, put together."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Final, NotRequired, TypedDict

from django.apps import apps
from django.db.models.signals import post_delete, post_save
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from rest_framework.request import Request

from jewgo.core.api import Answer, StrictSerializer, V4View, v4_kept
from jewgo.core.cache import Namespace
from jewgo.core.errors import InvalidInput
from jewgo.core.schema import operation
from restaurants.services import numbers as restaurants
from reviews.services import numbers as reviews
from rollout.gate import FeatureDisabled, Gate
from users.api.permissions import Authority, meets
from users.authority import EVERY_NUMBER
from users.services import numbers as users

MONTHS: Final = 12
KEPT: Final = Namespace("statistics", ttl_s=60)
"""Begins anew when this server saves or deletes a row that counts; what else changes it shows after a minute."""
COUNTED: Final = (
    "restaurants.Restaurant",
    "restaurants.Certificate",
    "restaurants.Image",
    "reviews.Review",
    "users.User",
    "account.EmailAddress",
)


class Month(TypedDict):
    """What was added in one month, and is published: places, reviews; people only for those who may see them."""

    month: str
    restaurants: int
    reviews: int
    users: NotRequired[int]


class Numbers(TypedDict):
    """The numbers of each domain. `reviews_by_state` and `users` are for those who may see every number."""

    counted_at: datetime
    restaurants: restaurants.CatalogueNumbers
    reviews: reviews.ReviewNumbers
    growth: list[Month]
    reviews_by_state: NotRequired[dict[str, int]]
    users: NotRequired[users.PeopleNumbers]


class StatisticsView(V4View):
    """The service in numbers."""

    permission_classes: Sequence[Any] = [Gate("api_v4_statistics"), Authority]
    v3_path: ClassVar[str | None] = "/api/statistics"

    @operation(data=Numbers, conditional=True, errors=[InvalidInput, FeatureDisabled])
    def get(self, request: Request) -> HttpResponse:
        """Show the numbers of every domain, and of the last twelve months; those of people to whoever may see them."""
        self.query(StrictSerializer)
        is_whole = meets(request, EVERY_NUMBER)
        key = "whole" if is_whole else "public"
        return v4_kept(request, lambda: _answer(timezone.now(), is_whole=is_whole), within=KEPT, key=lambda: key)


def _watch() -> None:
    """Begin anew on commit whenever a row that counts is saved or deleted."""
    for label in COUNTED:
        for signal in (post_save, post_delete):
            signal.connect(_forget, sender=apps.get_model(label), dispatch_uid=f"statistics.{label}")


def _forget(**_: Any) -> None:
    KEPT.invalidate()


def _answer(now: datetime, *, is_whole: bool) -> Answer:
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return Answer(_numbers(now, is_whole=is_whole), lasts_s=lambda: (midnight - now).total_seconds())


def _numbers(now: datetime, *, is_whole: bool) -> Numbers:
    shown: Numbers = {
        "counted_at": now,
        "restaurants": restaurants.numbers(now.date()),
        "reviews": reviews.numbers(),
        "growth": _growth(now.date(), is_whole=is_whole),
    }
    if is_whole:
        shown |= {"reviews_by_state": reviews.by_state(), "users": users.numbers(now)}
    return shown


def _growth(today: date, *, is_whole: bool) -> list[Month]:
    months = list(_months(today))
    counted: dict[str, Mapping[date, int]] = {
        "restaurants": restaurants.by_month(months[0]),
        "reviews": reviews.by_month(months[0]),
    }
    if is_whole:
        counted["users"] = users.by_month(months[0])
    return [_month(month, {name: found.get(month, 0) for name, found in counted.items()}) for month in months]


def _month(month: date, counts: Mapping[str, int]) -> Month:
    return {"month": f"{month:%Y-%m}", **counts}  # type: ignore[typeddict-item]  # the names are Month's own


def _months(today: date) -> Iterator[date]:
    """Yield the first day of each of the last months, this one last."""
    last = today.year * 12 + today.month - 1
    for number in range(last - MONTHS + 1, last + 1):
        yield date(number // 12, number % 12 + 1, 1)


_watch()
urlpatterns = [path("api/v4/statistics", StatisticsView.as_view())]
