"""The catalogue in numbers, of approved places alone; each number is one that a plain query counts."""

from datetime import date, datetime, timedelta
from typing import Any, Final, TypedDict, cast

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from jewgo.core import growth
from restaurants.models import Certificate, Image, Restaurant

MOST_NAMED: Final = 50
"""Of cities and agencies the most frequent are named; `named_of` says how many there are."""
SOON: Final = timedelta(days=30)


class Named(TypedDict):
    """How many places have something, by its name."""

    name: str
    count: int


class HoursNumbers(TypedDict):
    """Of how many places it is known when they are open; what a source wrote is not always understood."""

    understood: int
    not_understood: int
    unknown: int


class ImageNumbers(TypedDict):
    """How many places have a picture, and how many have none."""

    with_images: int
    without: int


class CertificateNumbers(TypedDict):
    """Certificates of approved places by their date of today, UTC; one without an end counts as in force."""

    in_force: int
    expiring_in_30_days: int
    expired: int


class KindNumbers(TypedDict):
    """How many places there are, of what, and where; one of unknown category is in no category's count."""

    total: int
    by_kosher_category: dict[str, int]
    states: list[str]
    listing_types: list[str]
    last_updated: datetime | None


class CatalogueNumbers(KindNumbers):
    """The catalogue: approved places only."""

    by_state: list[Named]
    by_city: list[Named]
    cities: int
    by_agency: list[Named]
    agencies: int
    hours: HoursNumbers
    images: ImageNumbers
    certificates: CertificateNumbers


def numbers(today: date) -> CatalogueNumbers:
    """Count the catalogue; eight queries, so ask through a cache."""
    places = Restaurant.objects.published()
    certificates = Certificate.objects.filter(restaurant__in=places)
    return {
        **_kinds(places),
        "by_state": _named(places.exclude(state=None), "state"),
        "by_city": _named(places.exclude(city=None), "city")[:MOST_NAMED],
        "cities": places.exclude(city=None).aggregate(Count("city", distinct=True))["city__count"],
        "by_agency": _by_agency(certificates)[:MOST_NAMED],
        "agencies": certificates.aggregate(Count("agency", distinct=True))["agency__count"],
        "hours": _hours(places),
        "images": _images(places),
        "certificates": _certificates(certificates, today),
    }


def by_month(since: date) -> dict[date, int]:
    """Return how many approved places were entered in each month from `since` on."""
    return growth.by_month(Restaurant.objects.published(), "created_at", since)


def _kinds(places: QuerySet[Restaurant]) -> KindNumbers:
    first = {name: Count("pk", filter=Q(kosher_categories__0=name)) for name in ("meat", "dairy", "pareve")}
    counted = places.aggregate(total=Count("pk"), last_updated=Max("updated_at"), **first)
    return {
        "total": counted["total"],
        "by_kosher_category": {name: counted[name] for name in first},
        "states": _distinct(places, "state"),
        "listing_types": _distinct(places, "listing_type"),
        "last_updated": counted["last_updated"],
    }


def _distinct(places: QuerySet[Restaurant], column: str) -> list[str]:
    """Return each value once; the places' own order would make every row a value of its own."""
    return sorted(places.order_by().exclude(**{column: None}).values_list(column, flat=True).distinct())


def _named(rows: QuerySet[Any], column: str) -> list[Named]:
    found = rows.values_list(column).annotate(count=Count("pk")).order_by("-count", column)
    return [{"name": name, "count": count} for name, count in found]


def _by_agency(certificates: QuerySet[Certificate]) -> list[Named]:
    """Count places by agency, however many certificates one has from it."""
    found = certificates.values_list("agency__name").annotate(count=Count("restaurant", distinct=True))
    return [{"name": name, "count": count} for name, count in found.order_by("-count", "agency__name")]


def _hours(places: QuerySet[Restaurant]) -> HoursNumbers:
    understood, written = ~Q(opening_hours=None), ~Q(hours_raw=None)
    counted = places.aggregate(
        understood=Count("pk", filter=understood),
        not_understood=Count("pk", filter=~understood & written),
        unknown=Count("pk", filter=~understood & ~written),
    )
    return cast("HoursNumbers", counted)


def _images(places: QuerySet[Restaurant]) -> ImageNumbers:
    pictured = places.filter(Exists(Image.objects.filter(restaurant=OuterRef("pk")))).count()
    return {"with_images": pictured, "without": places.count() - pictured}


def _certificates(certificates: QuerySet[Certificate], today: date) -> CertificateNumbers:
    in_force = Q(valid_to=None) | Q(valid_to__gte=today)
    counted = certificates.aggregate(
        in_force=Count("pk", filter=in_force),
        expiring_in_30_days=Count("pk", filter=Q(valid_to__gte=today, valid_to__lte=today + SOON)),
        expired=Count("pk", filter=~in_force),
    )
    return cast("CertificateNumbers", counted)
